/**
 * The shard director: consistent hashing, so that only the keys of a member that comes or goes move. Source:
 * vmod_directors(3), shard.
 */
import type { Duration } from '../duration.ts';
import { shardKey } from '../shard-key.ts';
import { captureCallSite } from './call-site.ts';
import { copyOf, DirectorHandle, type TargetHandle } from './director.ts';
import { recordCall } from './handle.ts';
import { currentScope } from './hook-scope.ts';
import type { BackendRef } from './hooks.ts';
import { readShardMember } from './read-shard.ts';
import type { ShardChoice, ShardHealth, ShardParamDeclaration } from './shard-declaration.ts';
import { readShardUse, type ShardParamUse, type ShardUse } from './shard-use.ts';

/** How a member stands on the ring. */
export interface ShardMemberOptions {
  /**
   * What is hashed for its points. Default: its name. The same backend may be there under several idents, and a
   * backend that takes over another's ident takes over its keys.
   */
  readonly ident?: string | undefined;
  /** Scales the number of its points, and so its share of the keys; at least 1. Default: 1. */
  readonly weight?: number | undefined;
  /** For how long it gets less after it has become healthy. Default: the director's `rampup`. */
  readonly rampup?: Duration | undefined;
}

export interface ShardMember extends ShardMemberOptions {
  readonly target: TargetHandle;
}

export interface ShardOptions {
  /** Points on the ring for a member of weight 1: more share more evenly, and take more memory. Default: 67. */
  readonly replicas?: number | undefined;
  /**
   * For how long a member that has become healthy gets less than its share: requests go to the next alternative
   * with a probability that falls to 0 in this time. Default: 0, no rampup.
   */
  readonly rampup?: Duration | undefined;
  /** Share of the requests that goes to the next alternative, from 0, the default, to below 1. */
  readonly warmup?: number | undefined;
  /** What places a request on the ring: its hash, the default, or the URL that the backend is asked for. */
  readonly by?: 'hash' | 'url' | undefined;
  /** As in `backend()`. */
  readonly alt?: number | undefined;
  /** As in `backend()`. */
  readonly healthy?: ShardHealth | undefined;
  /** Options for what is left out here, shared with other directors. VCL: `xshard.associate()`. */
  readonly param?: ShardParamHandle | undefined;
}

export class ShardDirectorHandle extends DirectorHandle {
  /**
   * This director with options for one request: `req.backend = app.backend({ key: user })`, or in backendFetch
   * `bereq.backend = app.backend({ alt: bereq.retries, healthy: 'all' })`. The member is picked when the fetch
   * begins, and anew for each retry. VCL: `xshard.backend()`.
   *
   * @throws TroupeError `config.invalid`
   */
  backend(use: ShardUse = {}): BackendRef {
    return { name: this.name, shard: readShardUse(use, 'backend()') };
  }

  /** The key of a text, for `backend({ key })`: the same as the text itself. Several count as one text. */
  key(...texts: readonly string[]): number {
    return shardKey(...texts);
  }

  /**
   * Adds a member; nothing happens if its ident is there already. In hooks only, and at once: the next pick sees
   * it.
   *
   * @param options or a weight
   * @throws TroupeError outside a hook, for a bad option, or if the director would contain itself
   */
  override addBackend(target: TargetHandle, options: ShardMemberOptions | number = {}): void {
    const member = readShardMember(typeof options === 'number' ? { weight: options } : options);
    currentScope('addBackend').shards.change(this.name, [{ type: 'add', target: target.name, ...member }]);
  }

  /**
   * Removes every instance of a member, or the one with an ident. In hooks only.
   *
   * @throws TroupeError outside a hook
   */
  override removeBackend(which: TargetHandle | { readonly ident: string }): void {
    const change = 'ident' in which ? { ident: which.ident } : { target: which.name };
    currentScope('removeBackend').shards.change(this.name, [{ type: 'remove', ...change }]);
  }

  /** Removes all members. In hooks only. @throws TroupeError outside a hook */
  clear(): void {
    currentScope('clear').shards.change(this.name, [{ type: 'clear' }]);
  }
}

/** Options that several shard directors share: `shard([...], { param })`. */
export class ShardParamHandle implements ShardParamDeclaration {
  readonly id: string;
  readonly choice: ShardChoice;

  constructor(id: string, choice: ShardChoice) {
    this.id = id;
    this.choice = choice;
  }
}

/** Unique within the process, and never a director's name, which has no colon. */
let params = 0;

/**
 * A parameter set: options for every shard director that names it. Request code changes it for its own request
 * alone, also for directors inside other directors:
 * `backendFetch({ bereq }) { bereq.shard(retry, { alt: bereq.retries, healthy: 'all' }); }`.
 * VCL: `directors.shard_param()`.
 *
 * @throws TroupeError `config.invalid`
 */
export function shardParam(use: ShardParamUse = {}): ShardParamHandle {
  return new ShardParamHandle(`param:${++params}`, readShardUse(use, 'shardParam()'));
}

/**
 * A member by consistent hashing: the same one for the same key as long as it is healthy, and when it is not,
 * the next one along the ring. VCL: `directors.shard()`.
 */
export function shard(
  members: readonly (TargetHandle | ShardMember)[],
  options: ShardOptions = {},
): ShardDirectorHandle {
  const handle = new ShardDirectorHandle('shard');
  recordCall(handle, captureCallSite(shard), [copyOf(members), options]);
  return handle;
}
