/**
 * Which config a hook runs for. A handle (`app.addBackend(b)`) is one value, however often its config is
 * loaded; what it changes is the instance whose hook is running, and that is known here.
 *
 * Hooks are synchronous and never run inside one another, but a fini hook may run while another config's hook
 * is on the stack, so whoever enters gives back what it found. Cost: two assignments a hook.
 */
import { TroupeError } from '../errors.ts';
import type { PeerControl } from './peer-control.ts';
import type { ShardScope } from './shard-scope.ts';

/** What hooks can change of one loaded config: the membership of its directors, and its peers. */
export interface HookScope {
  /**
   * Adds a member at the end of a director's list; the same one may stand there more than once.
   *
   * @throws TroupeError unknown director or target, bad weight, a director that would contain itself
   */
  addMember(director: string, target: string, weight: number): void;
  /**
   * Removes the first such member. One that is not there is no mistake.
   *
   * @throws TroupeError unknown director or target
   */
  removeMember(director: string, target: string): void;
  /** What only shard directors can do. */
  readonly shards: ShardScope;
  /** Objects that are denied to the backend of a saintmode object now. @throws TroupeError unknown object */
  saintCount(saintmode: string): number;
  /** @throws TroupeError unknown peer */
  peer(name: string): PeerControl;
}

let current: HookScope | undefined;

/**
 * To be called just before a hook of a config.
 *
 * @returns what leaveHook takes
 */
export function enterHook(scope: HookScope): HookScope | undefined {
  const previous = current;
  current = scope;
  return previous;
}

/** To be called just after, in a `finally`. */
export function leaveHook(previous?: HookScope | undefined): void {
  current = previous;
}

/**
 * The scope of the hook that is running.
 *
 * @param call what was tried, for the sentence: 'addBackend'
 * @throws TroupeError `troupe.outside-hook`
 */
export function currentScope(call: string): HookScope {
  if (current !== undefined) return current;
  throw new TroupeError(
    'troupe.outside-hook',
    `${call}() was called outside a hook, where no loaded config is known that it could change. Call it in init(), which runs once for each loading, or in a hook that runs with a request.`,
    { side: 'troupe' },
  );
}
