/**
 * A simulated world: the real control plane and the real data plane, with hooks and all, around a simulated clock,
 * network and randomness. Nothing in it waits for real time, opens a socket, or depends on anything but its seed and
 * on what is done to it.
 */
import { Subject } from 'rxjs';
import type { Config } from '../config/config.ts';
import type { ResolvedBackend } from '../config/declaration.ts';
import { firstVerdicts } from '../first-verdicts.ts';
import { createDataPlane, type DataPlaneOptions } from '../proxy/create-data-plane.ts';
import type { DataPlane } from '../proxy/data-plane.ts';
import type { FetchRequest, FetchTarget } from '../proxy/fetch/transport.ts';
import type { PeerOrder } from '../proxy/peer/order.ts';
import type { PeerResult } from '../proxy/peer/peer-operation.ts';
import type { HookErrorEntry } from '../proxy/request/request-log.ts';
import type { RequestReport } from '../proxy/request/request-report.ts';
import type { SnapshotDelta } from '../snapshot.ts';
import { ControlPlane } from '../streams/control-plane.ts';
import { SimulatedClock } from '../streams/simulated-clock.ts';
import { SimulatedExchange, type SimulatedRequest } from './exchange.ts';
import { placeOf, SimulatedNetwork } from './network.ts';
import { requestLine, simulatedPeerThreads } from './peer-thread.ts';
import { type ObserveProbe, simulatedProbe } from './probe.ts';
import { seededRandom } from './seeded-random.ts';
import { type OriginAnswer, SimulatedTransport } from './transport.ts';

/** A config with the addresses of its backends. Each loading takes one of its own: hooks may keep state. */
export interface LoadedSource {
  readonly config: Config;
  readonly backends: readonly ResolvedBackend[];
}

/** What happens in a world, as it happens. Each may be absent. */
export interface WorldObserver {
  /** A request has ended; `exchange` is undefined if no client of this world sent it. */
  ended?(report: RequestReport, exchange: SimulatedExchange | undefined): void;
  /** A peer has sent a request to this proxy, as if it were another one with the same config. */
  siblingAsked?(exchange: SimulatedExchange, request: SimulatedRequest): void;
  /** The data plane has been told something; `delta` is in force when this returns. */
  published?(delta: SnapshotDelta): void;
  /** A backend is about to be asked. */
  asked?(target: FetchTarget, request: FetchRequest): void;
  hookFailed?(entry: HookErrorEntry): void;
  /** A mistake of Troupe's own. */
  fault?(error: unknown, where: string): void;
  peerEnded?(result: PeerResult): void;
  probing?: ObserveProbe;
}

export interface WorldOptions {
  readonly seed: number;
  readonly observer?: WorldObserver;
  readonly cacheBytes?: number;
  /** What origins say about how long their answers are fresh; undefined: nothing. */
  readonly cacheControl?: string | undefined;
  readonly plane?: Partial<DataPlaneOptions>;
}

/** Milliseconds that requests get to end after a discard: what `troupe run` grants them. */
const DRAIN_TIMEOUT_MS = 30_000;
/** Bytes; far more than what generated requests ask for. */
const CACHE_BYTES = 4 * 1024 * 1024;

export class World {
  readonly clock = new SimulatedClock();
  readonly network = new SimulatedNetwork(this.clock);
  readonly control: ControlPlane;
  readonly data: DataPlane;
  readonly transport: SimulatedTransport;
  readonly observer: WorldObserver;
  /** Sources by the name of the config that is to be made of them. */
  readonly sources = new Map<string, LoadedSource>();
  readonly #cacheControl: string | undefined;
  /** Answers that origins have given; each says its number. */
  answers = 0;
  /** Something is under way that goes on in turns of the real event loop: streams and promises. */
  isUnsettled = false;
  /** Whose report is being made. */
  #reported: SimulatedExchange | undefined;

