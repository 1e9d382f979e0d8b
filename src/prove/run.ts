/**
 * What a run has come to: everything that can be seen of a world from outside, in the order in which it happened.
 * Plain data for invariants, stories and tests. Times are milliseconds of simulated time, counted from the moment
 * at which the config was in use.
 */
import type { Config } from '../config/config.ts';
import type { ConfigDescription, ProbeDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import type { PeerResult } from '../proxy/peer/peer-operation.ts';
import type { HookMistake, RequestReport } from '../proxy/request/request-report.ts';
import type { AnswerState } from '../simulation/exchange.ts';
import type { BackendHealth } from '../snapshot.ts';
import type { ActorSteps } from './actor-steps.ts';
import type { Act } from './scenario.ts';

/** Milliseconds that a run goes on after its last event, if something is under way. Nobody waits longer. */
export const LONGEST_WAIT_MS = 10 * 60_000;

/** A request of a client, and what it got. */
export interface RequestRecord {
  /** Counts requests of a run from 1. */
  readonly number: number;
  readonly at: number;
  readonly method: string;
  readonly url: string;
  /** The field Host, as it was sent. */
  readonly host: string;
  /** name, value, name, value, ... as they were sent. */
  readonly fields: readonly string[];
  /** IP address. */
  readonly client: string;
  /** Which event of the scenario it belongs to; undefined: a peer sent it. */
  readonly event: number | undefined;
  endedAt: number | undefined;
  /** 0: it got none. */
  status: number;
  state: AnswerState;
  /** Which backend wrote the body, and when, in milliseconds; undefined: none did. */
  written: { readonly backend: string; readonly at: number; readonly number: number } | undefined;
  /** Whether it was served from the cache, at least in part. */
  isCached: boolean;
  /** What the proxy tells of it at its end. */
  report: RequestReport | undefined;
  /** Backends that took no more requests when it failed; empty if it did not. */
  full: readonly Identity[];
}

/** A backend's health as requests see it. */
export interface HealthChange {
  readonly at: number;
  readonly identity: Identity;
  /** undefined: it was not known. */
  readonly before: BackendHealth | undefined;
  /** undefined: it is known no more. */
  readonly after: BackendHealth | undefined;
}

/** A request that the data plane sends to a backend, for a client or for its cache. */
export interface AskRecord {
  readonly at: number;
  readonly identity: Identity;
  readonly method: string;
  readonly url: string;
  readonly host: string;
}

export interface CommandRecord {
  readonly at: number;
  readonly what: string;
  /** Why it was refused; undefined: it was carried out. */
  readonly refusal: string | undefined;
}

export interface ActRecord {
  readonly at: number;
  /** Its place in the scenario. */
  readonly event: number;
  readonly act: Act;
}

export interface FaultEnd {
  readonly at: number;
  readonly event: number;
}

export interface HookFailure extends HookMistake {
  readonly at: number;
}

/** Something that Troupe itself should not have done. */
export interface Breach {
  readonly at: number;
  readonly what: string;
}

/** One probe of one backend. */
export interface ProbeRecord {
  at: number;
  readonly identity: Identity;
  readonly probe: ProbeDeclaration;
  /** undefined: it was called off, or is under way. */
  endedAt: number | undefined;
  isHappy: boolean | undefined;
}

/** An answer that hooks have let into the cache, or not. Durations are milliseconds. */
export interface StoreRecord {
  readonly at: number;
  /** Path and query, as hooks have left them. */
  readonly url: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly isKept: boolean;
  /** Whether a hook has given it this grace. */
  readonly isGraceSet: boolean;
}

export interface MemberCount {
  readonly director: string;
  readonly before: number;
  readonly after: number;
}

export interface Run {
  readonly config: Config;
  /** As it was declared, members added by init included. */
  readonly description: ConfigDescription;
  /** Configs by the key that reports have. */
  readonly descriptions: ReadonlyMap<ConfigKey, ConfigDescription>;
  readonly acts: readonly ActRecord[];
  readonly faultEnds: readonly FaultEnd[];
  readonly requests: readonly RequestRecord[];
  readonly asks: readonly AskRecord[];
  readonly health: readonly HealthChange[];
  readonly probes: readonly ProbeRecord[];
  readonly stored: readonly StoreRecord[];
  /** Whether the config purges softly somewhere. */
  readonly isPurgingSoftly: boolean;
  readonly commands: readonly CommandRecord[];
  readonly hookFailures: readonly HookFailure[];
  readonly peerResults: readonly PeerResult[];
  /** Operations of peers that had not ended at the end. */
  readonly peersPending: number;
  readonly breaches: readonly Breach[];
  readonly members: readonly MemberCount[];
  /** What the actors of the control plane did. */
  readonly steps: ActorSteps;
  readonly endedAt: number;
}
