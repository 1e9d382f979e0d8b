/**
 * Backends without a network: fetches and connections wait for the test to answer them, or are answered by a
 * script a turn later, as the contract demands.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../src/clock.ts';
import { type ErrorCode, TroupeError } from '../../src/errors.ts';
import type { Identity } from '../../src/identity.ts';
import type {
  FetchCall,
  FetchHandler,
  FetchRequest,
  FetchTarget,
  Transport,
} from '../../src/proxy/fetch/transport.ts';
import { Fields } from '../../src/proxy/http/fields.ts';

type Done = (error: TroupeError | undefined, connection: Duplex | undefined) => void;

export class FakeFetch implements FetchCall {
  readonly target: FetchTarget;
  readonly request: FetchRequest;
  readonly #handler: FetchHandler;
  isAborted = false;
  isOver = false;
  /** Whether the proxy wants no data for now. */
  isPaused = false;
  /** The body, while the proxy is told of the head that it came with. */
  #whole: string | undefined;

  constructor(target: FetchTarget, request: FetchRequest, handler: FetchHandler) {
    this.target = target;
    this.request = request;
    this.#handler = handler;
  }

  /** Name of the backend asked. */
  get backend(): string {
    return this.target.identity.slice(0, this.target.identity.indexOf('('));
  }

  takeText(mostBytes: number): string | undefined {
    const text = this.#whole;
    if (text === undefined || text.length > mostBytes) return undefined;
    this.#whole = undefined;
    return text;
  }

  resume(): void {
    this.isPaused = false;
  }

  abort(): void {
    this.isAborted = true;
    this.isOver = true;
  }

  /** @param isBodyHere whether all of the body is told of before anything else happens */
  head(status: number, fields: readonly string[] = [], reason = '', isBodyHere = false): this {
    if (!this.isOver) this.#handler.onHead({ status, reason, fields: new Fields([...fields]), isBodyHere });
    return this;
  }

  data(text: string): this {
    if (!this.isOver) this.isPaused = !this.#handler.onData(Buffer.from(text));
    return this;
  }

  bytes(piece: Uint8Array): this {
    if (!this.isOver) this.isPaused = !this.#handler.onData(piece);
    return this;
  }

  /** Switches protocols, if they were offered. */
  switch(connection: Duplex, fields: readonly string[], reason = 'Switching Protocols'): this {
    if (this.isOver) return this;
    if (this.request.upgrade === undefined) return this.fail('backend.malformed');
    this.isOver = true;
    this.#handler.onUpgrade?.({ status: 101, reason, fields: new Fields([...fields]) }, connection);
    return this;
  }

  end(trailers?: readonly string[]): this {
    if (this.isOver) return this;
    this.isOver = true;
    this.#handler.onEnd(trailers === undefined ? undefined : new Fields([...trailers]));
    return this;
  }

  fail(code: ErrorCode = 'backend.reset'): this {
    if (this.isOver) return this;
    this.isOver = true;
    this.#handler.onError(backendError(code, this.target));
    return this;
  }

  /** A whole answer with a counted body, which comes with its head. */
  answer(status: number, body = '', fields: readonly string[] = []): this {
    this.#whole = body === '' ? undefined : Buffer.from(body).toString('latin1');
    this.head(status, [...fields, 'Content-Length', String(body.length)], '', body !== '');
    if (this.#whole !== undefined) this.data(body);
    this.#whole = undefined;
    return this.end();
  }
}

export class FakeConnect {
  readonly target: FetchTarget;
  readonly #done: Done;
  isCancelled = false;
  isOver = false;

  constructor(target: FetchTarget, done: Done) {
    this.target = target;
    this.#done = done;
  }

  open(connection: Duplex): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#done(undefined, connection);
  }

  refuse(code: ErrorCode = 'backend.connect-failed'): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#done(backendError(code, this.target), undefined);
  }
}

export interface FakeScript {
  readonly clock: Clock;
  fetch?(fetch: FakeFetch): void;
  connect?(connect: FakeConnect): void;
}

export class FakeTransport implements Transport {
  readonly fetches: FakeFetch[] = [];
  readonly connects: FakeConnect[] = [];
  readonly retired = new Map<Identity, () => void>();
  readonly #script: FakeScript | undefined;

  /** @param script answers each fetch and connection a turn after it began; default: the test does */
  constructor(script?: FakeScript) {
    this.#script = script;
  }

  /** The fetch begun last. */
  get latest(): FakeFetch {
    const fetch = this.fetches.at(-1);
    if (fetch === undefined) throw new Error('nothing was fetched');
    return fetch;
  }

  fetch(target: FetchTarget, request: FetchRequest, handler: FetchHandler): FetchCall {
    const fetch = new FakeFetch(target, request, handler);
    this.fetches.push(fetch);
    const script = this.#script;
    script?.clock.after(0, () => script.fetch?.(fetch));
    return fetch;
  }

  connect(target: FetchTarget, _timeoutMs: number, done: Done): () => void {
    const connect = new FakeConnect(target, done);
    this.connects.push(connect);
    const script = this.#script;
    script?.clock.after(0, () => script.connect?.(connect));
    return () => {
      connect.isCancelled = true;
      connect.isOver = true;
    };
  }

  retire(identity: Identity, closed: () => void): void {
    this.retired.set(identity, closed);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function backendError(code: ErrorCode, target: FetchTarget): TroupeError {
  return new TroupeError(code, `${target.identity}: made up for a test`, {
    side: 'backend',
    retryable: true,
  });
}
