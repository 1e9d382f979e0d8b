/**
 * The data plane as the wiring sees it: what it is told and what it tells. Nothing but plain data crosses,
 * apart from `load`, which each data plane does for itself because functions cannot cross.
 */
import type { SaintFigures } from '../compact/saint-list.ts';
import type { Config } from '../config/config.ts';
import type { ConfigDescription, FetchLimits, ResolvedBackend } from '../config/declaration.ts';
import type { PurgeOptions } from '../config/hooks.ts';
import type { ConfigKey } from '../config-key.ts';
import type { FactBatch } from '../facts.ts';
import type { Identity } from '../identity.ts';
import type { SnapshotDelta } from '../snapshot.ts';
import type { BanSettings } from './cache/ban-settings.ts';
import type { CacheDefaults } from './cache/cache-terms.ts';
import type { StoreFigures } from './cache/object-store.ts';
import type { ExchangeHandler } from './http/exchange.ts';
import type { FetchExchange } from './http/fetch-exchange.ts';
import type { PeerFigures } from './peer/running-peer.ts';
import type { BackendStats } from './request/backend-record.ts';
import type { RequestLimits } from './request/environment.ts';
import type { FailedRequest } from './request/request-report.ts';
import type { TrafficStats } from './request/traffic.ts';

export interface DataPlaneFigures {
  readonly traffic: TrafficStats;
  /** Of each backend that a loaded config declares or that a draining one still uses. */
  readonly backends: ReadonlyMap<Identity, BackendStats>;
  /** Of each loaded config, in the order of their loading. */
  readonly peers: readonly PeerFigures[];
  readonly saints: SaintFigures;
  /** undefined: nothing is kept. */
  readonly cache: StoreFigures | undefined;
}

/** A ban as people see it. */
export interface IssuedBan {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What refers to it: objects that were tested up to it, and fetches that began when it was the newest. */
  readonly holders: number;
  /** Whether it need not be tested any more. */
  readonly isCompleted: boolean;
  /** Its conditions, while it is not. */
  readonly text: string;
}

export interface DataPlane {
  /**
   * Takes a config in and runs its init hook, without serving it yet.
   *
   * @param backends the config's backends with their addresses, in the order of `config.backends`
   * @returns what the control plane needs to know, as it is after init
   * @throws TroupeError `config.hook-failed`, `config.hook-async`: nothing of the config stays behind
   */
  load(key: ConfigKey, config: Config, backends: readonly ResolvedBackend[]): ConfigDescription;

  /**
   * Takes what is stored under one request hash out of use, what is on its way included.
   *
   * @param parts what is hashed; by default the URL and the Host in lower case
   * @returns how many objects that were
   */
  purge(parts: readonly string[], options?: PurgeOptions): number;

  /**
   * Issues a ban: whatever its conditions hold of is not served any more, wherever it came from.
   *
   * @param words of its conditions: three for each, `&&` between them
   * @returns what is wrong with them; undefined: from now on it holds
   */
  issueBan(words: readonly string[]): string | undefined;

  /** The bans, the newest first. */
  listBans(): readonly IssuedBan[];

  /** Says to which configs labels point. */
  label(labels: ReadonlyMap<string, ConfigKey>): void;

  /** Takes everything out of the cache. */
  forgetObjects(): void;

  /** The number that the last request got. */
  xid: number;

  /** How many requests are on a config now. */
  busy(key: ConfigKey): number;

  /**
   * Changes limits of requests, for how long answers are kept where nobody says it, how bans are dealt with, and limits of
   * fetches of which declarations say nothing.
   */
  adjust(
    limits: Partial<RequestLimits>,
    cacheDefaults: Partial<CacheDefaults>,
    banSettings: Partial<BanSettings>,
    fetchLimits: Partial<FetchLimits>,
  ): void;

  /** Takes a delta in: one assignment, between two requests. */
  apply(delta: SnapshotDelta): void;

  /** From now on reports `config.drained` as soon as no request is left on it, and no operation of its peers. */
  drain(key: ConfigKey): void;

  /** Ends a config: what is still running on it is cut, its fini hook runs, and it is forgotten. */
  end(key: ConfigKey): void;

  /** Starts a worker thread for a peer; reports `peer.thread-started`, and `peer.thread-ended` in any case. */
  startPeerThread(config: ConfigKey, peer: string, thread: number): void;

  /** Ends one, after the operation that it has in hand. */
  endPeerThread(config: ConfigKey, peer: string, thread: number): void;

  /** Serves one request. */
  readonly handle: ExchangeHandler;

  /**
   * Makes a request of this process's own.
   *
   * @param target whom to ask: name of a backend, director or saintmode object; undefined: the config's default
   */
  fetch(exchange: FetchExchange, target: string | undefined): void;

  /** Counters of a backend in this data plane; undefined if it has not been asked yet. */
  stats(identity: Identity): BackendStats | undefined;

  /** All counters of this data plane, as they are now. */
  figures(): DataPlaneFigures;

  /** The requests that failed last, the oldest first. */
  failures(): readonly FailedRequest[];

  /** Called with each request that has failed, if failed requests are kept; it must not throw. */
  onFailedRequest: ((report: FailedRequest) => void) | undefined;

  /** From now on counts how long requests and backends take, too. */
  keepTimes(): void;

  /** Called with each batch of facts, never within a call to this interface. */
  onFacts: ((batch: FactBatch) => void) | undefined;
}
