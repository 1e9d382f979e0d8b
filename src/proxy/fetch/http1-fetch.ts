/**
 * One fetch, from the connection that it takes to the end of its answer.
 *
 *   queued --(sent)--> written --(first byte)--> answering --(head)--> body --(end)--> over
 *      `--(the connection was stale)--> queued, once          any --(failure | abort)--> over
 *                                                 answering --(101, where offered)--> over
 */
import { Readable } from 'node:stream';
import type { TroupeError } from '../../errors.ts';
import type { SocketAddress } from '../http/exchange.ts';
import { type BodyReader, CountedReader, RestReader } from '../http1/body-reader.ts';
import { ChunkReader } from '../http1/chunk-reader.ts';
import { INCOMPLETE, REFUSED } from '../http1/outcome.ts';
import { CHUNKED, hasToken, UNTIL_CLOSE } from './answer-framing.ts';
import { MAX_HEAD_BYTES } from './answer-head.ts';
import type { BackendConnection, ConnectionUser } from './backend-connection.ts';
import type { BackendPool } from './backend-pool.ts';
import { type BodyOwner, BodySender } from './body-sender.ts';
import {
  backendFailure,
  bodyFailure,
  bodyMismatch,
  connectionLost,
  type FetchPhase,
  malformed,
  seconds,
  unsendable,
} from './fetch-failure.ts';
import { mistakeIn, requestHead } from './request-head.ts';
import { Watched } from './silence-watch.ts';
import type { FetchCall, FetchHandler, FetchHead, FetchRequest } from './transport.ts';

/** Bytes of a body that are copied behind its head, to go out in one write. */
const JOIN_BYTES = 64 * 1024;

/** Milliseconds that a connection is kept unused; varnishd's backend_idle_timeout. */
const KEEP_IDLE_MS = 60_000;

/** Milliseconds by which we stop earlier than a backend that announced its limit (Keep-Alive: timeout=5). */
const KEEP_IDLE_MARGIN_MS = 500;

const chunkLimits = { fieldBytes: MAX_HEAD_BYTES, fieldCount: MAX_HEAD_BYTES };

export class Http1Fetch extends Watched implements FetchCall, ConnectionUser, BodyOwner {
  connectMs: number | undefined;
  readonly #pool: BackendPool;
  readonly #request: FetchRequest;
  readonly #handler: FetchHandler;
  /** The body, if it is a stream: then it can be read once only. */
  readonly #stream: Readable | undefined;
  #phase: FetchPhase = 'queued';
  #isOver = false;
  #isAborted = false;
  /** The connection, while it is for others already and the handler does not know yet that this is over. */
  #kept: BackendConnection | undefined;
  /** What the whole body is a part of, the buffer that everybody reads into, while the handler is told of the head. */
  #whole: Buffer | undefined;
  #wholeFrom = 0;
  #wholeTo = 0;
  #hasRetried = false;
  #connection: BackendConnection | undefined;
  #giveUpDial: (() => void) | undefined;
  #sender: BodySender | undefined;
  /** Whether the connection had served another fetch before. */
  #isReused = false;
  #isSent = false;
  #isPaused = false;
  #body: BodyReader | undefined;
  #bodyBytes = 0;
  /** Whether the backend will keep the connection after this answer. */
  #isKept = false;
  /** Whether the connection is to go with the answer, whatever the backend says. */
  #closes: boolean;

  constructor(pool: BackendPool, request: FetchRequest, handler: FetchHandler) {
    super();
    this.#pool = pool;
    this.#request = request;
    this.#handler = handler;
    this.#closes = request.closes === true || request.preamble !== undefined;
    this.#stream = request.body instanceof Readable ? request.body : undefined;
  }

