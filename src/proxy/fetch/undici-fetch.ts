/**
 * One fetch, from the connection that it takes to the end of its answer. It is undici's handler (the plain
 * one, which is given raw fields and costs no wrapper) and what the caller holds, in one object.
 *
 *   queued --(written)--> written --(first byte)--> answering --(head)--> body --(end)--> over
 *      `--(the connection was stale)--> queued, once          any --(failure | abort)--> over
 */
import { Readable } from 'node:stream';
import type { TroupeError } from '../../errors.ts';
import type { Fields } from '../http/fields.ts';
import { CHUNKED, fieldsOf, framingOf, reasonOf } from './answer-head.ts';
import type { BackendConnection, ConnectionUser } from './backend-connection.ts';
import type { BackendPool } from './backend-pool.ts';
import {
  backendFailure,
  bodyFailure,
  type FetchPhase,
  failureOf,
  malformed,
  seconds,
} from './fetch-failure.ts';
import { sendableFields } from './request-fields.ts';
import { Watched } from './silence-watch.ts';
import type { FetchCall, FetchHandler, FetchRequest } from './transport.ts';

export class UndiciFetch extends Watched implements FetchCall, ConnectionUser {
  connectMs: number | undefined;
  readonly #pool: BackendPool;
  readonly #request: FetchRequest;
  readonly #handler: FetchHandler;
  /** The body, if it is a stream: then it can be read once only. */
  readonly #stream: Readable | undefined;
  #phase: FetchPhase = 'queued';
  #isOver = false;
  #hasRetried = false;
  #connection: BackendConnection | undefined;
  #giveUpDial: (() => void) | undefined;
  /** Whether the connection had served another fetch before. */
  #isReused = false;
  #isDispatching = false;
  #isSent = false;
  #isPaused = false;
  #resumeReading: (() => void) | undefined;
  /** What frames the answer: its length, CHUNKED or UNTIL_CLOSE. */
  #framing = 0;
  #lastData: Buffer | undefined;

  constructor(pool: BackendPool, request: FetchRequest, handler: FetchHandler) {
    super();
    this.#pool = pool;
    this.#request = request;
    this.#handler = handler;
    this.#stream = request.body instanceof Readable ? request.body : undefined;
  }

