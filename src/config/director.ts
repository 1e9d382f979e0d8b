/**
 * The directors: groups of backends, saintmode objects and other directors, with a policy that picks one of
 * those that are healthy for the request. Source: vmod_directors(3).
 */
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
   * @param weight share of the traffic, which only random and hash look at
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
export function roundRobin(members: readonly TargetHandle[]): DirectorHandle {
  const handle = new DirectorHandle('round_robin');
  recordCall(handle, captureCallSite(roundRobin), [copyOf(members)]);
  return handle;
}

/** The first healthy member of the list. VCL: `directors.fallback()`. */
export function fallback(members: readonly TargetHandle[], options: FallbackOptions = {}): DirectorHandle {
  const handle = new DirectorHandle('fallback');
  recordCall(handle, captureCallSite(fallback), [copyOf(members), options]);
  return handle;
}

/** Members by chance, in proportion to their weights. VCL: `directors.random()`. */
export function random(members: readonly (TargetHandle | WeightedMember)[]): DirectorHandle {
  const handle = new DirectorHandle('random');
  recordCall(handle, captureCallSite(random), [copyOf(members)]);
  return handle;
}

/** The same member for the same request hash, as long as it is healthy. VCL: `directors.hash()`. */
export function hash(members: readonly (TargetHandle | WeightedMember)[]): HashDirectorHandle {
  const handle = new HashDirectorHandle('hash');
  recordCall(handle, captureCallSite(hash), [copyOf(members)]);
  return handle;
}

/** A list that its maker changes later must not change the director. */
export function copyOf(members: unknown): unknown {
  return Array.isArray(members) ? [...members] : members;
}
