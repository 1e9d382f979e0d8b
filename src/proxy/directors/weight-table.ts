/**
 * Shares of traffic by weight. Weights are summed over healthy members in list order, in doubles, and the
 * member is the first whose sum exceeds share × total: only so do picks equal varnishd's to the last bit.
 * Cost: O(n) to build, 16 bytes a member; O(log n) a pick. Where members refuse the request, the sums after the
 * first of them are added up again, without looking at a member: O(n) additions.
 */
import type { Member, PickRequest } from './policy.ts';
import { Refusals } from './refusals.ts';

export class WeightTable {
  readonly #members: readonly Member[];
  readonly #refusals: Refusals;
  /** Of each member that is healthy; 0 of others. */
  readonly #weights: Float64Array;
  /** For each position the weights of all healthy members up to and with it. */
  readonly #sums: Float64Array;
  /** The same over the members that one request may use, from `#from` on. Made at the first such request. */
  #sumsForRequest: Float64Array | undefined;
  /** Where the sums of the request that was looked at last begin to be its own. */
  #from: number;

  /** @param refusals of the same members */
  constructor(members: readonly Member[], refusals: Refusals = new Refusals(members)) {
    this.#members = members;
    this.#refusals = refusals;
    this.#weights = new Float64Array(members.length);
    this.#sums = new Float64Array(members.length);
    this.#from = members.length;
    let sum = 0;
    for (let at = 0; at < members.length; at++) {
      const { target, weight } = members[at] as Member;
      if (target.healthy) {
        this.#weights[at] = weight;
        sum += weight;
      }
      this.#sums[at] = sum;
    }
  }

  /**
   * The member at `share` of the total weight; undefined if the total is 0, even if members are healthy.
   *
   * @param share in [0, 1)
   */
  pick(share: number, request: PickRequest): Member | undefined {
    const total = this.total(request);
    return total === 0 ? undefined : this.#members[this.find(share * total)];
  }

  /** The weight of all that the request may use. What is asked below counts for this request, until the next. */
  total(request: PickRequest): number {
    const refused = this.#refusals.find(request, this.#members);
    this.#from = refused[0] ?? this.#members.length;
    if (refused.length > 0) this.#sumWithout(refused);
    return this.#members.length === 0 ? 0 : this.before(this.#members.length);
  }

  /** The position of the first member whose sum exceeds `point`, the total being more than 0. */
  find(point: number): number {
    const { length } = this.#members;
    const total = this.before(length);
    // A share of the total is below it but for overflow and underflow; then the last member that carries weight.
    if (!(point < total)) return this.#firstOf(total);
    let low = 0;
    let high = length - 1;
    // Where the request's own sums begin is as good a place to halve as any.
    if (this.#from > 0 && this.#from < length) {
      if (point < (this.#sums[this.#from - 1] as number)) high = this.#from - 1;
      else low = this.#from;
    }
    const sums = low < this.#from ? this.#sums : (this.#sumsForRequest as Float64Array);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (point < (sums[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The weight of all members before a position that the request may use. */
  before(position: number): number {
    if (position === 0) return 0;
    const sums = position - 1 < this.#from ? this.#sums : this.#sumsForRequest;
    return sums?.[position - 1] ?? 0;
  }

  /** The weight of a member that `find` has found. */
  weight(position: number): number {
    return this.#weights[position] ?? 0;
  }

  #firstOf(total: number): number {
    let position = 0;
    while (this.before(position + 1) !== total) position++;
    return position;
  }

  #sumWithout(refused: readonly number[]): void {
    const { length } = this.#members;
    this.#sumsForRequest ??= new Float64Array(length);
    const sums = this.#sumsForRequest;
    const weights = this.#weights;
    let at = this.#from;
    let sum = at === 0 ? 0 : (this.#sums[at - 1] as number);
    for (let i = 0; i < refused.length; i++) {
      sums[at++] = sum;
      const end = refused[i + 1] ?? length;
      for (; at < end; at++) {
        sum += weights[at] as number;
        sums[at] = sum;
      }
    }
  }
}
