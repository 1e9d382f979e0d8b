/**
 * A shard director as the target of requests. Its members are told apart by ident, so the same target may be
 * there several times; they come and go in batches, as `xshard.reconfigure()` applies them.
 */
import type { DirectorDeclaration, MemberDeclaration } from '../../../config/declaration.ts';
import {
  MOST_SHARD_POINTS,
  type ShardDeclaration,
  type ShardParamDeclaration,
} from '../../../config/shard-declaration.ts';
import { changeMembers, type ShardChange } from '../../../config/shard-members.ts';
import { DirectorNode } from '../director-target.ts';
import type { TargetNode } from '../target-node.ts';
import { knownPoints, ringPoints } from './ring-points.ts';
import type { ShardParams } from './shard-params.ts';
import { type RingMember, ShardRule } from './shard-rule.ts';

export interface NodeRingMember extends RingMember {
  readonly target: TargetNode;
}

/** What a member is added with. */
export interface ShardMemberOptions {
  /** Default: the target's name. */
  readonly ident?: string | undefined;
  /** Scales the replicas; at least 1. */
  readonly weight?: number | undefined;
  /** Milliseconds; default: the director's. */
  readonly rampupMs?: number | undefined;
}

/** What a batch has come to. */
export interface ShardReport {
  readonly added: readonly NodeRingMember[];
  readonly removed: readonly NodeRingMember[];
  /** Not added, because their ident was there already. */
  readonly skipped: readonly NodeRingMember[];
}

export class ShardNode extends DirectorNode {
  readonly #rule: ShardRule;
  readonly #policy: ShardDeclaration;
  readonly #idents = new Set<string>();
  #ringMembers: NodeRingMember[] = [];

  constructor(
    declaration: DirectorDeclaration,
    policy: ShardDeclaration,
    params: ShardParams,
    now: () => number,
  ) {
    const rule = new ShardRule(declaration.name, policy, params, now);
    super(declaration, rule, now);
    this.#rule = rule;
    this.#policy = policy;
  }

  /** The ring keeps to who is healthy, and `healthy: 'ignore'` is its own way not to. */
  protected override get canIgnoreHealth(): boolean {
    return false;
  }

  /** The members, in varnishd's order. */
  get ringMembers(): readonly NodeRingMember[] {
    return this.#ringMembers;
  }

  /** A member for a batch, with the points that it gets. */
  member(
    target: TargetNode,
    { ident, weight = 1, rampupMs }: ShardMemberOptions,
    replicas = this.#policy.replicas,
  ): NodeRingMember {
    const name = ident === undefined || ident === '' ? target.name : ident;
    const points = Math.min(Math.trunc(replicas * weight), MOST_SHARD_POINTS);
    return {
      target,
      weight,
      ident: name,
      rampupMs,
      replicas: points,
      points: knownPoints(name, points),
    };
  }

  /** Adds at the end; nothing if the ident is there already. Cost: O(1), and a new ring at the next pick. */
  override add(target: TargetNode, weight: number, options: Omit<ShardMemberOptions, 'weight'> = {}): void {
    const member = this.member(target, { ...options, weight });
    if (this.#idents.has(member.ident)) return;
    this.#idents.add(member.ident);
    this.#ringMembers.push(member);
    this.#rule.use(this.#ringMembers);
    this.append(member);
  }

  /** Removes every instance of a target. */
  override remove(target: TargetNode): void {
    this.reconfigure([{ type: 'remove', target }]);
  }

  /** Takes changes in, in their order, all or nothing of them visible. Cost: O(members + changes). */
  reconfigure(changes: readonly ShardChange<TargetNode, NodeRingMember>[]): ShardReport {
    const { members, ...report } = changeMembers(this.#ringMembers, changes);
    if (report.added.length === 0 && report.removed.length === 0) return report;
    this.#idents.clear();
    for (const { ident } of members) this.#idents.add(ident);
    this.#ringMembers = members;
    this.#rule.use(members);
    this.replace(members);
    return report;
  }

  describe(): MemberDeclaration[] {
    return this.#ringMembers.map(({ target, weight, ident, rampupMs }) => ({
      target: target.name,
      weight,
      ident,
      ...(rampupMs === undefined ? {} : { rampupMs }),
    }));
  }

  /** What it was declared with, and as init hooks have set it since. */
  describePolicy(): ShardDeclaration {
    const { warmup, rampupMs } = this.#rule.settings;
    return { ...this.#policy, warmup, rampupMs };
  }

  /** Points that the ring has, and would have with these members too. */
  pointsWith(added: readonly NodeRingMember[]): number {
    let points = 0;
    for (const member of this.ringMembers) points += member.replicas;
    for (const member of added) points += member.replicas;
    return points;
  }

  /** @param probability from 0, below 1 */
  setWarmup(probability: number): void {
    this.#rule.settings.warmup = probability;
  }

  setRampup(ms: number): void {
    this.#rule.settings.rampupMs = ms;
  }

  /** @param param undefined: none any more */
  associate(param: ShardParamDeclaration | undefined): void {
    this.#rule.choice = { ...this.#rule.choice, param };
  }

  /**
   * Computes points that the next pick needs.
   *
   * @param isLate asked after each member
   * @returns whether there are none left
   */
  prepare(isLate: () => boolean): boolean {
    for (const member of this.ringMembers) {
      if (member.points !== undefined) continue;
      member.points = ringPoints(member.ident, member.replicas);
      if (isLate()) return false;
    }
    return true;
  }
}
