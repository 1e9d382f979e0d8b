/**
 * The data plane: the loaded configs, each with its targets, and what they share (saint list, counters). It
 * serves requests by what it knows here and now; what it changes by itself it tells as facts, later.
 */
import type { Clock } from '../clock.ts';
import { SaintList } from '../compact/saint-list.ts';
import { SaintSweep } from '../compact/saint-sweep.ts';
import type { Config } from '../config/config.ts';
import {
  type ConfigDescription,
  type FetchLimits,
  fetchLimitDefaults,
  type ResolvedBackend,
} from '../config/declaration.ts';
import type { PurgeOptions } from '../config/hooks.ts';
import type { ConfigKey } from '../config-key.ts';
import { TroupeError } from '../errors.ts';
import type { Fact, FactBatch } from '../facts.ts';
import type { Identity } from '../identity.ts';
import type { BackendHealth, SnapshotDelta } from '../snapshot.ts';
import { readBan } from './cache/ban-conditions.ts';
import { BanList, needsRequest, shownBan } from './cache/ban-list.ts';
import { BanLurker } from './cache/ban-lurker.ts';
import { type BanSettings, banDefaults } from './cache/ban-settings.ts';
import { cachePolicy } from './cache/cache-policy.ts';
import type { CacheDefaults } from './cache/cache-terms.ts';
import { ObjectStore } from './cache/object-store.ts';
import { purgeEntry } from './cache/purge.ts';
import type { DataPlane, DataPlaneFigures, IssuedBan } from './data-plane.ts';
import { createTargetGraph } from './directors/target-graph.ts';
import { FactQueue } from './fact-queue.ts';
import { SilenceWatch } from './fetch/silence-watch.ts';
import type { Transport } from './fetch/transport.ts';
import type { Exchange } from './http/exchange.ts';
import type { FetchExchange } from './http/fetch-exchange.ts';
import { LoadedPeers } from './peer/loaded-peers.ts';
import type { StartPeerThread } from './peer/peer-threads.ts';
import type { PeerResults } from './peer/running-peer.ts';
import { BackendRecord, type BackendStats } from './request/backend-record.ts';
import { type RequestEnvironment, type RequestLimits, requestLimitDefaults } from './request/environment.ts';
import { FailedRequests } from './request/failed-requests.ts';
import { createLoadedConfig, type LoadedConfig, runFini, runInit } from './request/loaded-config.ts';
import { RequestHash } from './request/request-hash.ts';
import type { RequestLog } from './request/request-log.ts';
import type { FailedRequest, Failure } from './request/request-report.ts';
import { serveFetch } from './request/serve-fetch.ts';
import { serveRequest } from './request/serve-request.ts';
import { Traffic } from './request/traffic.ts';
import { answerUnserved } from './request/unserved-request.ts';

export interface DataPlaneOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** A random number in [0, 1). */
  readonly random: () => number;
  /** Name of this plane in its facts. */
  readonly plane: string;
  /** Default: nothing is logged, and nothing built for a log. */
  readonly log?: RequestLog | undefined;
  readonly limits?: Partial<RequestLimits> | undefined;
  /** Saint entries, at most; one of those that end soonest gives way. Default: 1,000,000. */
  readonly saintEntries?: number | undefined;
  /**
   * Bytes that the cache may take, heads and bookkeeping included; of several storages, by their names. 0: there is
   * none. Default: 0.
   */
  readonly cacheBytes?: number | ReadonlyMap<string, number> | undefined;
  /** Of configs that do not say otherwise. */
  readonly cacheDefaults?: Partial<CacheDefaults> | undefined;
  /** Default: as varnishd's. */
  readonly banSettings?: Partial<BanSettings> | undefined;
  /** How many failed requests are kept with their story; 0: none, and no story is kept. Default: 100. */
  readonly failedRequests?: number | undefined;
  /** Starts worker threads of peers. Default: none can be started. */
  readonly startPeerThread?: StartPeerThread | undefined;
  /** Who is told what operations of peers came to. */
  readonly peerResults?: PeerResults | undefined;
}

const failedRequestsByDefault = 100;
/** Milliseconds of one turn for work that is done ahead. */
const prepareShareMs = 1;
const noConfig: Failure = { message: 'no config is in use: load one, and use it' };
const neverAsked = new BackendRecord().stats();

const noThreads: StartPeerThread = () => {
  throw new TroupeError('troupe.internal', 'this data plane was given no threads', { side: 'troupe' });
};

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  return new RunningDataPlane(options);
}

