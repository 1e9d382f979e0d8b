/**
 * What the life of a request needs from the data plane around it.
 */
import type { Clock } from '../../clock.ts';
import type { SaintList } from '../../compact/saint-list.ts';
import type { Identity } from '../../identity.ts';
import type { BanList } from '../cache/ban-list.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import type { SilenceWatch } from '../fetch/silence-watch.ts';
import type { Transport } from '../fetch/transport.ts';
import type { BackendRecord } from './backend-record.ts';
import type { FailedRequests } from './failed-requests.ts';
import type { LoadedConfig } from './loaded-config.ts';
import type { RequestLog } from './request-log.ts';
import type { RequestReport } from './request-report.ts';
import type { Traffic } from './traffic.ts';

export interface RequestLimits {
  /** varnishd(1): parameter max_restarts. */
  readonly maxRestarts: number;
  /** varnishd(1): parameter max_retries. */
  readonly maxRetries: number;
  /** Bytes of a request's body that are kept for a retry or a restart. */
  readonly replayableBodyBytes: number;
  /**
   * Milliseconds without a byte from either side after which a tunnel ends; varnishd(1): parameter pipe_timeout. As
   * there, 0 grants no silence at all. From 25 days on, and with Infinity, there is no limit.
   */
  readonly pipeTimeoutMs: number;
  /** Pipes at a time, upgrades not counted; those beyond get 503. 0: no bound. varnishd(1): parameter pipe_sess_max. */
  readonly mostPipes: number;
  /** Milliseconds that a fetch for the cache may go on without an answer when nobody waits for it any more. */
  readonly abandonedFetchTimeoutMs: number;
  /**
   * Objects that may give way for each piece of one that needs place; if they are not enough, it is not kept.
   * varnishd(1): parameter nuke_limit, which is 50 there.
   */
  readonly mostEvictions: number;
}

export const requestLimitDefaults: RequestLimits = {
  maxRestarts: 4,
  maxRetries: 4,
  replayableBodyBytes: 64 * 1024,
  pipeTimeoutMs: 60_000,
  mostPipes: 0,
  abandonedFetchTimeoutMs: 10_000,
  mostEvictions: Number.POSITIVE_INFINITY,
};

export interface RequestEnvironment {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** undefined: nobody reads, so nothing is built. */
  readonly log: RequestLog | undefined;
  /** The log's receiver of reports; undefined: it has none. */
  readonly access: ((report: RequestReport) => void) | undefined;
  /** undefined: they are not kept. */
  readonly failedRequests: FailedRequests | undefined;
  /** Whether there is somebody to read what there is to tell of a request. */
  readonly keepsStories: boolean;
  readonly traffic: Traffic;
  readonly limits: RequestLimits;
  /** Of tunnels. */
  readonly silence: SilenceWatch;
  readonly saints: SaintList;
  /** undefined: nothing is kept. */
  readonly store: ObjectStore | undefined;
  /** Those of the cache, whatever config issued them. */
  readonly bans: BanList;
  /**
   * Issues a ban.
   *
   * @returns what is wrong with its words; undefined: from now on it holds
   */
  issueBan(words: readonly string[]): string | undefined;
  /** The config that a label points to. */
  labelled(label: string): LoadedConfig | undefined;
  /** Numbers requests, from 1. */
  nextXid(): number;
  /** The counters of a backend, whatever config asks. */
  record(identity: Identity): BackendRecord;
  /** Puts an object on the saint list at once, and tells the control plane later. */
  deny(identity: Identity, object: string, durationMs: number): void;
}
