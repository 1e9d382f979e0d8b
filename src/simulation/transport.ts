/**
 * The transport of the data plane over the simulated network. It keeps the contract of the real one: nothing is
 * called before `fetch` returns, a paused reader is waited for, and what is aborted stays silent.
 */
import { Duplex, Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { type ErrorCode, TroupeError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type {
  FetchCall,
  FetchHandler,
  FetchRequest,
  FetchTarget,
  Transport,
} from '../proxy/fetch/transport.ts';
import { Fields } from '../proxy/http/fields.ts';
import { CONNECT_MS, placeOf, type SimulatedNetwork } from './network.ts';

/** What an origin answers with. */
export interface OriginAnswer {
  /** name, value, name, value, ... */
  readonly fields: readonly string[];
  readonly body: string;
}

/** Writes an answer. It is asked when the head is due. */
type WriteAnswer = (target: FetchTarget, request: FetchRequest) => OriginAnswer;

/** RFC 9110 section 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export interface SimulatedTransportOptions {
  readonly clock: Clock;
  readonly network: SimulatedNetwork;
  readonly answer: WriteAnswer;
  /** Something was asked of a backend: told before anything becomes of it. */
  readonly onFetch?: ((target: FetchTarget, request: FetchRequest) => void) | undefined;
  /** A stream is under way, which needs turns of the real event loop to be read. */
  readonly onStream: () => void;
}

export class SimulatedTransport implements Transport {
  readonly options: SimulatedTransportOptions;
  readonly #running = new Map<Identity, Set<RunningFetch>>();
  readonly #retired = new Map<Identity, () => void>();

  constructor(options: SimulatedTransportOptions) {
    this.options = options;
  }

  fetch(target: FetchTarget, request: FetchRequest, handler: FetchHandler): FetchCall {
    this.options.onFetch?.(target, request);
    const { identity } = target;
    let running = this.#running.get(identity);
    if (running === undefined) {
      running = new Set();
      this.#running.set(identity, running);
    }
    const fetch = new RunningFetch(this.options, target, request, handler, () =>
      this.#ended(identity, fetch),
    );
    running.add(fetch);
    return fetch;
  }

  connect(
    target: FetchTarget,
    connectTimeoutMs: number,
    done: (error: TroupeError | undefined, connection: Duplex | undefined) => void,
  ): () => void {
    const { clock, network, onStream } = this.options;
    const reception = network.at(placeOf(target.addresses))?.receive('') ?? ({ kind: 'vanished' } as const);
    if (reception.kind === 'vanished') {
      return clock.after(connectTimeoutMs, () => done(failure('backend.connect-timeout', target), undefined));
    }
    if (reception.kind === 'refused') {
      return clock.after(CONNECT_MS, () => done(failure('backend.connect-failed', target), undefined));
    }
    return clock.after(CONNECT_MS, () => {
      onStream();
      done(undefined, pipedOrigin(onStream));
    });
  }

  retire(identity: Identity, closed: () => void): void {
    const running = this.#running.get(identity);
    // Never within the call, as with sockets.
    if (running === undefined) this.options.clock.after(0, closed);
    else this.#retired.set(identity, closed);
  }

  close(): Promise<void> {
    for (const running of this.#running.values()) for (const fetch of running) fetch.abort();
    return Promise.resolve();
  }

  /** Breaks what is under way to backends at a place. */
  breakOff(place: string): void {
    for (const running of this.#running.values()) {
      for (const fetch of [...running]) if (fetch.place === place) fetch.breakOff();
    }
  }

  #ended(identity: Identity, fetch: RunningFetch): void {
    const running = this.#running.get(identity);
    running?.delete(fetch);
    if (running?.size !== 0) return;
    this.#running.delete(identity);
    const closed = this.#retired.get(identity);
    this.#retired.delete(identity);
    if (closed !== undefined) this.options.clock.after(0, closed);
  }
}

class RunningFetch implements FetchCall {
  readonly connectMs = CONNECT_MS;
  readonly place: string;
  readonly #options: SimulatedTransportOptions;
  readonly #target: FetchTarget;
  readonly #request: FetchRequest;
  readonly #handler: FetchHandler;
  readonly #ended: () => void;
  #cancel: () => void;
  #isPaused = false;
  /** What is left to do when the reader wants more. */
  #rest: (() => void) | undefined;
  #isOver = false;

  constructor(
    options: SimulatedTransportOptions,
    target: FetchTarget,
    request: FetchRequest,
    handler: FetchHandler,
    ended: () => void,
  ) {
    this.#options = options;
    this.#target = target;
    this.#request = request;
    this.#handler = handler;
    this.#ended = ended;
    this.place = placeOf(target.addresses);
    this.#cancel = options.clock.after(CONNECT_MS, () => this.#connect());
  }

  resume(): void {
    this.#isPaused = false;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined && !this.#isOver) this.#after(0, rest);
  }

  abort(): void {
    if (this.#isOver) return;
    this.#over();
    const { body } = this.#request;
    if (body instanceof Readable) body.destroy();
  }

  /** The origin is gone. */
  breakOff(): void {
    this.#fail('backend.reset', this.#isIdempotent);
  }

  get #isIdempotent(): boolean {
    return idempotent.has(this.#request.method);
  }

  #connect(): void {
    const kind = this.#options.network.at(this.place)?.receive(this.#request.path).kind ?? 'vanished';
    if (kind === 'refused') {
      this.#fail('backend.connect-failed', true);
    } else if (kind === 'vanished') {
      const left = Math.max(0, this.#request.connectTimeoutMs - CONNECT_MS);
      this.#after(left, () => this.#fail('backend.connect-timeout', true));
    } else {
      this.#send();
    }
  }

  #send(): void {
    const { body } = this.#request;
    if (!(body instanceof Readable)) {
      this.#await();
      return;
    }
    this.#options.onStream();
    body.on('data', () => this.#options.onStream());
    body.once('end', () => {
      if (!this.#isOver) this.#after(0, () => this.#await());
    });
    body.once('error', (error) => {
      if (this.#isOver) return;
      this.#over();
      this.#handler.onError(
        error instanceof TroupeError
          ? error
          : new TroupeError('client.gone', 'the client has gone', { side: 'client' }),
      );
    });
  }

  #await(): void {
    const { path, firstByteTimeoutMs } = this.#request;
    const reception = this.#options.network.at(this.place)?.receive(path) ?? ({ kind: 'refused' } as const);
    const late = () => this.#fail('backend.first-byte-timeout', this.#isIdempotent);
    switch (reception.kind) {
      case 'refused':
        this.breakOff();
        return;
      case 'vanished':
      case 'hung':
        this.#after(firstByteTimeoutMs, late);
        return;
      case 'reset':
        this.#after(Math.min(reception.afterMs, firstByteTimeoutMs), () => this.breakOff());
        return;
      case 'answered':
        if (reception.afterMs > firstByteTimeoutMs) this.#after(firstByteTimeoutMs, late);
        else this.#after(reception.afterMs, () => this.#answer(reception.status, reception.isCut));
        return;
      default:
        reception satisfies never;
    }
  }

  #answer(status: number, isCut: boolean): void {
    const { answer, network } = this.#options;
    const origin = network.at(this.place);
    if (origin !== undefined) origin.requests++;
    const { fields, body } = answer(this.#target, this.#request);
    const bytes = Buffer.from(body, 'latin1');
    const hasBody = this.#request.method !== 'HEAD' && bytes.length > 0;
    this.#handler.onHead({
      status,
      reason: '',
      fields: new Fields([...fields, 'Content-Length', String(bytes.length)]),
    });
    if (this.#isOver) return;
    if (!hasBody) this.#end();
    else if (isCut) this.#give(bytes.subarray(0, bytes.length >> 1), () => this.breakOff());
    else this.#give(bytes, () => this.#end());
  }

  #give(piece: Uint8Array, then: () => void): void {
    this.#isPaused = !this.#handler.onData(piece);
    if (this.#isOver) return;
    if (this.#isPaused) this.#rest = then;
    else then();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#over();
    this.#handler.onEnd(undefined);
  }

  #fail(code: ErrorCode, isRetryable: boolean): void {
    if (this.#isOver) return;
    this.#over();
    this.#handler.onError(failure(code, this.#target, isRetryable));
  }

  #after(ms: number, then: () => void): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, then);
  }

  #over(): void {
    this.#isOver = true;
    this.#cancel();
    this.#ended();
  }
}

function failure(code: ErrorCode, { identity }: FetchTarget, retryable = true): TroupeError {
  return new TroupeError(code, `${identity}: ${phrases[code] ?? code}`, { side: 'backend', retryable });
}

const phrases: Partial<Record<ErrorCode, string>> = {
  'backend.connect-failed': 'connection refused',
  'backend.connect-timeout': 'no connection in time',
  'backend.first-byte-timeout': 'no first byte in time',
  'backend.reset': 'connection reset',
};

/** An origin at the other end of a tunnel: it answers what comes with a few bytes, and closes. */
function pipedOrigin(onStream: () => void): Duplex {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      onStream();
      this.push(answer);
      this.push(null);
      done();
    },
  });
}
