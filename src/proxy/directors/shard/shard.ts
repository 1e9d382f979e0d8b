/**
 * shard: consistent hashing. Each member has points on a ring; a key belongs to the member whose point comes
 * next, and when that one cannot be used, to the next one along the ring. So only the keys of a member
 * that comes or goes move. Meaning: vmod_directors(3); picks equal varnishd 7.1's, with one exception:
 * where varnishd picks none although a member is healthy (alternatives run out, and the only healthy member
 * is the last one passed over), this picks that member, as the manual says.
 * Cost of a pick: O(log n); alternatives and denied members take a step for each point passed over.
 */
import type { ShardHealth } from '../../../config/shard-declaration.ts';
import type { Member, PickRequest, Policy } from '../policy.ts';
import type { HealthyPoints } from './healthy-points.ts';
import type { ShardPlan } from './shard-plan.ts';
import type { ShardRing } from './shard-ring.ts';
import { ShardWalk } from './shard-walk.ts';

export interface ShardMember extends Member {
  readonly ident: string;
  /** Milliseconds; undefined: the director's. */
  readonly rampupMs: number | undefined;
}

/** What does not change with membership. */
export interface ShardSettings {
  /** Default share of the requests that goes to the next alternative. */
  warmup: number;
  rampupMs: number;
  /** Milliseconds of the data plane's clock. Only asked where a member has a rampup. */
  readonly now: () => number;
  /** Fills the plan of this pick. */
  readonly plan: (request: PickRequest) => ShardPlan;
}

export class ShardPolicy implements Policy {
  readonly #members: readonly ShardMember[];
  readonly #ring: ShardRing;
  readonly #walk: ShardWalk;
  readonly #settings: ShardSettings;

  /** @param healthy of the same ring; its owner keeps it up to date */
  constructor(
    members: readonly ShardMember[],
    ring: ShardRing,
    healthy: HealthyPoints,
    settings: ShardSettings,
  ) {
    this.#members = members;
    this.#ring = ring;
    this.#walk = new ShardWalk(ring, members, healthy);
    this.#settings = settings;
  }

  /** With `healthy: 'ignore'` the member may be one that the request cannot use. */
  pick(request: PickRequest): Member | undefined {
    if (this.#members.length === 0) return undefined;
    const plan = this.#settings.plan(request);
    const at = this.#ring.find(plan.key);
    const alt = Math.min(plan.alt, this.#members.length - 1);
    if (alt > 0) return this.#members[this.#alternative(at, alt, plan.healthy, request)];
    if (plan.healthy === 'ignore') return this.#members[this.#ring.hosts[at] as number];
    return this.#members[this.#preferred(at, plan, request)];
  }

  /** The member whose point comes first, or now and then the next one, to warm it up. -1: none. */
  #preferred(at: number, plan: ShardPlan, request: PickRequest): number {
    const settings = this.#settings;
    const warmup = plan.warmup === -1 ? settings.warmup : plan.warmup;
    const walk = this.#walk;
    walk.begin(at);
    const chosen = walk.nextFor(request);
    if (chosen === -1) return -1;
    const rampupMs = this.#rampupOf(chosen);
    const ageMs = rampupMs > 0 ? this.#ageOf(chosen) : 0;
    const isNew = ageMs < rampupMs;
    if (isNew ? !plan.rampup : warmup === 0) return chosen;
    const alternative = walk.nextFor(request);
    if (alternative === -1) return chosen;
    if (!isNew) return request.random() > warmup ? chosen : alternative;
    const alternativeRampupMs = this.#rampupOf(alternative);
    const isAlternativeNew = alternativeRampupMs > 0 && this.#ageOf(alternative) < alternativeRampupMs;
    return isAlternativeNew || request.random() * rampupMs < ageMs ? chosen : alternative;
  }

  /** The alternative of that number, from 1. -1: none. */
  #alternative(at: number, alt: number, healthy: ShardHealth, request: PickRequest): number {
    const walk = this.#walk;
    walk.begin(at);
    /** The last member that the request could use, among those passed over before the last one of them. */
    let earlier = -1;
    let passed = -1;
    for (let i = 0; i < alt; i++) {
      if (passed !== -1 && walk.isUsable(passed, request)) earlier = passed;
      passed = healthy === 'all' ? walk.nextFor(request) : walk.next();
      if (passed === -1) return earlier;
    }
    const chosen = healthy === 'ignore' ? walk.next() : walk.nextFor(request);
    if (chosen !== -1) return chosen;
    if (earlier !== -1) return earlier;
    // Here varnishd gives up.
    return walk.isUsable(passed, request) ? passed : -1;
  }

  #rampupOf(host: number): number {
    return this.#members[host]?.rampupMs ?? this.#settings.rampupMs;
  }

  /** Milliseconds since the member's health changed. */
  #ageOf(host: number): number {
    return this.#settings.now() - (this.#members[host]?.target.changedAt ?? Number.NEGATIVE_INFINITY);
  }
}
