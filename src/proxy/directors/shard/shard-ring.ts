/**
 * The ring: all points of all members in ascending order. Where two members have the same point, the one that
 * stands first in the list comes first, as with varnishd's sort.
 * Cost: O(points) to build (radix sort; 67,000 points in about 1 ms), 12 bytes a point; O(log n) a look-up.
 */
export class ShardRing {
  /** Points in ascending order. */
  readonly points: Uint32Array<ArrayBuffer>;
  /** For each point its member's position in the list. */
  readonly hosts: Uint32Array<ArrayBuffer>;
  /** Where each member's points stand, member by member, ascending: from `starts[host]` to `starts[host + 1]`. */
  readonly #places: Uint32Array;
  readonly #starts: Uint32Array;

  /** @param members for each its points, of which the first `replicas` are taken */
  constructor(members: readonly { readonly points: Uint32Array; readonly replicas: number }[]) {
    this.#starts = new Uint32Array(members.length + 1);
    let total = 0;
    for (let host = 0; host < members.length; host++) {
      total += members[host]?.replicas ?? 0;
      this.#starts[host + 1] = total;
    }
    this.points = new Uint32Array(total);
    this.hosts = new Uint32Array(total);
    for (let host = 0; host < members.length; host++) {
      const from = this.#starts[host] as number;
      const member = members[host];
      if (member === undefined) continue;
      this.points.set(member.points.subarray(0, member.replicas), from);
      this.hosts.fill(host, from, from + member.replicas);
    }
    sortTogether(this.points, this.hosts);
    this.#places = new Uint32Array(total);
    const filled = this.#starts.slice();
    for (let at = 0; at < total; at++) {
      const host = this.hosts[at] as number;
      this.#places[filled[host] as number] = at;
      filled[host] = (filled[host] as number) + 1;
    }
  }

  /** Where the points of a member stand, in ascending order. */
  places(host: number): Uint32Array {
    return this.#places.subarray(this.#starts[host], this.#starts[host + 1]);
  }

  /**
   * Where the walk for a key begins: at the first point that is not below it.
   *
   * This is varnishd's search, peculiarities included: a key beyond the last point stays at the last one
   * instead of going round, a ring of two points begins at the second, and of several equal points it
   * finds the one that halving comes upon.
   *
   * @returns a position, if there is any point
   */
  find(key: number): number {
    const { points } = this;
    const last = points.length - 1;
    let low = 0;
    let high = points.length;
    for (;;) {
      const at = (low + high) >>> 1;
      const point = points[at] as number;
      if (point === key || at === last) return at;
      if (point > key) {
        if (at === 0) return 0;
        high = at;
      } else if ((points[at + 1] as number) >= key) {
        return at + 1;
      } else {
        low = at;
      }
    }
  }
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Sorts keys of 32 bits, and what belongs to them, in three passes; equal keys keep their order. */
function sortTogether(keys: Uint32Array<ArrayBuffer>, values: Uint32Array<ArrayBuffer>): void {
  let [fromKeys, fromValues] = [keys, values];
  let [toKeys, toValues] = [new Uint32Array(keys.length), new Uint32Array(keys.length)];
  const next = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    next.fill(0);
    for (let at = 0; at < fromKeys.length; at++) {
      const digit = ((fromKeys[at] as number) >>> shift) & (DIGITS - 1);
      next[digit] = (next[digit] as number) + 1;
    }
    let sum = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const count = next[digit] as number;
      next[digit] = sum;
      sum += count;
    }
    for (let at = 0; at < fromKeys.length; at++) {
      const key = fromKeys[at] as number;
      const digit = (key >>> shift) & (DIGITS - 1);
      const to = next[digit] as number;
      next[digit] = to + 1;
      toKeys[to] = key;
      toValues[to] = fromValues[at] as number;
    }
    [fromKeys, toKeys] = [toKeys, fromKeys];
    [fromValues, toValues] = [toValues, fromValues];
  }
  if (fromKeys === keys) return;
  keys.set(fromKeys);
  values.set(fromValues);
}