class RunningDataPlane implements DataPlane, RequestEnvironment {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: RequestLog | undefined;
  limits: RequestLimits;
  readonly access: RequestEnvironment['access'];
  readonly failedRequests: FailedRequests | undefined;
  readonly keepsStories: boolean;
  readonly traffic = new Traffic();
  readonly silence: SilenceWatch;
  readonly saints: SaintList;
  readonly store: ObjectStore | undefined;
  readonly bans: BanList;
  #banSettings: BanSettings;
  readonly #lurker: BanLurker;
  readonly #facts: FactQueue;
  readonly #configs = new Map<ConfigKey, LoadedConfig>();
  readonly #records = new Map<Identity, BackendRecord>();
  /** As published last. */
  readonly #health = new Map<Identity, BackendHealth>();
  #active: LoadedConfig | undefined;
  #labels: ReadonlyMap<string, ConfigKey> = new Map();
  #requests = 0;
  #saidSaintsFull = false;
  #keepsTimes = false;
  #peerOperations = 0;
  readonly #options: DataPlaneOptions;
  #cacheDefaults: Partial<CacheDefaults>;
  readonly #sweep: SaintSweep;

  constructor(options: DataPlaneOptions) {
    const { transport, clock, random, plane, log, limits } = options;
    const { failedRequests = failedRequestsByDefault } = options;
    this.#options = options;
    this.#cacheDefaults = options.cacheDefaults ?? {};
    this.transport = transport;
    this.clock = clock;
    this.random = random;
    this.log = log;
    this.silence = new SilenceWatch(clock);
    this.access = log?.access?.bind(log);
    this.failedRequests = failedRequests > 0 ? new FailedRequests(failedRequests) : undefined;
    this.keepsStories = this.access !== undefined || this.failedRequests !== undefined;
    this.limits = { ...requestLimitDefaults, ...limits };
    this.#facts = new FactQueue(plane, clock);
    this.saints = new SaintList({ capacity: options.saintEntries });
    const { cacheBytes = 0 } = options;
    const bytes = typeof cacheBytes === 'number' ? cacheBytes : Math.max(0, ...cacheBytes.values());
    this.store = bytes > 0 ? new ObjectStore(cacheBytes) : undefined;
    this.bans = new BanList(clock.wallNow());
    this.#banSettings = { ...banDefaults, ...options.banSettings };
    this.#lurker = new BanLurker(this.bans, this.store, clock, this.#banSettings);
    this.#sweep = new SaintSweep(this.saints, clock);
  }

  get onFacts(): ((batch: FactBatch) => void) | undefined {
    return this.#facts.receiver;
  }

  set onFacts(receiver: ((batch: FactBatch) => void) | undefined) {
    this.#facts.receiver = receiver;
  }

