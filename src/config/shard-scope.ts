/** What hooks can change of the shard directors of one loaded config, by name. Errors are thrown. */
import type { ShardChoice, ShardParamDeclaration } from './shard-declaration.ts';

/** One call; `remove` by ident one instance, by target all of them. */
export type ShardMemberChange =
  | {
      readonly type: 'add';
      readonly target: string;
      /** Default: the target's name. */
      readonly ident?: string | undefined;
      /** Scales the replicas; at least 1. */
      readonly weight?: number | undefined;
      /** Milliseconds; default: the director's. */
      readonly rampupMs?: number | undefined;
    }
  | { readonly type: 'remove'; readonly target?: string | undefined; readonly ident?: string | undefined }
  | { readonly type: 'clear' };

export interface ShardScope {
  /**
   * Takes changes of membership in, in their order and all at once. VCL: what a task has asked for when
   * `xshard.reconfigure()` is called, or when it ends.
   *
   * @param replicas points of members added, times their weight. Default: the director's
   * @returns idents that were not added, because they were there already
   * @throws TroupeError unknown director or target, bad option, a director that would contain itself
   */
  change(
    director: string,
    changes: readonly ShardMemberChange[],
    replicas?: number | undefined,
  ): readonly string[];
  /** Members that a director has now. @throws TroupeError unknown director */
  size(director: string): number;
  /** VCL: `xshard.set_warmup()`. Of this data plane alone, so in init. @throws TroupeError */
  setWarmup(director: string, probability: number): void;
  /** VCL: `xshard.set_rampup()`. Of this data plane alone, so in init. @throws TroupeError */
  setRampup(director: string, ms: number): void;
  /** VCL: `xshard.associate()`. Of this data plane alone, so in init. @throws TroupeError */
  associate(director: string, param: ShardParamDeclaration | undefined): void;
  /** Replaces all options of a set. VCL: `shard_param.set()` and `.clear()` in vcl_init. */
  setParam(id: string, choice: ShardChoice): void;
}
