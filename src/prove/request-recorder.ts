/** Writes down the requests of clients and peers: what each was, what the proxy did about it, and what it got. */
import type { ResolvedBackend } from '../config/declaration.ts';
import type { Identity } from '../identity.ts';
import type { DataPlane } from '../proxy/data-plane.ts';
import type { RequestReport } from '../proxy/request/request-report.ts';
import type { SimulatedExchange, SimulatedRequest } from '../simulation/exchange.ts';
import type { RequestRecord } from './run.ts';

export interface RequestRecorderOptions {
  /** Milliseconds since the start. */
  readonly now: () => number;
  /** The start, in milliseconds of the world's clock, in which origins write. */
  readonly startedAt: () => number;
  readonly backends: readonly ResolvedBackend[];
  /** Of one backend. */
  readonly statsOf: (identity: Identity) => ReturnType<DataPlane['stats']>;
}

export class RequestRecorder {
  /** In the order in which they came. */
  readonly requests: RequestRecord[] = [];
  readonly #options: RequestRecorderOptions;
  readonly #underWay = new Map<SimulatedExchange, RequestRecord>();

  constructor(options: RequestRecorderOptions) {
    this.#options = options;
  }

  /** Requests that have not ended. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /**
   * To be called before a request is handed to the data plane.
   *
   * @param event of the scenario that it belongs to; undefined: a peer sends it
   */
  began(exchange: SimulatedExchange, request: SimulatedRequest, event: number | undefined): void {
    const { method, url, fields, client } = request;
    const record: RequestRecord = {
      number: this.requests.length + 1,
      at: this.#options.now(),
      method,
      url,
      host: exchange.fields.get('Host') ?? '',
      fields,
      client,
      event,
      endedAt: undefined,
      status: 0,
      state: 'none',
      written: undefined,
      isCached: false,
      report: undefined,
      full: [],
    };
    this.requests.push(record);
    this.#underWay.set(exchange, record);
    const answered = exchange.onOver;
    exchange.onOver = () => {
      this.#answered(exchange, record);
      answered?.();
    };
  }

  /** The proxy is done with a request. */
  ended(report: RequestReport, exchange: SimulatedExchange | undefined): void {
    const record = exchange === undefined ? undefined : this.#underWay.get(exchange);
    if (exchange === undefined || record === undefined) return;
    this.#underWay.delete(exchange);
    record.report = report;
    if (record.endedAt === undefined) record.endedAt = this.#options.now();
    if (report.failure !== undefined) record.full = this.#fullBackends();
  }

  #answered({ status, state, content, age }: SimulatedExchange, record: RequestRecord): void {
    record.endedAt = this.#options.now();
    record.status = status;
    record.state = state;
    const [, number, backend = '', at] = /^answer (\d+) of (\S+) to .* at ([\d.]+)\n/.exec(content) ?? [];
    if (number === undefined) return;
    record.written = { backend, at: Number(at) - this.#options.startedAt(), number: Number(number) };
    // What was written for this very request was written after it had come.
    record.isCached = Number(age ?? 0) > 0 || record.written.at < record.at;
  }

  #fullBackends(): Identity[] {
    return this.#options.backends
      .filter(({ identity, limits: { maxConnections } }) => {
        const inFlight = this.#options.statsOf(identity)?.inFlight ?? 0;
        return maxConnections > 0 && inFlight >= maxConnections;
      })
      .map(({ identity }) => identity);
  }
}