  readonly handle = (exchange: Exchange): void => {
    this.traffic.requests++;
    if (this.#active === undefined) answerUnserved(this, exchange, 503, undefined, noConfig);
    else serveRequest(this, this.#active, exchange);
  };

  fetch(exchange: FetchExchange, target: string | undefined): void {
    this.traffic.requests++;
    serveFetch(this, this.#active, exchange, target);
  }

  load(key: ConfigKey, config: Config, backends: readonly ResolvedBackend[]): ConfigDescription {
    const { directors, saintmodes, defaultTarget } = config;
    const now = () => this.clock.now();
    const graph = createTargetGraph({ backends, directors, saintmodes, saints: this.saints, now });
    for (const { identity } of backends) graph.setHealth(identity, this.#health.get(identity));
    // What init adds and removes is in the description already, so it is no fact.
    let isInitialised = false;
    const tell = (fact: Fact) => {
      if (isInitialised) this.#facts.tell(fact);
    };
    const peers = this.#createPeers(key, config, tell);
    const loaded = createLoadedConfig(key, config, backends, graph, peers, tell, this.#cacheDefaults);
    try {
      runInit(loaded, this.log, (words) => this.issueBan(words));
    } catch (error) {
      graph.close();
      peers.close();
      throw error;
    }
    isInitialised = true;
    peers.open();
    this.#configs.set(key, loaded);
    this.#prepare(loaded);
    this.#planSweep();
    this.#planLurker();
    return { backends, directors: graph.describeMembers(), saintmodes, defaultTarget };
  }

  /** What an init hook has added to shard directors; what the config declares is known already. */
  #prepare(loaded: LoadedConfig): void {
    const { key, graph } = loaded;
    const end = this.clock.now() + prepareShareMs;
    if (graph.prepare(() => this.clock.now() >= end)) return;
    this.clock.after(0, () => {
      if (this.#configs.get(key) === loaded) this.#prepare(loaded);
    });
  }

  apply(delta: SnapshotDelta): void {
    for (const [identity, health] of delta.health) {
      this.#health.set(identity, health);
      for (const { graph } of this.#configs.values()) graph.setHealth(identity, health);
      this.#records.get(identity)?.healthChanged();
    }
    if (delta.active !== undefined) this.#active = this.#loaded(delta.active);
    for (const { identity, object } of delta.lifted ?? []) this.saints.lift(identity, object);
    for (const identity of delta.retired) this.#retire(identity, delta.version);
    this.#planSweep();
  }

  adjust(
    limits: Partial<RequestLimits>,
    cacheDefaults: Partial<CacheDefaults>,
    banSettings: Partial<BanSettings>,
    fetchLimits: Partial<FetchLimits>,
  ): void {
    this.#banSettings = { ...banDefaults, ...this.#options.banSettings, ...banSettings };
    this.#lurker.adjust(this.#banSettings);
    this.#planLurker();
    this.limits = { ...requestLimitDefaults, ...this.#options.limits, ...limits };
    this.#cacheDefaults = { ...this.#options.cacheDefaults, ...cacheDefaults };
    for (const loaded of this.#configs.values()) {
      const { backends, cache = {} } = loaded.config;
      if (cache !== false) loaded.policy = cachePolicy(cache, this.#cacheDefaults);
      for (const { name, limits: own } of backends) {
        loaded.graph.limit(name, { ...fetchLimitDefaults, ...fetchLimits, ...own });
      }
    }
  }

  purge(parts: readonly string[], options?: PurgeOptions): number {
    const { store } = this;
    const entry = store?.find(new RequestHash([...parts]).key());
    if (store === undefined || entry === undefined) return 0;
    return purgeEntry(store, entry, options, this.clock.wallNow());
  }

  issueBan(words: readonly string[]): string | undefined {
    const conditions = readBan(words);
    if (typeof conditions === 'string') return conditions;
    this.bans.add(conditions, this.clock.wallNow(), this.#banSettings.dropsEqual);
    if (!needsRequest(this.bans.newest)) this.#planLurker();
    return undefined;
  }

  listBans(): readonly IssuedBan[] {
    const listed = this.bans.list().map((ban) => {
      const { at, holders, isCompleted } = ban;
      return { at, holders, isCompleted, text: shownBan(ban) };
    });
    // As there, where looking wakes the lurker.
    this.bans.cutTail();
    return listed;
  }

  drain(key: ConfigKey): void {
    const loaded = this.#loaded(key);
    loaded.onIdle = () => {
      if (loaded.running.size > 0 || !loaded.peers.isQuiet) return;
      loaded.onIdle = undefined;
      this.#facts.tell({ type: 'config.drained', config: key });
    };
    loaded.onIdle();
  }

  end(key: ConfigKey): void {
    const loaded = this.#loaded(key);
    if (this.#active === loaded) this.#active = undefined;
    loaded.onIdle = undefined;
    loaded.running.cutAll();
    runFini(loaded, this.log, (words) => this.issueBan(words));
    loaded.peers.close();
    loaded.graph.close();
    this.#configs.delete(key);
    // Without a config there is no tunnel, and its timer would keep the process alive.
    if (this.#configs.size === 0) this.silence.close();
    this.#forgetBackendsOf(loaded);
    this.#planSweep();
    this.#planLurker();
  }

  startPeerThread(config: ConfigKey, peer: string, thread: number): void {
    const loaded = this.#configs.get(config);
    if (loaded !== undefined) loaded.peers.startThread(peer, thread);
    else this.#facts.tell({ type: 'peer.thread-ended', config, peer, thread, reason: undefined });
  }

  endPeerThread(config: ConfigKey, peer: string, thread: number): void {
    this.#configs.get(config)?.peers.endThread(peer, thread);
  }

  stats(identity: Identity): BackendRecord | undefined {
    return this.#records.get(identity);
  }

  figures(): DataPlaneFigures {
    const backends = new Map<Identity, BackendStats>();
    for (const identity of this.#declared()) backends.set(identity, neverAsked);
    for (const [identity, record] of this.#records) backends.set(identity, record.stats());
    const peers = [...this.#configs.values()].flatMap((loaded) => loaded.peers.figures());
    return {
      traffic: this.traffic.stats(),
      backends,
      peers,
      saints: this.saints.figures(),
      cache: this.store?.figures(),
    };
  }

  failures(): readonly FailedRequest[] {
    return this.failedRequests?.list() ?? [];
  }

  get onFailedRequest(): ((report: FailedRequest) => void) | undefined {
    return this.failedRequests?.onAdded;
  }

  set onFailedRequest(receiver: ((report: FailedRequest) => void) | undefined) {
    if (this.failedRequests !== undefined) this.failedRequests.onAdded = receiver;
  }

  keepTimes(): void {
    this.#keepsTimes = true;
    this.traffic.keepDurations();
    for (const record of this.#records.values()) record.keepTimes();
  }

  label(labels: ReadonlyMap<string, ConfigKey>): void {
    this.#labels = labels;
  }

  labelled(label: string): LoadedConfig | undefined {
    const key = this.#labels.get(label);
    return key === undefined ? undefined : this.#configs.get(key);
  }

  busy(key: ConfigKey): number {
    return this.#configs.get(key)?.running.size ?? 0;
  }

  forgetObjects(): void {
    const { store } = this;
    if (store === undefined) return;
    const now = this.clock.wallNow();
    for (const key of store.keys()) {
      const entry = store.find(key);
      if (entry !== undefined) purgeEntry(store, entry, undefined, now);
    }
  }

  get xid(): number {
    return this.#requests;
  }

  set xid(xid: number) {
    this.#requests = xid;
  }

  nextXid(): number {
    return ++this.#requests;
  }

  record(identity: Identity): BackendRecord {
    let record = this.#records.get(identity);
    if (record === undefined) {
      record = new BackendRecord();
      if (this.#keepsTimes) record.keepTimes();
      this.#records.set(identity, record);
    }
    return record;
  }

  deny(identity: Identity, object: string, durationMs: number): void {
    const deadline = this.clock.now() + durationMs;
    const denial = this.saints.deny(identity, object, deadline);
    if (denial !== 'refused') this.#facts.tell({ type: 'saint.denied', identity, object, deadline });
    if (denial === 'refused' || denial === 'displaced') this.#saySaintsFull();
    this.#planSweep();
  }

  #createPeers(key: ConfigKey, config: Config, tell: (fact: Fact) => void): LoadedPeers {
    const { startPeerThread = noThreads, peerResults } = this.#options;
    const { clock, random, log } = this;
    return new LoadedPeers(config.peers ?? [], {
      config: key,
      clock,
      random,
      startThread: startPeerThread,
      tell,
      log: log?.peer?.bind(log),
      results: peerResults,
      nextOperation: () => ++this.#peerOperations,
      onQuiet: () => this.#configs.get(key)?.onIdle?.(),
    });
  }

  #saySaintsFull(): void {
    const config = this.#active?.key;
    if (this.#saidSaintsFull || config === undefined) return;
    this.#saidSaintsFull = true;
    const { listed } = this.saints.figures();
    const message = `the saint list is full with ${listed} entries: those that end soonest give way; raise saint_entries, or deny for shorter (this is said once)`;
    this.log?.line?.(config, undefined, message);
  }

  #loaded(key: ConfigKey): LoadedConfig {
    const loaded = this.#configs.get(key);
    if (loaded !== undefined) return loaded;
    throw new TroupeError('troupe.internal', `${key} is not loaded in this data plane`, { side: 'troupe' });
  }

  #retire(identity: Identity, retiredIn: number): void {
    this.#health.delete(identity);
    this.saints.forget(identity);
    // Or else requests in flight would be forgotten that `maxConnections` counts; they end with their config.
    if (this.#records.get(identity)?.inFlight === 0) this.#records.delete(identity);
    this.transport.retire(identity, () => {
      this.#facts.tell({ type: 'connections.closed', identity, retiredIn });
    });
  }

  /** A config that drains may have used backends after they had retired: what that left behind goes with it. */
  #forgetBackendsOf(ended: LoadedConfig): void {
    const declared = this.#declared();
    for (const { identity } of ended.backends) {
      if (declared.has(identity)) continue;
      this.#records.delete(identity);
      this.#health.delete(identity);
      this.saints.forget(identity);
      this.transport.retire(identity, () => {});
    }
  }

  #declared(): Set<Identity> {
    const declared = new Set<Identity>();
    for (const { backends } of this.#configs.values()) {
      for (const { identity } of backends) declared.add(identity);
    }
    return declared;
  }

  /**
   * Expired entries leave memory near their deadline; readers compare deadlines and need not wait for that. A
   * timer without a purpose would keep the process alive, so one is set only while there is a config.
   */
  #planSweep(): void {
    if (this.#configs.size === 0) this.#sweep.stop();
    else this.#sweep.plan();
  }

  /** A timer, too. */
  #planLurker(): void {
    if (this.#configs.size === 0) this.#lurker.stop();
    else this.#lurker.plan();
  }
}
