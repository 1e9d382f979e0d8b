/**
 * Performs orders, one at a time: connect, send, read the answer to its end, close. What libcurl does with
 * CURLOPT_FAILONERROR and CURLOPT_FOLLOWLOCATION; bodies of answers are counted off and dropped as they come.
 *
 * The answer is read by undici's llhttp, as those of backends are; a client of undici's would double what an
 * operation costs (BENCHMARKS.md), and cannot send HTTP/1.0 or a field such as Upgrade.
 *
 * While an answer is awaited, the next order's connection is opened already. Nothing is sent on it before its
 * turn, and nothing depends on it: if it fails or is closed meanwhile, the order opens another.
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

/** Milliseconds: a peer that took longer last time gets no connection ahead. */
const SWIFT_MS = 50;

type Done = (answer: PeerAnswer) => void;

/** A connection, and what has become of it. */
interface Line {
  readonly host: string;
  readonly port: number;
  socket: Socket;
  isConnected: boolean;
  /** Closed, failed, or with bytes that nobody asked for. */
  isSpoilt: boolean;
  error: Error | undefined;
}

export class Performer {
  /** The order that comes after the present one, as far as is known. */
  next: () => PeerOrder | undefined = () => undefined;

  readonly #swiftMs: number;
  readonly #parser = new MessageParser('response');
  readonly #head = new AnswerHead(this.#parser);
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes);
  /** Opened ahead. */
  #ahead: Line | undefined;
  #lastMs = Number.POSITIVE_INFINITY;

  // Of the present order. Its number is kept apart: a timer or a socket of an earlier one changes nothing.
  #line: Line | undefined;
  #order: PeerOrder | undefined;
  #done: Done | undefined;
  #beganAt = 0;
  #connecting: NodeJS.Timeout | undefined;
  #running: NodeJS.Timeout | undefined;
  #redirects = 0;
  #status: number | undefined;
  #body: BodyReader | undefined;
  #endsWithConnection = false;

  /** @param swiftMs an order that took longer than this is followed by none whose connection is opened ahead */
  constructor(swiftMs = SWIFT_MS) {
    this.#swiftMs = swiftMs;
  }

  /** To be called when the order before has been answered. @param done called exactly once, later */
  perform(order: PeerOrder, done: Done): void {
    this.#order = order;
    this.#done = done;
    this.#beganAt = performance.now();
    this.#redirects = 0;
    this.#status = undefined;
    this.#begin(this.#takeAhead(order) ?? this.#open(order));
  }

  /** There is nothing to do: nothing stays open. */
  rest(): void {
    this.#ahead?.socket.destroy();
    this.#ahead = undefined;
  }

  #takeAhead({ host, port }: PeerOrder): Line | undefined {
    const line = this.#ahead;
    this.#ahead = undefined;
    if (line === undefined) return undefined;
    if (!line.isSpoilt && line.host === host && line.port === port) return line;
    line.socket.destroy();
    return undefined;
  }

  #openAhead(): void {
    if (this.#ahead !== undefined || this.#lastMs > this.#swiftMs) return;
    const order = this.next();
    if (order !== undefined) this.#ahead = this.#open(order);
  }

  #open({ host, port }: { readonly host: string; readonly port: number }): Line {
    const socket = connect({
      host,
      port,
      onread: {
        buffer: this.#buffer,
        callback: (count) => this.#take(line, this.#buffer.subarray(0, count)),
      },
    });
    const line: Line = { host, port, socket, isConnected: false, isSpoilt: false, error: undefined };
    socket.on('connect', () => {
      line.isConnected = true;
      if (this.#line === line) this.#connected(line);
    });
    socket.on('error', (error) => {
      line.error = error;
    });
    socket.on('end', () => this.#ended(line));
    socket.on('close', () => this.#ended(line));
    return line;
  }

  #begin(line: Line): void {
    this.#line = line;
    this.#body = undefined;
    this.#endsWithConnection = false;
    this.#head.begin(false);
    if (line.isConnected) {
      this.#connected(line);
      return;
    }
    const { connectTimeoutMs } = this.#order as PeerOrder;
    this.#connecting = setTimeout(() => {
      this.#end('connect-timeout', `no connection in ${connectTimeoutMs} ms`);
    }, connectTimeoutMs);
  }

  #connected({ socket }: Line): void {
    clearTimeout(this.#connecting);
    this.#connecting = undefined;
    const order = this.#order as PeerOrder;
    // One budget for the operation, redirects included.
    this.#running ??= setTimeout(() => {
      this.#end('timeout', `not done ${order.timeoutMs} ms after it was connected`);
    }, order.timeoutMs);
    socket.write(wireText(order), 'latin1');
    this.#openAhead();
  }

  /** @returns false: nothing more is wanted of this connection */
  #take(line: Line, bytes: Buffer): boolean {
    if (this.#line !== line) {
      line.isSpoilt = true;
      return false;
    }
    if (this.#body !== undefined) return this.#takeBody(bytes, 0);
    const head = this.#head;
    const end = head.read(bytes);
    if (end === INCOMPLETE) return true;
    if (end === REFUSED) return this.#end('malformed', head.mistake);
    const { status, isHttp10, framing, rest } = head;
    this.#status = status;
    // CURLOPT_FAILONERROR: the body is not waited for.
    if (status >= 400) return this.#end('status', `status ${status}`);
    const location = status >= 300 ? head.fields.get('location') : undefined;
    if (location !== undefined) return this.#follow(status, location);
    const length = framing.length(isHttp10);
    if (typeof length === 'string') return this.#end('malformed', length);
    // RFC 9112 section 6.3: these have no body whatever their fields say.
    const isBodiless = status === 204 || status === 304 || this.#order?.head.startsWith('HEAD ');
    if (isBodiless || length === 0) return this.#end();
    this.#endsWithConnection = length === UNTIL_CLOSE;
    this.#body = this.#bodyReader(length);
    return end === rest.length || this.#takeBody(rest, end);
  }

  #bodyReader(length: number): BodyReader {
    if (length === CHUNKED) return new ChunkReader(this.#parser, chunkLimits);
    return length === UNTIL_CLOSE ? new RestReader() : new CountedReader(length);
  }

  #takeBody(bytes: Buffer, from: number): boolean {
    const body = this.#body as BodyReader;
    const end = body.read(bytes, from);
    if (end === INCOMPLETE) return true;
    return end === REFUSED ? this.#end('malformed', body.fault?.message ?? 'malformed body') : this.#end();
  }

  #follow(status: number, location: string): boolean {
    if (++this.#redirects > MAX_REDIRECTS)
      return this.#end('redirect', `more than ${MAX_REDIRECTS} redirects`);
    const next = followRedirect(this.#order as PeerOrder, status, location);
    if (typeof next === 'string') return this.#end('redirect', next);
    const before = this.#line;
    this.#order = next;
    this.#begin(this.#open(next));
    before?.socket.destroy();
    return false;
  }

  /** The peer has closed the connection, or it could not be made. */
  #ended(line: Line): void {
    line.isSpoilt = true;
    if (this.#line !== line) return;
    const { error } = line;
    if (this.#endsWithConnection && error === undefined) {
      this.#end();
      return;
    }
    const phrase = error && describeSocketFailure(error);
    if (line.isConnected)
      this.#end('closed-early', phrase ?? 'it closed the connection before the end of its answer');
    else this.#end('connect-failed', phrase ?? 'no connection');
  }

  #end(cause?: PeerFailureCause, message?: string): false {
    const done = this.#done;
    const order = this.#order;
    if (done === undefined || order === undefined) return false;
    this.#done = undefined;
    clearTimeout(this.#connecting);
    clearTimeout(this.#running);
    this.#connecting = undefined;
    this.#running = undefined;
    const line = this.#line;
    this.#line = undefined;
    this.#lastMs = performance.now() - this.#beganAt;
    const answer = { operation: order.operation, status: this.#status, cause, message };
    // The next one begins in here, so that what it waits for goes on while this connection is closed.
    done({ ...answer, tookMs: this.#lastMs });
    line?.socket.destroy();
    return false;
  }
}

/** Head and body in one write. POST content without a type is a form's, as libcurl says of CURLOPT_POSTFIELDS. */
function wireText({ head, body }: PeerOrder): string {
  if (body === undefined) {
    return `${head}${/^P(?:OST|UT|ATCH) /.test(head) ? 'Content-Length: 0\r\n' : ''}\r\n`;
  }
  const content = percentEncode(body);
  const type = /^content-type:/im.test(head) ? '' : 'Content-Type: application/x-www-form-urlencoded\r\n';
  return `${head}${type}Content-Length: ${content.length}\r\n\r\n${content}`;
}
