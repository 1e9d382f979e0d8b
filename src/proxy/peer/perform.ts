/**
 * Performs one attempt at an operation: connect, send, read the answer to its end, close. What libcurl does
 * with CURLOPT_FAILONERROR and CURLOPT_FOLLOWLOCATION; bodies of answers are counted off and dropped as they
 * come. Used within a worker thread, one attempt at a time.
 *
 * The answer is read by undici's llhttp, as those of backends are; a client of undici's would double what an
 * operation costs (BENCHMARKS.md), and cannot send HTTP/1.0 or a field such as Upgrade.
 */
import { connect, type Socket } from 'node:net';
import { describeSocketFailure } from '../../socket-failure.ts';
import { CHUNKED, UNTIL_CLOSE } from '../fetch/answer-framing.ts';
import { AnswerHead } from '../fetch/answer-head.ts';
import { type BodyReader, CountedReader, RestReader } from '../http1/body-reader.ts';
import { ChunkReader } from '../http1/chunk-reader.ts';
import { MessageParser } from '../http1/llhttp.ts';
import { INCOMPLETE, REFUSED } from '../http1/outcome.ts';
import type { PeerAnswer, PeerFailureCause, PeerOrder } from './order.ts';
import { percentEncode } from './percent-encode.ts';
import { followRedirect, MAX_REDIRECTS } from './redirect.ts';

/** Nothing of them is kept. */
const chunkLimits = { fieldBytes: 64 * 1024, fieldCount: 1_000 };
const readBytes = 64 * 1024;

/** What one thread needs, whatever it performs: attempts come one after the other. */
const parser = new MessageParser('response');
const answerHead = new AnswerHead(parser);
const buffer = Buffer.allocUnsafeSlow(readBytes);

/** @param done called exactly once, later */
export function perform(order: PeerOrder, done: (answer: PeerAnswer) => void): void {
  new Attempt(order, done).connect();
}

class Attempt {
  #order: PeerOrder;
  readonly #done: (answer: PeerAnswer) => void;
  #socket: Socket | undefined;
  #connecting: NodeJS.Timeout | undefined;
  #running: NodeJS.Timeout | undefined;
  #redirects = 0;
  #status: number | undefined;
  #body: BodyReader | undefined;
  #endsWithConnection = false;
  #error: Error | undefined;
  #isOver = false;

  constructor(order: PeerOrder, done: (answer: PeerAnswer) => void) {
    this.#order = order;
    this.#done = done;
  }

  connect(): void {
    const { host, port, connectTimeoutMs } = this.#order;
    this.#body = undefined;
    this.#endsWithConnection = false;
    this.#error = undefined;
    answerHead.begin(false);
    const socket: Socket = connect({
      host,
      port,
      onread: {
        buffer,
        callback: (count) => this.#socket !== socket || this.#take(buffer.subarray(0, count)),
      },
    });
    this.#socket = socket;
    socket.on('connect', () => this.#connected(socket));
    socket.on('end', () => this.#ended(socket));
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#error = error;
    });
    socket.on('close', () => this.#ended(socket));
    this.#connecting = setTimeout(() => {
      this.#fail('connect-timeout', `no connection in ${connectTimeoutMs} ms`);
    }, connectTimeoutMs);
  }

  #connected(socket: Socket): void {
    if (this.#socket !== socket) return;
    clearTimeout(this.#connecting);
    this.#connecting = undefined;
    const { timeoutMs } = this.#order;
    // One budget for the operation, redirects included.
    this.#running ??= setTimeout(() => {
      this.#fail('timeout', `not done ${timeoutMs} ms after it was connected`);
    }, timeoutMs);
    socket.write(wireText(this.#order), 'latin1');
  }

  /** @returns false: nothing more is wanted of this connection */
  #take(bytes: Buffer): boolean {
    if (this.#isOver) return false;
    if (this.#body !== undefined) return this.#takeBody(bytes, 0);
    const end = answerHead.read(bytes);
    if (end === INCOMPLETE) return true;
    if (end === REFUSED) return this.#fail('malformed', answerHead.mistake);
    const { status, isHttp10, framing, rest } = answerHead;
    this.#status = status;
    // CURLOPT_FAILONERROR: the body is not waited for.
    if (status >= 400) return this.#fail('status', `status ${status}`);
    if (status >= 300) {
      const location = answerHead.fields.get('location');
      if (location !== undefined) return this.#follow(status, location);
    }
    const length = framing.length(isHttp10);
    if (typeof length === 'string') return this.#fail('malformed', length);
    // RFC 9112 section 6.3: these have no body whatever their fields say.
    const isBodiless = status === 204 || status === 304 || this.#order.head.startsWith('HEAD ');
    if (isBodiless || length === 0) return this.#succeed();
    this.#endsWithConnection = length === UNTIL_CLOSE;
    this.#body = bodyReader(length);
    return end === rest.length || this.#takeBody(rest, end);
  }

  #takeBody(bytes: Buffer, from: number): boolean {
    const body = this.#body as BodyReader;
    const end = body.read(bytes, from);
    if (end === INCOMPLETE) return true;
    if (end === REFUSED) return this.#fail('malformed', body.fault?.message ?? 'malformed body');
    return this.#succeed();
  }

  #follow(status: number, location: string): boolean {
    if (++this.#redirects > MAX_REDIRECTS) {
      return this.#fail('redirect', `more than ${MAX_REDIRECTS} redirects`);
    }
    const next = followRedirect(this.#order, status, location);
    if (typeof next === 'string') return this.#fail('redirect', next);
    const before = this.#socket;
    this.#order = next;
    this.connect();
    before?.destroy();
    return false;
  }

  /** The peer has closed the connection, or it could not be made. */
  #ended(socket: Socket): void {
    if (this.#isOver || this.#socket !== socket) return;
    if (this.#endsWithConnection && this.#error === undefined) {
      this.#succeed();
      return;
    }
    const phrase = this.#error && describeSocketFailure(this.#error);
    if (this.#connecting !== undefined) this.#fail('connect-failed', phrase ?? 'no connection');
    else this.#fail('closed-early', phrase ?? 'it closed the connection before its answer had ended');
  }

  #succeed(): boolean {
    return this.#end(undefined, undefined);
  }

  #fail(cause: PeerFailureCause, message: string): boolean {
    return this.#end(cause, message);
  }

  #end(cause: PeerFailureCause | undefined, message: string | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#connecting);
    clearTimeout(this.#running);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#done({ operation: this.#order.operation, status: this.#status, cause, message });
    socket?.destroy();
    return false;
  }
}

function bodyReader(length: number): BodyReader {
  if (length === CHUNKED) return new ChunkReader(parser, chunkLimits);
  return length === UNTIL_CLOSE ? new RestReader() : new CountedReader(length);
}

/** Head and body in one write. POST content without a type is a form's, as libcurl says of CURLOPT_POSTFIELDS. */
function wireText({ head, body }: PeerOrder): string {
  if (body === undefined)
    return `${head}${/^P(?:OST|UT|ATCH) /.test(head) ? 'Content-Length: 0\r\n' : ''}\r\n`;
  const content = percentEncode(body);
  const type = /^content-type:/im.test(head) ? '' : 'Content-Type: application/x-www-form-urlencoded\r\n';
  return `${head}${type}Content-Length: ${content.length}\r\n\r\n${content}`;
}
