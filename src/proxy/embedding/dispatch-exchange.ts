/** One dispatched request, and whoever waits for its answer. */
import type { Duplex, Readable } from 'node:stream';
import { TroupeError } from '../../errors.ts';
import type { ResponseBody, ResponseHead, SocketAddress } from '../http/exchange.ts';
import type { FetchExchange } from '../http/fetch-exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { AnswerPort, RequestControl } from './answer-port.ts';
import type { DispatchRequest } from './dispatch-request.ts';

/** There is no connection that the request came by. */
const nowhere: SocketAddress = { address: '', port: 0 };

export interface DispatchContext {
  /** What exchanges say they came by. */
  readonly name: string;
  /** Milliseconds of the clock. */
  readonly now: number;
  /** What is told to a request that is aborted without a reason. */
  readonly abortError: () => Error;
  /** Adds what is known here to why there is no response. */
  readonly explain: (error: TroupeError) => TroupeError;
  /** Called once when the exchange is over. */
  readonly over: (exchange: DispatchExchange) => void;
}

export class DispatchExchange implements FetchExchange, ResponseBody, RequestControl {
  readonly method: string;
  readonly target: string;
  readonly version = '1.1';
  readonly fields: Fields;
  readonly body: Readable | undefined;
  readonly bodyLength: number | undefined;
  readonly firstByteTimeoutMs: number | undefined;
  readonly betweenBytesTimeoutMs: number | undefined;
  readonly client = nowhere;
  readonly server = nowhere;
  readonly listener: string;
  readonly receivedAt: number;
  onAborted: (() => void) | undefined;
  onFinished: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  abortReason: Error | undefined;
  isPaused = false;
  isOver = false;

  readonly #port: AnswerPort;
  readonly #context: DispatchContext;
  /** Pieces that came while the handler was paused. */
  #held: Buffer[] = [];
  #trailers: Fields | undefined;
  #hasEnded = false;

  constructor(request: DispatchRequest, port: AnswerPort, context: DispatchContext) {
    this.method = request.method;
    this.target = request.path;
    this.fields = request.fields;
    this.body = request.body;
    this.bodyLength = request.bodyLength;
    this.firstByteTimeoutMs = request.firstByteTimeoutMs;
    this.betweenBytesTimeoutMs = request.betweenBytesTimeoutMs;
    this.listener = context.name;
    this.receivedAt = context.now;
    this.onAborted = undefined;
    this.onFinished = undefined;
    this.onDrain = undefined;
    this.#port = port;
    this.#context = context;
    this.body?.on('error', (error) => this.abort(error));
  }

  start(): void {
    this.#tell(() => this.#port.started(this));
  }

  // --- what the handler says ---

  abort(reason: Error | undefined): void {
    if (this.isOver) return;
    const error = reason ?? this.#context.abortError();
    this.abortReason = error;
    this.isOver = true;
    const told = this.onAborted;
    this.onAborted = undefined;
    told?.();
    this.#finish();
    this.#port.failed(error);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    const held = this.#held;
    while (held.length > 0) {
      this.#hand(held.shift() as Buffer);
      if (this.isPaused || this.isOver) return;
    }
    if (this.#hasEnded) this.#end();
    else this.onDrain?.();
  }

  // --- what the data plane says ---

  respond(head: ResponseHead, body: Uint8Array | undefined): void {
    this.begin(head);
    if (body !== undefined) this.write(body);
    this.end();
  }

  begin(head: ResponseHead): ResponseBody {
    if (!this.isOver) this.#tell(() => this.#port.head(head));
    return this;
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver) return false;
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.isPaused) this.#held.push(bytes);
    else this.#hand(bytes);
    return !this.isPaused && !this.isOver;
  }

  end(trailers?: Fields): void {
    if (this.isOver) return;
    this.#trailers = trailers;
    this.#hasEnded = true;
    if (this.#held.length === 0) this.#end();
  }

  cut(): void {
    this.fail(new TroupeError('backend.reset', 'the response was cut', { side: 'backend' }));
  }

  fail(error: TroupeError): void {
    if (this.isOver) return;
    this.#finish();
    this.#port.failed(this.#context.explain(error));
  }

  takeOver(): Duplex {
    const message = 'a dispatched request has no connection that could be taken over';
    throw new TroupeError('troupe.internal', message, { side: 'troupe' });
  }

  #hand(bytes: Buffer): void {
    try {
      this.#port.data(bytes);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #end(): void {
    this.#finish();
    try {
      this.#port.ended(this.#trailers);
    } catch (error) {
      this.#port.failed(error as Error);
    }
  }

  /** What a handler throws is the end of its request, and of nothing else. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #finish(): void {
    this.isOver = true;
    this.#held = [];
    // What the backend has not read by now, nobody will.
    this.body?.destroy();
    const told = this.onFinished;
    this.onFinished = undefined;
    told?.();
    this.#context.over(this);
  }
}
