/**
 * The rule of a shard director: its ring, which changes with membership, and what is known of its members'
 * health, which is kept up to date on it. Cost of a health change: O(members) comparisons at the next pick,
 * and what it moves on the ring; of a change of membership: O(points) at the next pick.
 */
import type { ShardDeclaration } from '../../../config/shard-declaration.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { HealthyPoints } from './healthy-points.ts';
import { ringPoints } from './ring-points.ts';
import { type ShardMember, ShardPolicy, type ShardSettings } from './shard.ts';
import type { ShardParams } from './shard-params.ts';
import { ShardPlan } from './shard-plan.ts';
import { ShardRing } from './shard-ring.ts';

/** A member with its place on the ring. */
export interface RingMember extends ShardMember {
  /** How many points it has. */
  readonly replicas: number;
  /** At least as many; undefined: not computed yet. */
  points: Uint32Array | undefined;
}

export class ShardRule implements Rule {
  readonly weighted = false;
  readonly settings: ShardSettings;
  /** The director's list, in varnishd's order. */
  members: readonly RingMember[] = [];
  /** Options of this director, its parameter set among them. */
  choice: ShardDeclaration['choice'];
  #current: { readonly policy: ShardPolicy; readonly healthy: HealthyPoints } | undefined;

  constructor(director: string, declaration: ShardDeclaration, params: ShardParams, now: () => number) {
    const plan = new ShardPlan();
    this.choice = declaration.choice;
    this.settings = {
      warmup: declaration.warmup,
      rampupMs: declaration.rampupMs,
      now,
      plan: (request) => {
        plan.read(request, director, this.choice, params);
        return plan;
      },
    };
  }

  build(): Policy {
    this.#current ??= this.#assemble(this.members);
    this.#current.healthy.update(this.members);
    return this.#current.policy;
  }

  /** To be called with every change of the list. */
  use(members: readonly RingMember[]): void {
    this.members = members;
    this.#current = undefined;
  }

  removed(): void {}

  #assemble(members: readonly RingMember[]) {
    const entries = members.map((member) => {
      member.points ??= ringPoints(member.ident, member.replicas);
      return { points: member.points, replicas: member.replicas };
    });
    const ring = new ShardRing(entries);
    const healthy = new HealthyPoints(ring, members.length);
    return { policy: new ShardPolicy(members, ring, healthy, this.settings), healthy };
  }
}