  /** Called once. */
  start(): void {
    const mistake = mistakeIn(this.#request);
    if (mistake !== undefined) {
      process.nextTick(() => this.#fail(unsendable(this.#pool.target.identity, mistake)));
      return;
    }
    const stream = this.#stream;
    if (stream !== undefined) {
      stream.on('error', (error) => this.#clientBroke(error));
      stream.on('close', () => this.#clientBroke(undefined));
      if (stream.destroyed) process.nextTick(() => this.#clientBroke(undefined));
    }
    // Protocols are switched on fresh connections: these are read in another way, and never stale.
    const { upgrade, preamble } = this.#request;
    const connection = upgrade === undefined && preamble === undefined ? this.#pool.take() : undefined;
    if (connection === undefined) {
      this.#connect();
    } else {
      this.#isReused = true;
      this.#send(connection);
    }
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#isOver) return;
    this.#pool.silence.watch(this, this.#request.betweenBytesTimeoutMs);
    this.#connection?.resume();
  }

  abort(): void {
    this.#isAborted = true;
    this.#giveUpKept();
    if (this.#isOver) return;
    this.#end();
    this.#giveUpDial?.();
    this.#connection?.close();
    this.#stream?.destroy();
  }

  takeText(mostBytes: number): string | undefined {
    const whole = this.#whole;
    if (whole === undefined || this.#wholeTo - this.#wholeFrom > mostBytes) return undefined;
    this.#whole = undefined;
    return whole.toString('latin1', this.#wholeFrom, this.#wholeTo);
  }

  // What the connection tells.

  onBytes(bytes: Buffer): boolean {
    const goesOn = this.#read(bytes);
    // Behind the reading, which mostly gets to the end.
    if (!this.#isOver && !this.#isPaused) {
      this.#pool.silence.watch(this, this.#request.betweenBytesTimeoutMs);
    }
    return goesOn;
  }

  onLastByte(): void {
    if (this.#phase === 'body' && this.#body instanceof RestReader) this.#complete(false);
    else this.#lost(undefined);
  }

  onGone(error: Error | undefined): void {
    this.#lost(error);
  }

  onClosing(): void {
    const what = 'the transport was closed during the fetch';
    this.#fail(backendFailure('backend.reset', this.#pool.target.identity, what, this.#isRetryable()));
  }

  onSilent(): void {
    const { since } = this;
    // Timers come before sockets in the event loop: if this process was too slow for the limit, what it waits
    // for may be there to be read, and gets its turn first.
    setImmediate(() => {
      if (!this.#isOver && !this.#isPaused && this.since === since) this.#endSilence();
    });
  }

  // What the sender of the body tells.

  bodyProgressed(): void {
    if (this.#phase === 'written') this.#pool.silence.touch(this);
  }

  bodySent(): void {
    this.#isSent = true;
    if (this.#phase === 'written') this.#pool.silence.watch(this, this.#request.firstByteTimeoutMs);
  }

  bodyMismatched(): void {
    this.#fail(bodyMismatch());
  }

  closeAfter(): void {
    this.#closes = true;
    this.#giveUpKept();
  }

  get peer(): SocketAddress | undefined {
    const socket = this.#connection?.socket;
    if (socket?.remoteAddress === undefined) return undefined;
    return { address: socket.remoteAddress, port: socket.remotePort ?? 0 };
  }

  // The request.

  #connect(): void {
    const began = this.#pool.now();
    const isUpgrade = this.#request.upgrade !== undefined;
    this.#giveUpDial = this.#pool.connect(this.#request.connectTimeoutMs, isUpgrade, (error, connection) => {
      this.#giveUpDial = undefined;
      if (connection === undefined) return this.#fail(error as TroupeError);
      this.#isReused = false;
      this.connectMs = this.#pool.now() - began;
      if (this.#request.preamble !== undefined) connection.socket.write(this.#request.preamble);
      this.#send(connection);
    });
  }

  #send(connection: BackendConnection): void {
    const request = this.#request;
    const { body } = request;
    const { socket } = connection;
    this.#connection = connection;
    connection.user = this;
    connection.head.begin(request.upgrade !== undefined);
    this.#phase = 'written';
    if (body === undefined) {
      socket.write(requestHead(request, -1), 'latin1');
    } else if (body instanceof Readable) {
      socket.write(requestHead(request, request.bodyLength), 'latin1');
      this.#sender = new BodySender(this, socket, body, request.bodyLength);
    } else {
      writeBoth(connection, requestHead(request, body.length), body);
    }
    this.#isSent = this.#sender === undefined;
    this.#pool.silence.watch(this, request.firstByteTimeoutMs);
  }

  // The answer.

  #read(bytes: Buffer): boolean {
    if (this.#phase === 'body') return this.#readBody(bytes, 0);
    this.#phase = 'answering';
    return this.#readHead(bytes);
  }

  #readHead(bytes: Buffer): boolean {
    const connection = this.#connection as BackendConnection;
    const { head } = connection;
    const end = head.read(bytes);
    if (end === INCOMPLETE) return true;
    if (end === REFUSED) return this.#refuse(head.mistake);
    const { rest, status, isHttp10, framing } = head;
    if (status === 101) return this.#switch(rest.subarray(end));
    const length = framing.length(isHttp10);
    if (typeof length === 'string') return this.#refuse(length);
    this.#phase = 'body';
    // RFC 9112 section 6.3: these have no body whatever their fields say. An origin that believes its fields
    // may send one, though, so the connection carries no other answer.
    const isBodiless = status === 204 || status === 304 || this.#request.method === 'HEAD';
    const mayFollow = length > 0 || length === CHUNKED;
    this.#isKept =
      framing.keepsAlive(isHttp10) && !(isBodiless && mayFollow) && this.#request.method !== 'HEAD';
    const { reason, fields } = head;
    const bodyEnd = isBodiless ? end : end + length;
    if (isBodiless || length === 0 || (length > 0 && bodyEnd <= rest.length))
      return this.#answerAtOnce({ status, reason, fields, isBodyHere: bodyEnd > end }, rest, end, bodyEnd);
    this.#body = this.#bodyReader(length, connection);
    connection.buffer.expect(Math.max(length, 0));
    // The bytes are overwritten once this returns, and handlers may do anything: so head first, then body.
    this.#handler.onHead({ status, reason, fields });
    if (this.#isOver) return true;
    return end === rest.length || this.#readBody(rest, end);
  }

  #bodyReader(length: number, connection: BackendConnection): BodyReader {
    if (length === CHUNKED) return new ChunkReader(connection.parser, chunkLimits);
    if (length !== UNTIL_CLOSE) return new CountedReader(length);
    this.#isKept = false;
    return new RestReader();
  }

  #readBody(bytes: Buffer, from: number): boolean {
    const body = this.#body as BodyReader;
    const { buffer } = this.#connection as BackendConnection;
    const end = body.read(bytes, from);
    const isComplete = end >= 0;
    const isExact = end === bytes.length;
    const { data } = body;
    if (data !== undefined) {
      this.#bodyBytes += data.length;
      // As much as has come may come once more, when nobody says how much.
      buffer.expect(isComplete ? 0 : (body.left ?? this.#bodyBytes));
      if (!this.#handler.onData(buffer.keep(data)) && end === INCOMPLETE && !this.#isOver) {
        this.#isPaused = true;
        this.#pool.silence.forget(this);
        return false;
      }
    }
    if (this.#isOver) return true;
    // What came before the fault was good, and the client is cut behind it.
    if (end === REFUSED) return this.#refuse(body.fault?.message ?? 'malformed body');
    return !isComplete || this.#complete(isExact);
  }

  /** All of the answer is there: its body, if it has one, from `from` to `to`. */
  #answerAtOnce(head: FetchHead, bytes: Buffer, from: number, to: number): boolean {
    const isExact = to === bytes.length;
    // Before the handler, who may ask the same backend again at once: a retry, or a restart behind a redirect.
    const isKept = this.#mayKeep(isExact);
    if (isKept) this.#kept = this.#keep();
    if (to > from) this.#whole = bytes;
    this.#wholeFrom = from;
    this.#wholeTo = to;
    this.#handler.onHead(head);
    const isWanted = this.#whole !== undefined && !this.#isAborted;
    this.#whole = undefined;
    // Nobody can read from the connection before this returns, so the bytes are what they were.
    if (isWanted) this.#handler.onData(Buffer.from(bytes.subarray(from, to)));
    this.#kept = undefined;
    if (!isKept) return this.#isOver || this.#complete(isExact);
    if (!this.#isAborted) this.#handler.onEnd(undefined);
    return true;
  }

  /** @param isExact whether nothing follows the answer */
  #complete(isExact: boolean): boolean {
    if (this.#mayKeep(isExact)) {
      this.#keep();
    } else {
      this.#end();
      this.#connection?.close();
      this.#stream?.destroy();
    }
    this.#handler.onEnd(this.#body?.trailers);
    return true;
  }

  #mayKeep(isExact: boolean): boolean {
    return isExact && this.#isKept && this.#isSent && !this.#closes;
  }

  /** The connection is for others from now on. */
  #keep(): BackendConnection {
    const connection = this.#connection as BackendConnection;
    this.#end();
    connection.buffer.expect(0);
    connection.user = undefined;
    const announcedMs = connection.head.framing.keepAliveMs();
    const keepMs = announcedMs === undefined ? KEEP_IDLE_MS : announcedMs - KEEP_IDLE_MARGIN_MS;
    this.#pool.release(connection, Math.min(keepMs, KEEP_IDLE_MS));
    return connection;
  }

  /** Closes what was kept too soon, unless somebody has it already. */
  #giveUpKept(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept?.user === undefined) kept?.close();
  }

  #switch(received: Buffer): boolean {
    const connection = this.#connection as BackendConnection;
    const { head } = connection;
    const offered = this.#request.upgrade?.toLowerCase() ?? '';
    const chosen = head.framing.upgrade.toLowerCase();
    if (chosen === '' || !chosen.split(',').every((protocol) => hasToken(offered, protocol.trim()))) {
      return this.#refuse(
        chosen === ''
          ? 'it switched protocols without saying to which'
          : 'it switched to a protocol that was not offered',
      );
    }
    const { status, reason, fields } = head;
    this.#end();
    const socket = connection.detach(Buffer.from(received));
    this.#handler.onUpgrade?.({ status, reason, fields }, socket);
    return true;
  }

  /** It is no answer. Returns that there is nothing to wait for. */
  #refuse(mistake: string): boolean {
    this.#fail(malformed(this.#pool.target.identity, mistake, this.#isRetryable()));
    return true;
  }

  // The end.

  /** The connection has ended before the answer has. */
  #lost(error: Error | undefined): void {
    if (this.#isOver) return;
    if (this.#isStale()) {
      this.#hasRetried = true;
      this.#phase = 'queued';
      this.#isSent = false;
      this.#sender?.stop();
      this.#sender = undefined;
      this.#pool.silence.forget(this);
      this.#connection?.close();
      this.#connect();
      return;
    }
    this.#fail(connectionLost(error, this.#pool.target.identity, this.#phase, this.#isRetryable()));
  }

  /**
   * Whether the connection was closed while it was idle, which says nothing of the backend, and the request
   * may go out again: it can do no harm twice (RFC 9110 section 9.2.2).
   */
  #isStale(): boolean {
    return (
      this.#isReused &&
      !this.#hasRetried &&
      this.#phase === 'written' &&
      this.#stream === undefined &&
      isIdempotent(this.#request.method)
    );
  }

  #isRetryable(): boolean {
    return this.#phase === 'queued' || isIdempotent(this.#request.method);
  }

  #clientBroke(error: Error | undefined): void {
    if (this.#isOver || (error === undefined && this.#stream?.readableEnded === true)) return;
    this.#fail(bodyFailure(error));
  }

  #fail(error: TroupeError): void {
    if (this.#isOver) return;
    this.#end();
    this.#giveUpDial?.();
    this.#connection?.close();
    this.#stream?.destroy();
    this.#handler.onError(error);
  }

  #endSilence(): void {
    const { firstByteTimeoutMs, betweenBytesTimeoutMs } = this.#request;
    const { identity } = this.#pool.target;
    if (this.#phase !== 'written') {
      const what = `silent for ${seconds(betweenBytesTimeoutMs)} in the middle of its answer`;
      this.#fail(backendFailure('backend.between-bytes-timeout', identity, what, this.#isRetryable()));
    } else if (!this.#isSent && this.#connection?.socket.writableNeedDrain !== true) {
      // It is the client who lets the backend wait.
      this.#pool.silence.watch(this, firstByteTimeoutMs);
    } else {
      const what = this.#isSent ? 'no first byte' : 'it took nothing of the request';
      const message = `${what} in ${seconds(firstByteTimeoutMs)}`;
      this.#fail(backendFailure('backend.first-byte-timeout', identity, message, this.#isRetryable()));
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#sender?.stop();
    this.#pool.silence.forget(this);
  }
}

function writeBoth({ socket }: BackendConnection, head: string, body: Uint8Array): void {
  if (body.length > JOIN_BYTES) {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
    return;
  }
  const message = Buffer.allocUnsafe(head.length + body.length);
  message.write(head, 0, 'latin1');
  message.set(body, head.length);
  socket.write(message);
}

/** RFC 9110 section 9.2.2. */
function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'PUT':
    case 'DELETE':
    case 'OPTIONS':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}
