/**
 * The points of healthy members on a ring: from any point, which one comes next?
 *
 * Kept up to date rather than built anew: a member that falls sick leaves the stretches before its own points
 * to the points that follow. Cost: 4 bytes a point; a change of one member takes, for each of its points, as
 * many steps as the stretch before it is long (with most members healthy: one or two), and never more than
 * building the table, O(points), does.
 */
import type { ShardRing } from './shard-ring.ts';

/** Above this share of members that change together, building the table anew is cheaper. */
const MANY = 1 / 8;

export class HealthyPoints {
  readonly #ring: ShardRing;
  readonly #isHealthy: Uint8Array;
  /** For each point the first healthy one at or after it, going round. Means nothing while none is healthy. */
  readonly #next: Uint32Array;
  /** Members that are healthy. */
  count = 0;

  /** All sick at first. */
  constructor(ring: ShardRing, members: number) {
    this.#ring = ring;
    this.#isHealthy = new Uint8Array(members);
    this.#next = new Uint32Array(ring.points.length);
  }

  /** The first healthy point at or after a position up to the number of points, going round. */
  from(position: number): number {
    return this.#next[position < this.#next.length ? position : 0] as number;
  }

  /** Takes in the health of all members. Cost: O(members), and what follows from the changes. */
  update(members: readonly { readonly target: { readonly healthy: boolean } }[]): void {
    const isHealthy = this.#isHealthy;
    let changes = 0;
    for (let host = 0; host < isHealthy.length; host++) {
      if ((isHealthy[host] === 1) !== members[host]?.target.healthy) changes++;
    }
    if (changes === 0) return;
    let isOutdated = this.count === 0 || changes > isHealthy.length * MANY;
    for (let host = 0; host < isHealthy.length; host++) {
      const healthy = members[host]?.target.healthy ?? false;
      if ((isHealthy[host] === 1) === healthy) continue;
      isHealthy[host] = healthy ? 1 : 0;
      this.count += healthy ? 1 : -1;
      if (this.count === 0) isOutdated = true;
      if (isOutdated) continue;
      if (healthy) this.#insert(host);
      else this.#leave(host);
    }
    if (isOutdated) this.#build();
  }

  #build(): void {
    const { hosts } = this.#ring;
    const next = this.#next;
    if (this.count === 0) return;
    let healthy = hosts.findIndex((host) => this.#isHealthy[host] === 1);
    for (let at = next.length - 1; at >= 0; at--) {
      if (this.#isHealthy[hosts[at] as number] === 1) healthy = at;
      next[at] = healthy;
    }
  }

  #insert(host: number): void {
    const next = this.#next;
    for (const place of this.#ring.places(host)) {
      const behind = next[place] as number;
      // Going back all the way round ends at the only other point.
      for (let at = place; at !== behind && next[at] === behind; at = this.#before(at)) next[at] = place;
    }
  }

  #leave(host: number): void {
    const next = this.#next;
    const places = this.#ring.places(host);
    // From the last to the first, so that a stretch goes at once to where it stays.
    for (let i = places.length - 1; i >= 0; i--) {
      const place = places[i] as number;
      const behind = this.from(place + 1);
      for (let at = place; next[at] === place; at = this.#before(at)) next[at] = behind;
    }
  }

  #before(at: number): number {
    return at === 0 ? this.#next.length - 1 : at - 1;
  }
}
