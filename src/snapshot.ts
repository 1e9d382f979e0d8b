/**
 * What the control plane publishes to a data plane: one full copy first, then deltas. Plain data, so it can
 * cross a process boundary. Health and the active config come in one message, so they never change separately.
 */
import type { ConfigKey } from './config-key.ts';
import type { Identity } from './identity.ts';

/** What a poller last concluded. `unprobed`: it has a probe, but no result yet. */
export type PolledHealth = 'unprobed' | 'healthy' | 'sick';

/** What an operator last ordered. `drain`: no new requests, running ones live. */
export type Override = 'auto' | 'healthy' | 'sick' | 'drain';

export interface BackendHealth {
  readonly polled: PolledHealth;
  /** Whether the poller's window holds enough good results; with `initial`, an unprobed backend can pass. */
  readonly passing: boolean;
  readonly override: Override;
  /**
   * When `passing` or `override` last changed, in milliseconds of the clock, or the backend was first published.
   * Absent: longer ago than anybody cares.
   */
  readonly changedAt?: number;
}

/** No object: all that were listed for the identity. */
export interface LiftedSaints {
  readonly identity: Identity;
  readonly object?: string | undefined;
}

export interface SnapshotDelta {
  /** Counts publications, from 1, without gaps. */
  readonly version: number;
  /** Present when it changed. */
  readonly active?: ConfigKey;
  /** Identities that are new or whose health changed. */
  readonly health: ReadonlyMap<Identity, BackendHealth>;
  /** Saint entries that an operator lifted before their time. */
  readonly lifted?: readonly LiftedSaints[];
  /** Identities that no config counts for any more. */
  readonly retired: readonly Identity[];
  /** For each data plane, the number of its last fact that this snapshot contains. */
  readonly facts: Readonly<Record<string, number>>;
}

/** The immutable view that results from all deltas so far. */
export interface Snapshot {
  readonly version: number;
  readonly active: ConfigKey | undefined;
  readonly health: ReadonlyMap<Identity, BackendHealth>;
  readonly facts: Readonly<Record<string, number>>;
}

/**
 * Whether a declaration may be used for new requests. A declaration without a probe is healthy for its own
 * config, whatever another's poller says, unless an operator says otherwise.
 *
 * @param health undefined: the control plane has not published the identity yet
 */
export function isUsable(health: BackendHealth | undefined, hasProbe: boolean): boolean {
  if (health === undefined) return !hasProbe;
  switch (health.override) {
    case 'healthy':
      return true;
    case 'sick':
    case 'drain':
      return false;
    case 'auto':
      return hasProbe ? health.passing : true;
    default:
      return health.override satisfies never;
  }
}
