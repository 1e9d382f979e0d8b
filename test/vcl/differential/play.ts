/**
 * Sends the requests of a case to a proxy, one after the other on one connection as long as that lasts, and tells
 * what came of it as text that can be compared.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Meeting } from './meeting.ts';
import type { CaseRequest, DifferentialCase } from './read-cases.ts';
import type { Recorder } from './recording-origin.ts';

/** Milliseconds that an answer may take. */
const PATIENCE_MS = 10_000;

export async function play(
  one: DifferentialCase,
  port: number,
  recorder: Recorder,
  meeting: Meeting,
): Promise<string> {
  const client = new Client(port);
  const lines: string[] = [];
  try {
    for (const request of one.requests) {
      if (request.waitMs > 0) await sleep(request.waitMs);
      const answer = await client.ask(request);
      lines.push(
        `client: ${request.method} ${request.url}`,
        isFramedLater(one) ? withoutFraming(answer) : answer,
        '',
      );
    }
  } finally {
    client.close();
  }
  if (one.asked !== undefined) await recorder.waitFor(one.asked);
  else await meeting.arrive(recorder);
  const asked = recorder
    .asked()
    .slice(0, one.asked)
    .map((text) => withoutPorts(requestText(text), recorder.ports));
  return withoutPorts([...lines, ...asked].join('\n'), recorder.ports);
}

/** Whether it depends on who is faster, backend or client, how an answer is framed. */
function isFramedLater({ vcl, answers }: DifferentialCase): boolean {
  if (/beresp\.do_gu?n?zip = true/.test(vcl)) return true;
  return answers.some(
    ({ status, fields }) =>
      status === undefined ||
      fields.some(([name]) => name === '-Content-Length' || name === 'Transfer-Encoding'),
  );
}

function withoutFraming(answer: string): string {
  return answer.replace(/^(?:Content-Length: \S+|Transfer-Encoding: chunked)\n/gim, '');
}

function withoutPorts(text: string, ports: readonly number[]): string {
  return ports.reduce((rest, port, index) => rest.replaceAll(String(port), `PORT${index + 1}`), text);
}

/** Of what differs by its nature: clocks, numbers of requests, and who says so. */
const blurred = new Set(['date', 'age', 'x-varnish', 'via', 'server']);

/** A field, without blanks around its value, which mean nothing: RFC 9110 section 5.5. */
function blur(line: string): string {
  const colon = line.indexOf(':');
  if (colon < 0 || /\s/.test(line.slice(0, colon))) return line;
  const name = line.slice(0, colon);
  return blurred.has(name.toLowerCase()) ? `${name}: *` : `${name}: ${line.slice(colon + 1).trim()}`;
}

function requestText(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  const head = (end < 0 ? text : text.slice(0, end)).split('\r\n').map(blur);
  return [...head, ...(end < 0 ? [] : ['', text.slice(end + 4)]), ''].join('\n');
}

const builtinPage = /<p>(?:Varnish cache server|Troupe)<\/p>/;

function bodyText(body: string): string {
  return body.replace(builtinPage, '<p>*</p>').replace(/<p>XID: \d+<\/p>/, '<p>XID: *</p>');
}

class Client {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #isEnded = false;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(request: CaseRequest): Promise<string> {
    let socket = this.#socket;
    if (socket === undefined || this.#isEnded) {
      socket = connect(this.#port, '127.0.0.1');
      socket.on('data', (chunk: Buffer) => {
        this.#received = Buffer.concat([this.#received, chunk]);
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#isEnded = true;
      });
      socket.on('end', () => {
        this.#isEnded = true;
      });
      this.#socket = socket;
      this.#received = Buffer.alloc(0);
      this.#isEnded = false;
      await once(socket, 'connect');
    }
    const { method, url, version, fields, body = '' } = request;
    const isChunked = fields.some(([name]) => name === 'Transfer-Encoding');
    const sent = isChunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(Buffer.from(`${method} ${url} ${version}\r\n${lines}\r\n${sent}`, 'latin1'));
    return this.#answer(socket, method);
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #answer(socket: Socket, method: string): Promise<string> {
    const end = await this.#find(socket, '\r\n\r\n');
    if (end < 0) {
      const rest = this.#received.toString('latin1');
      this.#received = Buffer.alloc(0);
      return rest === '' ? '(closed without an answer)' : `(closed) ${rest}`;
    }
    const head = this.#received.subarray(0, end).toString('latin1');
    this.#received = this.#received.subarray(end + 4);
    const status = Number(head.slice(9, 12));
    const isBodiless = method === 'HEAD' || status === 204 || status === 304 || status < 200;
    const [body, isWhole] = isBodiless ? [Buffer.alloc(0), true] : await this.#body(socket, head);
    const isGzip = /^content-encoding: gzip$/im.test(head) && body.length > 0;
    const shown = isGzip ? `(gzip) ${unpacked(body)}` : body.toString('latin1');
    // How well something is packed is nobody's business, nor how long the server's name is.
    const isPage = builtinPage.test(shown) || (method === 'HEAD' && /^retry-after: 5$/im.test(head));
    const hidesLength = isGzip || isPage;
    const lines = head
      .split('\r\n')
      .map((line) => blur(hidesLength ? line.replace(/^(Content-Length): .*/i, '$1: *') : line));
    // An answer to a HEAD or without a body leaves the connection open or not: what follows shows it.
    return [...lines, '', bodyText(shown), ...(isWhole ? [] : ['(cut off)'])].join('\n');
  }

  async #body(socket: Socket, head: string): Promise<readonly [Buffer, boolean]> {
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (length !== undefined) {
      const wanted = Number(length);
      while (this.#received.length < wanted && !this.#isEnded) await this.#more(socket);
      const body = this.#received.subarray(0, wanted);
      this.#received = this.#received.subarray(wanted);
      return [body, body.length === wanted];
    }
    if (!/^transfer-encoding: *chunked/im.test(head)) {
      while (!this.#isEnded) await this.#more(socket);
      const body = this.#received;
      this.#received = Buffer.alloc(0);
      return [body, true];
    }
    const parts: Buffer[] = [];
    for (;;) {
      const end = await this.#find(socket, '\r\n');
      if (end < 0) return [Buffer.concat(parts), false];
      const size = Number.parseInt(this.#received.subarray(0, end).toString('latin1'), 16);
      const whole = end + 2 + size + 2;
      while (this.#received.length < whole && !this.#isEnded) await this.#more(socket);
      if (this.#received.length < whole) return [Buffer.concat(parts), false];
      parts.push(this.#received.subarray(end + 2, end + 2 + size));
      this.#received = this.#received.subarray(whole);
      if (size === 0) return [Buffer.concat(parts), true];
    }
  }

  async #find(socket: Socket, text: string): Promise<number> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0 || this.#isEnded) return at;
      await this.#more(socket);
    }
  }

  #more(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer came in time')), PATIENCE_MS);
      const done = () => {
        clearTimeout(timer);
        socket.off('data', done);
        socket.off('close', done);
        socket.off('end', done);
        resolve();
      };
      socket.on('data', done);
      socket.on('close', done);
      socket.on('end', done);
    });
  }
}

function unpacked(body: Buffer): string {
  try {
    return gunzipSync(body).toString('latin1');
  } catch {
    return '(broken)';
  }
}
