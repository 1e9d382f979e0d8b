/**
 * What request code can do with a shard director, by names: the whole of vmod_directors' `xshard`. Whoever
 * offers it as VCL keeps the changes of a task until `reconfigure()`, or the task's end, asks for them.
 */
import {
  MOST_SHARD_POINTS,
  type ShardParamDeclaration,
  shardDefaults,
} from '../../../config/shard-declaration.ts';
import type { ShardChange } from '../../../config/shard-members.ts';
import type { ShardMemberChange } from '../../../config/shard-scope.ts';
import type { PickRequest } from '../policy.ts';
import type { Target } from '../target.ts';
import type { TargetNode } from '../target-node.ts';
import type { NodeRingMember, ShardMemberOptions, ShardNode, ShardReport } from './shard-node.ts';

export interface ShardControl {
  /**
   * Takes changes of membership in, in their order and all at once: the next pick sees them. Members that are
   * added get their points now; those that are there keep what they have. VCL: `reconfigure(replicas)`.
   *
   * @param replicas default: the director's
   * @returns what is wrong, in which case nothing has changed; or what has changed
   */
  reconfigure(changes: readonly ShardMemberChange[], replicas?: number | undefined): ShardReport | string;
  /** Members now. */
  size(): number;
  /** VCL: `set_warmup()`. @returns what is wrong */
  setWarmup(probability: number): string | undefined;
  /** VCL: `set_rampup()`. @returns what is wrong */
  setRampup(ms: number): string | undefined;
  /** VCL: `associate()`. undefined: no parameter set any more. */
  associate(param: ShardParamDeclaration | undefined): void;
  /** The member picked, which may be a director or sick. VCL: `backend(resolve=NOW)`. */
  pick(request: PickRequest): Target | undefined;
}

/** @param find the node that a change names, or what is wrong with it as a member */
export function createShardControl(
  node: ShardNode,
  find: (target: string) => TargetNode | string,
): ShardControl {
  function resolveChange(
    change: ShardMemberChange,
    replicas: number | undefined,
  ): ShardChange<TargetNode, NodeRingMember> | string {
    if (change.type === 'clear') return change;
    if (change.type === 'remove') {
      if (change.target === undefined) {
        const { ident } = change;
        return ident === undefined
          ? 'what to remove is missing: a member or an ident'
          : { ...change, target: undefined };
      }
      const target = find(change.target);
      return typeof target === 'string' ? target : { ...change, target };
    }
    const target = find(change.target);
    if (typeof target === 'string') return target;
    const mistake = memberMistake(change);
    return mistake ?? { type: 'add', entry: node.member(target, change, replicas) };
  }

  return {
    reconfigure(changes, replicas) {
      if (replicas !== undefined && !(Number.isSafeInteger(replicas) && replicas >= 1)) {
        return `replicas is ${replicas}; use a whole number from 1, such as ${shardDefaults.replicas}`;
      }
      const resolved: ShardChange<TargetNode, NodeRingMember>[] = [];
      const added: NodeRingMember[] = [];
      for (const change of changes) {
        const one = resolveChange(change, replicas);
        if (typeof one === 'string') return one;
        resolved.push(one);
        if (one.type === 'add') added.push(one.entry);
      }
      const points = added.length === 0 ? 0 : node.pointsWith(added);
      if (points > MOST_SHARD_POINTS) return tooManyPoints(points);
      return node.reconfigure(resolved);
    },

    size: () => node.ringMembers.length,

    setWarmup(probability) {
      const mistake = warmupMistake(probability);
      if (mistake === undefined) node.setWarmup(probability);
      return mistake;
    },

    setRampup(ms) {
      const mistake = rampupMistake(ms);
      if (mistake === undefined) node.setRampup(ms);
      return mistake;
    },

    associate: (param) => node.associate(param),
    pick: (request) => node.pick(request),
  };
}

/** What is wrong with how a member is added, if anything is. */
export function memberMistake({ weight, rampupMs }: ShardMemberOptions): string | undefined {
  if (weight !== undefined && !(weight >= 1 && weight < Number.POSITIVE_INFINITY)) {
    return `weight is ${weight}; a shard director takes numbers from 1`;
  }
  return rampupMs === undefined ? undefined : rampupMistake(rampupMs);
}

function warmupMistake(probability: number): string | undefined {
  if (probability >= 0 && probability < 1) return undefined;
  return `warmup is ${probability}; use a number from 0, which is none, and below 1`;
}

function rampupMistake(ms: number): string | undefined {
  if (ms >= 0 && ms < Number.POSITIVE_INFINITY) return undefined;
  return `rampup is ${ms} ms; use a duration from 0, which is none`;
}

function tooManyPoints(points: number): string {
  return `its ring would have ${points} points, and the limit is ${MOST_SHARD_POINTS}; use fewer replicas or lower weights`;
}
