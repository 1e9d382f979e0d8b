/**
 * A walk along the ring that comes to each member once, in the order of alternatives for one key. One object a
 * ring: a walk ends before the next begins. Cost: a step for each point passed over.
 */
import type { Member, PickRequest } from '../policy.ts';
import type { HealthyPoints } from './healthy-points.ts';
import type { ShardRing } from './shard-ring.ts';

export class ShardWalk {
  readonly #ring: ShardRing;
  readonly #members: readonly Member[];
  readonly #healthy: HealthyPoints;
  /** For each member the number of the last walk that came to it. */
  readonly #walked: Uint32Array;
  #number = 0;
  #at = 0;
  /** Members that this walk has come to: all, and healthy ones. */
  #seen = 0;
  #seenHealthy = 0;

  constructor(ring: ShardRing, members: readonly Member[], healthy: HealthyPoints) {
    this.#ring = ring;
    this.#members = members;
    this.#healthy = healthy;
    this.#walked = new Uint32Array(members.length);
  }

  /** Begins at a position on the ring. */
  begin(at: number): void {
    if (this.#number === 0xffff_ffff) {
      this.#walked.fill(0);
      this.#number = 0;
    }
    this.#number++;
    this.#at = at;
    this.#seen = 0;
    this.#seenHealthy = 0;
  }

  /** The next member, whatever its health; -1: this was the last one. */
  next(): number {
    const { hosts } = this.#ring;
    while (this.#seen < this.#members.length) {
      const host = hosts[this.#at] as number;
      if (this.#isNew(host)) return host;
      this.#at = this.#at + 1 === hosts.length ? 0 : this.#at + 1;
    }
    return -1;
  }

  /** The next member that the request can use; -1: there is no other. */
  nextFor(request: PickRequest): number {
    const { hosts } = this.#ring;
    while (this.#seenHealthy < this.#healthy.count) {
      this.#at = this.#healthy.from(this.#at);
      const host = hosts[this.#at] as number;
      if (this.#isNew(host) && this.isUsable(host, request)) return host;
      this.#at++;
    }
    return -1;
  }

  isUsable(host: number, request: PickRequest): boolean {
    const target = this.#members[host]?.target;
    if (target === undefined) return false;
    return request.denied === undefined ? target.healthy : target.accepts(request);
  }

  /** Notes a member that the walk has come to; false if it had come to it before. */
  #isNew(host: number): boolean {
    if (this.#walked[host] === this.#number) return false;
    this.#walked[host] = this.#number;
    this.#seen++;
    if (this.#members[host]?.target.healthy) this.#seenHealthy++;
    return true;
  }
}