  /** Called once. */
  start(): void {
    const stream = this.#stream;
    if (stream !== undefined) {
      stream.on('error', (error) => this.#clientBroke(error));
      stream.on('close', () => this.#clientBroke(undefined));
      if (stream.destroyed) process.nextTick(() => this.#clientBroke(undefined));
    }
    const connection = this.#pool.take();
    if (connection === undefined) {
      this.#connect();
    } else {
      this.#isReused = true;
      this.#dispatch(connection);
    }
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Not at once: this may be called while undici's one parser runs for another fetch.
    process.nextTick(resumeReading, this);
  }

  abort(): void {
    if (this.#isOver) return;
    this.#end();
    this.#giveUpDial?.();
    this.#connection?.close();
    this.#stream?.destroy();
  }

  // What the connection tells.

  onBytes(): void {
    if (this.#phase === 'written') this.#phase = 'answering';
    this.#pool.silence.watch(this, this.#request.betweenBytesTimeoutMs);
  }

  onNoAnswer(mistake: string): void {
    this.#fail(malformed(this.#pool.target.identity, mistake, this.#isRetryable()));
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

  // What undici tells.

  onConnect(abort: () => void): void {
    if (this.#isOver) {
      abort();
      return;
    }
    this.#phase = 'written';
    this.#connection?.ask();
    if (this.#stream !== undefined) this.#pool.silence.watch(this, this.#request.firstByteTimeoutMs);
  }

  onBodySent(): void {
    if (this.#phase === 'written') this.#pool.silence.touch(this);
  }

  onRequestSent(): void {
    this.#isSent = true;
    if (this.#phase === 'written') this.#pool.silence.watch(this, this.#request.firstByteTimeoutMs);
  }

  onHeaders(status: number, rawFields: Buffer[], resume: () => void, statusText: string): boolean {
    const connection = this.#connection;
    if (this.#isOver || connection === undefined) return true;
    const fields = fieldsOf(rawFields);
    const framing = framingOf(fields, connection.isHttp10);
    if (typeof framing === 'string') {
      this.onNoAnswer(framing);
      return true;
    }
    const reason = reasonOf(statusText);
    if (reason === undefined) {
      this.onNoAnswer('its reason phrase has a control character');
      return true;
    }
    this.#phase = 'body';
    this.#framing = framing;
    this.#resumeReading = resume;
    connection.headEnded();
    // RFC 9112 section 6.3: these have no body whatever their fields say, and undici would wait for one.
    const isBodiless = (status === 204 || status === 304) && (framing > 0 || framing === CHUNKED);
    this.#handler.onHead({ status, reason, fields });
    if (isBodiless && !this.#isOver) {
      this.#end();
      connection.close();
      this.#stream?.destroy();
      this.#handler.onEnd(undefined);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#lastData = chunk;
    if (this.#handler.onData(chunk) || this.#isOver) return true;
    this.#isPaused = true;
    this.#pool.silence.forget(this);
    return false;
  }

  onComplete(rawTrailers: unknown): void {
    const connection = this.#connection;
    if (this.#isOver || connection === undefined) return;
    this.#end();
    const isCounted = this.#framing > 0 && this.#request.method !== 'HEAD';
    const isExact = connection.answerEnded(isCounted ? this.#lastData : undefined);
    if (isExact && this.#isSent) {
      this.#pool.release(connection);
    } else {
      connection.close();
      this.#stream?.destroy();
    }
    this.#handler.onEnd(trailersOf(rawTrailers as Buffer[] | null));
  }

  onError(error: Error): void {
    if (this.#isOver) return;
    if (this.#isDispatching) process.nextTick(() => this.#broke(error));
    else this.#broke(error);
  }

  #connect(): void {
    const began = this.#pool.now();
    this.#giveUpDial = this.#pool.dial(this.#request.connectTimeoutMs, false, (error, socket) => {
      this.#giveUpDial = undefined;
      if (socket === undefined) return this.#fail(error as TroupeError);
      this.#isReused = false;
      this.connectMs = this.#pool.now() - began;
      this.#dispatch(this.#pool.adopt(socket));
    });
  }

  #dispatch(connection: BackendConnection): void {
    const { method, path, fields, body, bodyLength } = this.#request;
    this.#connection = connection;
    this.#isDispatching = true;
    const options = {
      method,
      path: path === '*' ? absoluteForm(fields) : path,
      headers: sendableFields(fields, this.#stream === undefined ? undefined : bodyLength),
      body: body ?? null,
      // undici closes after a HEAD: who answers it with a body would answer the next request with that.
      ...(method === 'HEAD' ? {} : { reset: false }),
    };
    connection.dispatch(options, this);
    this.#isDispatching = false;
  }

  /** undici gives up. */
  #broke(error: Error): void {
    if (this.#isOver) return;
    const connection = this.#connection;
    const failure = failureOf(error, this.#pool.target.identity, this.#phase, this.#isRetryable());
    if (failure.code === 'troupe.internal' && connection !== undefined) {
      // undici refused before it wrote anything.
      this.#connection = undefined;
      connection.user = undefined;
      this.#pool.release(connection);
    } else if (this.#isStale(failure)) {
      this.#hasRetried = true;
      this.#phase = 'queued';
      this.#isSent = false;
      this.#pool.silence.forget(this);
      connection?.close();
      this.#connect();
      return;
    }
    this.#fail(failure);
  }

  /**
   * Whether the connection was closed while it was idle, which says nothing of the backend, and the request
   * may go out again (RFC 9110 section 9.2.2): it can do no harm twice, or never went out at all.
   */
  #isStale(failure: TroupeError): boolean {
    if (!this.#isReused || this.#hasRetried || failure.code !== 'backend.reset') return false;
    if (this.#phase === 'queued') return true;
    return this.#phase === 'written' && this.#stream === undefined && isIdempotent(this.#request.method);
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
    this.#pool.silence.forget(this);
  }

  /** The reader wants more. */
  readOn(): void {
    if (this.#isOver) return;
    this.#pool.silence.watch(this, this.#request.betweenBytesTimeoutMs);
    this.#resumeReading?.();
  }
}

function resumeReading(fetch: UndiciFetch): void {
  fetch.readOn();
}

/** undici refuses `*`; RFC 9112 section 3.2.4 says that an absolute form without a path means the same. */
function absoluteForm(fields: Fields): string {
  return `http://${fields.get('Host') ?? ''}`;
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

function trailersOf(raw: Buffer[] | null): Fields | undefined {
  return raw === null || raw.length === 0 ? undefined : fieldsOf(raw);
}
