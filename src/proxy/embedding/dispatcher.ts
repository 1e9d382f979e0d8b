/**
 * An undici Dispatcher whose connections are a director's: `fetch(url, { dispatcher })` and `undici.request` ask
 * whom the director picks, with health, saintmode, retries, limits and counters as for any other request.
 *
 * undici itself is loaded when the first dispatcher is made: it takes 90 ms, which most programs can spare.
 */
import { createRequire } from 'node:module';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../clock.ts';
import { TroupeError } from '../../errors.ts';
import type { FetchExchange } from '../http/fetch-exchange.ts';
import { answerPort } from './answer-port.ts';
import { DispatchExchange } from './dispatch-exchange.ts';
import { readDispatch } from './dispatch-request.ts';
import type { Door } from './door.ts';

/**
 * A Dispatcher of undici 7, and one for Node's own `fetch`, which is typed by the version of undici that it was
 * built with. Where the types of Node say nothing of dispatchers, it is the former alone.
 */
export type DirectorDispatcher = Dispatcher & DispatcherOfFetch;
type DispatcherOfFetch = RequestInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown;

type Undici = typeof import('undici');

export interface DispatcherOptions {
  readonly fetch: (exchange: FetchExchange, target: string | undefined) => void;
  readonly door: Door;
  readonly clock: Clock;
  /** What exchanges say they came by. */
  readonly name: string;
}

/** @param target name of a backend, director or saintmode object; undefined: the config's default */
export function createDispatcher(options: DispatcherOptions, target: string | undefined): DirectorDispatcher {
  const undici = createRequire(import.meta.url)('undici') as Undici;
  const requests = new DispatchedRequests(options, target, undici);

  class PooledByDirector extends undici.Dispatcher {
    get closed(): boolean {
      return requests.isClosed;
    }

    get destroyed(): boolean {
      return requests.isDestroyed;
    }

    override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      return requests.dispatch(request, handler);
    }

    override close(): Promise<void>;
    override close(callback: () => void): void;
    override close(callback?: () => void): Promise<void> | undefined {
      return settled(requests.close(), callback);
    }

    override destroy(): Promise<void>;
    override destroy(error: Error | null): Promise<void>;
    override destroy(callback: () => void): void;
    override destroy(error: Error | null, callback: () => void): void;
    override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
      const callback = typeof first === 'function' ? first : second;
      requests.destroy(typeof first === 'function' ? null : (first ?? null));
      return settled(requests.close(), callback);
    }
  }

  // Versions differ in what they call their handlers' types; at run time both kinds are taken.
  return new PooledByDirector() as Dispatcher as DirectorDispatcher;
}

/** The requests of one dispatcher: closing it ends them, and nothing else of the proxy. */
class DispatchedRequests {
  isClosed = false;
  isDestroyed = false;
  readonly #options: DispatcherOptions;
  readonly #target: string | undefined;
  readonly #undici: Undici;
  readonly #running = new Set<DispatchExchange>();
  #idle: (() => void)[] = [];

  constructor(options: DispatcherOptions, target: string | undefined, undici: Undici) {
    this.#options = options;
    this.#target = target;
    this.#undici = undici;
  }

  /** @returns true: more can be dispatched at once; a director says by an error when it is full */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { errors, util } = this.#undici;
    if (typeof handler !== 'object' || handler === null) {
      throw new errors.InvalidArgumentError('handler must be an object');
    }
    const port = answerPort(handler, (raw) => util.parseHeaders(raw));
    let exchange: DispatchExchange;
    try {
      this.#refuseIfClosed();
      exchange = this.#begin(options, port);
    } catch (error) {
      port.failed(error as Error);
      return false;
    }
    exchange.start();
    this.#options.door.pass(() => {
      if (!exchange.isOver) this.#options.fetch(exchange, this.#target);
    });
    return true;
  }

  /** Resolves when those under way have ended. */
  close(): Promise<void> {
    this.isClosed = true;
    return this.#running.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#idle.push(() => resolve()));
  }

  destroy(error: Error | null): void {
    this.isClosed = true;
    this.isDestroyed = true;
    const reason = error ?? new this.#undici.errors.ClientDestroyedError();
    for (const exchange of [...this.#running]) exchange.abort(reason);
  }

  #begin(options: Dispatcher.DispatchOptions, port: ReturnType<typeof answerPort>): DispatchExchange {
    const { errors } = this.#undici;
    if (typeof options !== 'object' || options === null) {
      throw new errors.InvalidArgumentError('opts must be an object.');
    }
    const { door, clock, name } = this.#options;
    const request = readDispatch(options, this.#undici);
    const left = door.open.begin();
    const exchange = new DispatchExchange(request, port, {
      name,
      now: clock.now(),
      abortError: () => new errors.RequestAbortedError(),
      explain: (error) => explained(error, door.failure),
      over: (ended) => {
        this.#over(ended);
        left();
      },
    });
    this.#running.add(exchange);
    return exchange;
  }

  #refuseIfClosed(): void {
    const { errors } = this.#undici;
    if (this.isDestroyed) throw new errors.ClientDestroyedError();
    if (this.isClosed) throw new errors.ClientClosedError();
    if (!this.#options.door.isClosed) return;
    throw new TroupeError('command.stopping', 'The proxy is closed: make a new one.', { side: 'troupe' });
  }

  #over(exchange: DispatchExchange): void {
    this.#running.delete(exchange);
    if (this.#running.size > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const tell of idle) tell();
  }
}

/** Who has only a dispatcher need not have awaited `ready`, which would have told. */
function explained(error: TroupeError, failure: unknown): TroupeError {
  if (error.code !== 'command.config-not-ready' || failure === undefined) return error;
  const message = 'The config that the proxy was made with could not be loaded, and no other is in use.';
  return new TroupeError(error.code, message, { side: 'troupe', cause: failure });
}

function settled(done: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (callback === undefined) return done;
  void done.then(() => callback());
  return undefined;
}