  constructor(options: WorldOptions) {
    const { seed, observer = {}, cacheBytes = CACHE_BYTES } = options;
    const { clock, network } = this;
    this.observer = observer;
    this.#cacheControl = options.cacheControl;
    const peerResults = new Subject<PeerResult>();
    if (observer.peerEnded !== undefined) peerResults.subscribe((result) => observer.peerEnded?.(result));
    this.transport = new SimulatedTransport({
      clock,
      network,
      answer: (target, request) => this.#answer(target, request),
      onFetch: observer.asked?.bind(observer),
      onStream: () => {
        this.isUnsettled = true;
      },
    });
    this.data = createDataPlane({
      plane: 'p0',
      transport: this.transport,
      clock,
      random: seededRandom(seed),
      failedRequests: 0,
      log: {
        ...(observer.ended === undefined
          ? {}
          : { access: (report) => observer.ended?.(report, this.#reported) }),
        ...(observer.hookFailed === undefined ? {} : { hookError: (entry) => observer.hookFailed?.(entry) }),
      },
      saintEntries: 10_000,
      cacheBytes,
      startPeerThread: simulatedPeerThreads({
        clock,
        network,
        receive: (order, answer) => this.#siblingReceives(order, answer),
      }),
      peerResults,
      ...options.plane,
    });
    const { data } = this;
    this.control = new ControlPlane({
      clock,
      planes: {
        apply: (delta) => {
          observer.published?.(delta);
          data.apply(delta);
        },
        drain: (key) => data.drain(key),
        end: (key) => data.end(key),
        startPeerThread: (config, peer, thread) => data.startPeerThread(config, peer, thread),
        endPeerThread: (config, peer, thread) => data.endPeerThread(config, peer, thread),
      },
      load: async (key, name) => {
        const source = this.sources.get(name);
        if (source === undefined) throw new Error(`this world has no config ${name}`);
        for (const { addresses } of source.backends) this.#addOrigin(placeOf(addresses), addresses);
        return data.load(key, source.config, source.backends);
      },
      probe: simulatedProbe(clock, network, observer.probing?.bind(observer)),
      drainTimeoutMs: DRAIN_TIMEOUT_MS,
      onFault: (error, where) => observer.fault?.(error, where),
    });
    data.onFacts = (batch) => this.control.takeFacts(batch);
  }

  /** Loads a config, waits for the first verdicts on its backends, and uses it: as `troupe run` begins. */
  async boot(source: LoadedSource): Promise<void> {
    this.sources.set('boot', source);
    await this.until(this.control.load('boot'));
    await this.until(firstVerdicts(this.control, 'boot', this.clock));
    await this.until(this.control.use('boot'));
  }

  /** A client sends a request. */
  request(request: SimulatedRequest): SimulatedExchange {
    const exchange = this.prepare(request);
    this.data.handle(exchange);
    return exchange;
  }

  /** A request that is yet to be handed to the data plane. */
  prepare(request: SimulatedRequest): SimulatedExchange {
    if (request.body !== undefined) this.isUnsettled = true;
    const exchange = new SimulatedExchange(request, this.clock.now());
    exchange.onReport = () => {
      this.#reported = exchange;
    };
    return exchange;
  }

  /** Lets simulated time pass until a moment, and everything happen that is due until then. */
  async runUntil(at: number): Promise<void> {
    const { clock } = this;
    for (;;) {
      if (this.isUnsettled) await this.settle();
      if (!clock.fireNext(at)) break;
    }
    clock.advance(Math.max(0, at - clock.now()));
  }

  /** Lets time pass until a promise is settled. @throws what it rejects with */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.settle();
    while (!isSettled && this.clock.fireNext()) await this.settle();
    return promise;
  }

  /** Lets streams and promises go on that wait for nothing but turns of the event loop. */
  async settle(): Promise<void> {
    this.isUnsettled = false;
    for (let i = 0; i < SETTLING_TURNS; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
  }

  /** Ends everything at once. */
  close(): void {
    this.control.close();
    void this.transport.close();
  }

  #addOrigin(place: string, addresses: FetchTarget['addresses']): void {
    if (this.network.at(place) !== undefined) return;
    this.network.add(addresses).onBreak = () => this.transport.breakOff(place);
  }

  #answer({ identity }: FetchTarget, { path, method }: FetchRequest): OriginAnswer {
    const number = ++this.answers;
    const name = identity.slice(0, identity.indexOf('('));
    return {
      fields: [
        'Content-Type',
        'text/plain',
        ...(this.#cacheControl === undefined ? [] : ['Cache-Control', this.#cacheControl]),
      ],
      body: `answer ${number} of ${name} to ${method} ${path} at ${this.clock.now()}\n`,
    };
  }

  /**
   * What listens at the address of a peer that is no backend is taken to be another Troupe with the same config, whose
   * peer is this one: the request comes to this very proxy.
   */
  #siblingReceives(order: PeerOrder, answer: (status: number) => void): void {
    const { method, url } = requestLine(order);
    const lines = order.head.split('\r\n').slice(1);
    const fields: string[] = [];
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const request: SimulatedRequest = { method, url, fields, client: order.host };
    const exchange = this.prepare(request);
    this.observer.siblingAsked?.(exchange, request);
    this.data.handle(exchange);
    if (exchange.isOver) answer(exchange.status);
    else exchange.onOver = () => answer(exchange.status);
  }
}

/** Enough for what streams and promise chains need from one step of the clock to the next. */
const SETTLING_TURNS = 12;
