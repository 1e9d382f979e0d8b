/**
 * The directors: groups of backends, saintmode objects and other directors, with a policy that picks one of
 * those that are healthy for the request. Source: vmod_directors(3).
 */

import type { Duration } from '../duration.ts';
import type { BackendHandle } from './backend.ts';
import { captureCallSite } from './call-site.ts';
import type { PolicyDeclaration } from './declaration.ts';
import { Handle, recordCall } from './handle.ts';
import { currentScope } from './hook-scope.ts';
import type { BackendRef } from './hooks.ts';
import type { SaintmodeHandle } from './saintmode.ts';

/** What a request can be sent to. */
export type TargetHandle = BackendHandle | SaintmodeHandle | DirectorHandle;

/** A member that gets another share of the traffic than 1. */
export interface WeightedMember {
  readonly target: TargetHandle;
  /** A number from 0. Default: 1. */
  readonly weight?: number | undefined;
}

export interface FallbackOptions {
  /** Stay with a member until it becomes sick, even when a better one has returned. Default: false. */
  readonly sticky?: boolean | undefined;
}

export interface PanicOptions {
  /**
   * Share of the members that must be healthy, from 0 to 1. With fewer, health is ignored and all of them are
   * picked from: better that some requests fail than that all go to the few that are left. Who is not asked even
   * then: backends that an operator has set to sick or drain, and what saintmode denies. Default: health always
   * counts.
   */
  readonly panicThreshold?: number | undefined;
}

export interface SlowStartOptions extends PanicOptions {
  /**
   * For how long a member that has become healthy gets less than its share: a tenth at first, all of it in the
   * end. Members that became healthy together share as always. Default: all of it at once.
   */
  readonly slowStart?: Duration | undefined;
}

export interface PeakEwmaOptions extends SlowStartOptions {
  /** Time after which a response time counts half. Default: '5s'. */
  readonly halfLife?: Duration | undefined;
}

export class DirectorHandle extends Handle {
  readonly kind = 'director';
  readonly policy: PolicyDeclaration['kind'];

  constructor(policy: PolicyDeclaration['kind']) {
    super();
    this.policy = policy;
  }

  /**
   * Adds a member at the end of the list; the same one may stand there more than once. In hooks only, and at
   * once: the next pick sees it.
   *
   * @param weight share of the traffic; it has no meaning for roundRobin and fallback
   * @throws TroupeError outside a hook, or if the director would contain itself
   */
  addBackend(target: TargetHandle, weight = 1): void {
    currentScope('addBackend').addMember(this.name, target.name, weight);
  }

  /** Removes the first such member. In hooks only. @throws TroupeError outside a hook */
  removeBackend(target: TargetHandle): void {
    currentScope('removeBackend').removeMember(this.name, target.name);
  }
}

export class HashDirectorHandle extends DirectorHandle {
  /**
   * The member that a key of one's own leads to, instead of the request hash. For `req.backend` and
   * `bereq.backend`. Several keys count as one text.
   */
  backend(...key: readonly string[]): BackendRef {
    return { name: this.name, key: key.join('') };
  }
}

/** Members in turn. VCL: `directors.round_robin()`. */
export function roundRobin(members: readonly TargetHandle[], options: PanicOptions = {}): DirectorHandle {
  const handle = new DirectorHandle('round_robin');
  recordCall(handle, captureCallSite(roundRobin), [copyOf(members), options]);
  return handle;
}

/** The first healthy member of the list. VCL: `directors.fallback()`. */
export function fallback(members: readonly TargetHandle[], options: FallbackOptions = {}): DirectorHandle {
  const handle = new DirectorHandle('fallback');
  recordCall(handle, captureCallSite(fallback), [copyOf(members), options]);
  return handle;
}

/** Members by chance, in proportion to their weights. VCL: `directors.random()`. */
export function random(
  members: readonly (TargetHandle | WeightedMember)[],
  options: SlowStartOptions = {},
): DirectorHandle {
  const handle = new DirectorHandle('random');
  recordCall(handle, captureCallSite(random), [copyOf(members), options]);
  return handle;
}

/** The same member for the same request hash, as long as it is healthy. VCL: `directors.hash()`. */
export function hash(
  members: readonly (TargetHandle | WeightedMember)[],
  options: PanicOptions = {},
): HashDirectorHandle {
  const handle = new HashDirectorHandle('hash');
  recordCall(handle, captureCallSite(hash), [copyOf(members), options]);
  return handle;
}

/**
 * The member with the fewest requests of this director in flight, for its weight; members with equally many in
 * turn. A tunnel counts until it closes.
 */
export function leastConnections(
  members: readonly (TargetHandle | WeightedMember)[],
  options: SlowStartOptions = {},
): DirectorHandle {
  const handle = new DirectorHandle('least_connections');
  recordCall(handle, captureCallSite(leastConnections), [copyOf(members), options]);
  return handle;
}

/**
 * Of two members drawn by weight, the one that answers sooner: by the time to the first byte, averaged in a way
 * that follows a rise at once and a fall slowly, and by the requests that it has in flight. A failure counts as
 * slow. What was never asked is asked.
 */
export function peakEwma(
  members: readonly (TargetHandle | WeightedMember)[],
  options: PeakEwmaOptions = {},
): DirectorHandle {
  const handle = new DirectorHandle('peak_ewma');
  recordCall(handle, captureCallSite(peakEwma), [copyOf(members), options]);
  return handle;
}

/** A list that its maker changes later must not change the director. */
export function copyOf(members: unknown): unknown {
  return Array.isArray(members) ? [...members] : members;
}
