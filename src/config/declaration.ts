/**
 * What a config declares: plain data, the same whichever front end (TypeScript or VCL) it came from, and
 * the part of a config that crosses from the data plane to the control plane.
 * Names and defaults are varnishd's: vcl-backend(7), vcl-probe(7), vmod_directors(3), vmod_saintmode(3).
 */
import type { Place } from '../errors.ts';
import type { Addresses, Identity } from '../identity.ts';
import type { ProxyVersion } from '../proxy-header.ts';
import type { ShardDeclaration } from './shard-declaration.ts';

export interface ProbeDeclaration {
  /** Path asked for, when `request` is not given. */
  readonly url: string;
  /** The request's lines, without line ends, in place of the one made from `url`. */
  readonly request?: readonly string[];
  readonly expectedResponse: number;
  /** Milliseconds that one probe may take in all. */
  readonly timeoutMs: number;
  /** Milliseconds from the end of one probe to the start of the next. */
  readonly intervalMs: number;
  /** How many of the probes before the first count as good. */
  readonly initial: number;
  /** How many of the latest probes count; at most 64. */
  readonly window: number;
  /** How many of those must be good; at most `window`. */
  readonly threshold: number;
  /** Wait until the backend closes the connection before judging the answer. */
  readonly expectClose: boolean;
  /** As its backend's. */
  readonly proxyHeader?: ProxyVersion;
}

/** vcl-probe(7). `initial` defaults to one less than the threshold in force. */
export const probeDefaults = {
  url: '/',
  expectedResponse: 200,
  timeoutMs: 2_000,
  intervalMs: 5_000,
  window: 8,
  threshold: 3,
  expectClose: true,
} as const;

export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Limits and timeouts of a backend as one config declares them; milliseconds. */
export interface FetchLimits {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly betweenBytesTimeoutMs: number;
  /** Requests in flight to the identity, beyond which others wait or are refused. 0: no limit. */
  readonly maxConnections: number;
  /** How many may wait then; who comes later is refused. 0: nobody. */
  readonly waitLimit: number;
  /** Milliseconds that one of them waits. */
  readonly waitTimeoutMs: number;
}

/**
 * varnishd(1): parameters connect_timeout, first_byte_timeout, between_bytes_timeout, and in Varnish 7.6, which has
 * waiting (7.1 has not), backend_wait_limit and backend_wait_timeout.
 */
export const fetchLimitDefaults: FetchLimits = {
  connectTimeoutMs: 3_500,
  firstByteTimeoutMs: 60_000,
  betweenBytesTimeoutMs: 60_000,
  maxConnections: 0,
  waitLimit: 0,
  waitTimeoutMs: 30_000,
};

export interface BackendDeclaration {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Host sent where a request has none, and in probes. Default: the endpoint's host. */
  readonly hostHeader: string;
  readonly probe?: ProbeDeclaration;
  /** Version of the PROXY protocol with whose header each connection begins, and serves one request. Absent: none. */
  readonly proxyHeader?: ProxyVersion;
  /** What the config says; the rest comes from parameters, or from fetchLimitDefaults. */
  readonly limits: Partial<FetchLimits>;
  readonly place?: Place;
}

export type PolicyDeclaration =
  | { readonly kind: 'round_robin' }
  | { readonly kind: 'fallback'; readonly sticky: boolean }
  | { readonly kind: 'random' }
  | { readonly kind: 'hash' }
  | { readonly kind: 'least_connections' }
  | { readonly kind: 'peak_ewma'; readonly halfLifeMs: number }
  | ShardDeclaration;

export const peakEwmaDefaults = {
  /** Milliseconds after which a peak counts half: a backend that was slow is tried again within a minute. */
  halfLifeMs: 5_000,
} as const;

/** Whether members of weight 0 are never picked, and the others in proportion to their weights. */
export function sharesByWeight({ kind }: PolicyDeclaration): boolean {
  return kind === 'random' || kind === 'hash' || kind === 'least_connections' || kind === 'peak_ewma';
}

export interface MemberDeclaration {
  /** Name of a backend, a director or a saintmode object of the same config. */
  readonly target: string;
  /** Share of the traffic where `sharesByWeight`, and with shard, where it is at least 1. At least 0. */
  readonly weight: number;
  /** What shard tells it apart by, and places it on the ring by. Default: the target's name. */
  readonly ident?: string;
  /** Milliseconds after becoming healthy in which shard gives it less. Default: the director's. */
  readonly rampupMs?: number;
}

export interface DirectorDeclaration {
  readonly name: string;
  readonly policy: PolicyDeclaration;
  /** In order; the same target may stand here more than once. */
  readonly members: readonly MemberDeclaration[];
  /** Milliseconds in which a member that has become healthy comes to its full share. Absent: at once. */
  readonly slowStartMs?: number;
  /** Share of the members that must be healthy for health to count, from 0 to 1. Absent: it always counts. */
  readonly panicThreshold?: number;
  readonly place?: Place;
}

export interface SaintmodeDeclaration {
  readonly name: string;
  /** Name of the backend that it wraps. */
  readonly backend: string;
  /** Entries on the backend's list from which on it counts as sick for every object; 0 ignores the list. */
  readonly threshold: number;
  readonly place?: Place;
}

/** Somebody else's HTTP service that requests are repeated to, and nobody waits for. Source: vmod_peer. */
export interface PeerDeclaration {
  readonly name: string;
  /** undefined: each operation goes where its own Host field says, until `set` has been called. */
  readonly destination: { readonly host: string; readonly port: number } | undefined;
  readonly minThreads: number;
  readonly maxThreads: number;
  /** Milliseconds that an operation may take, from its first connection on. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Operations that may wait to be initiated. */
  readonly maxQueue: number;
  /** What happens when there are as many: the new one is refused, or the oldest is dropped. */
  readonly whenFull: 'refuse' | 'drop-oldest';
  /** How often an operation that failed is tried again. */
  readonly retries: number;
  readonly place?: Place;
}

/**
 * Threads: vmod_peer. It names no other defaults: the timeouts are a backend's (connect_timeout,
 * first_byte_timeout), and the queue takes some 10 MB when it is full.
 */
export const peerDefaults = {
  port: 80,
  minThreads: 1,
  maxThreads: 1,
  timeoutMs: fetchLimitDefaults.firstByteTimeoutMs,
  connectTimeoutMs: fetchLimitDefaults.connectTimeoutMs,
  maxQueue: 10_000,
  whenFull: 'refuse',
  retries: 0,
} as const;

/** Threads of one peer: an operation waits for its peer, not for a processor, but each thread has a heap. */
export const MOST_PEER_THREADS = 64;

/** A backend declaration once its host is known and its limits are complete. */
export interface ResolvedBackend extends Omit<BackendDeclaration, 'limits'> {
  readonly limits: FetchLimits;
  readonly identity: Identity;
  readonly addresses: Addresses;
}

/** Everything that the control plane needs to know of a loaded config. */
export interface ConfigDescription {
  readonly backends: readonly ResolvedBackend[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes: readonly SaintmodeDeclaration[];
  /** Where requests go unless a hook says otherwise: a name from the lists above. */
  readonly defaultTarget: string | undefined;
}
