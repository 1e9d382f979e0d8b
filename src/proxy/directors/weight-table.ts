/**
 * Shares of traffic by weight. Weights are summed over healthy members in list order, in doubles, and the
 * member is the first whose sum exceeds share × total: only so do picks equal varnishd's to the last bit.
 * Cost: O(n) to build, 16 bytes a member; O(log n) a pick. Where members refuse the request, O(refused) more if
 * weights are whole numbers, whose sums are exact in any order; otherwise the sums behind the first of them are
 * added up again, O(n) additions without a look at a member.
 */
import type { Member, PickRequest } from './policy.ts';
import { Refusals } from './refusals.ts';

const nobody: readonly number[] = [];

export class WeightTable {
  readonly #members: readonly Member[];
  readonly #refusals: Refusals;
  /** Of each member that is healthy; 0 of others. */
  readonly #weights: Float64Array;
  /** For each position the weights of all healthy members up to and with it. */
  readonly #sums: Float64Array;
  /** The same without those who refuse the request, from the first of them on. Made at the first such request. */
  #sumsForRequest: Float64Array | undefined;
  /** Whether sums may be taken apart again: whole numbers, all of which doubles can hold. */
  readonly #isExact: boolean;
  /** Positions of those who refuse the request that was asked for last, in order. */
  #refused: readonly number[] = nobody;

  /** @param refusals of the same members */
  constructor(members: readonly Member[], refusals: Refusals = new Refusals(members)) {
    this.#members = members;
    this.#refusals = refusals;
    this.#weights = new Float64Array(members.length);
    this.#sums = new Float64Array(members.length);
    let sum = 0;
    let isWhole = true;
    for (let at = 0; at < members.length; at++) {
      const { target, weight } = members[at] as Member;
      if (target.healthy) {
        this.#weights[at] = weight;
        isWhole &&= Number.isInteger(weight);
        sum += weight;
      }
      this.#sums[at] = sum;
    }
    this.#isExact = isWhole && sum <= Number.MAX_SAFE_INTEGER;
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
    this.#refused = request.denied === undefined ? nobody : this.#refusals.find(request, this.#members);
    if (this.#refused.length > 0 && !this.#isExact) this.#sumAgain();
    return this.before(this.#members.length);
  }

  /** The position of the first member whose sum exceeds `point`, the total being more than 0. */
  find(point: number): number {
    const total = this.before(this.#members.length);
    // A share of the total is below it but for overflow and underflow; then the last member that carries weight.
    if (!(point < total)) return this.#firstOf(total);
    const refused = this.#refused;
    const last = this.#members.length - 1;
    const [first] = refused;
    if (first === undefined) return firstAbove(this.#sums, point, 0, 0, last);
    if (first > 0 && point < (this.#sums[first - 1] as number)) {
      return firstAbove(this.#sums, point, 0, 0, first - 1);
    }
    if (!this.#isExact) return firstAbove(this.#sumsForRequest as Float64Array, point, 0, first, last);
    let without = 0;
    for (let i = 0; i < refused.length; i++) {
      const from = refused[i] as number;
      const to = (refused[i + 1] ?? last + 1) - 1;
      without += this.#weights[from] as number;
      if (point < (this.#sums[to] as number) - without) {
        return firstAbove(this.#sums, point, without, from, to);
      }
    }
    return last;
  }

  /** The weight of all members before a position that the request may use. */
  before(position: number): number {
    if (position === 0) return 0;
    const refused = this.#refused;
    const isBehind = refused.length > 0 && (refused[0] as number) < position;
    if (isBehind && !this.#isExact) return (this.#sumsForRequest as Float64Array)[position - 1] as number;
    let sum = this.#sums[position - 1] as number;
    for (let i = 0; i < refused.length && (refused[i] as number) < position; i++) {
      sum -= this.#weights[refused[i] as number] as number;
    }
    return sum;
  }

  /** The weight of a member that `find` has found. */
  weight(position: number): number {
    return this.#weights[position] as number;
  }

  #firstOf(total: number): number {
    let position = 0;
    while (this.before(position + 1) !== total) position++;
    return position;
  }

  #sumAgain(): void {
    const { length } = this.#members;
    const refused = this.#refused;
    this.#sumsForRequest ??= new Float64Array(length);
    const sums = this.#sumsForRequest;
    const weights = this.#weights;
    let at = refused[0] as number;
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

/** The first position from `low` to `high` whose sum, less `without`, exceeds `point`; the last one does. */
function firstAbove(sums: Float64Array, point: number, without: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (point < (sums[middle] as number) - without) high = middle;
    else low = middle + 1;
  }
  return low;
}
