/**
 * Which members of a list may refuse a request to which identities are denied: so a pick looks at those alone,
 * and costs what it always costs where none of them is in the list. Found by the members' identities, in a
 * table that is made at the first such request. Cost: O(n) to make; O(denied) to ask.
 */
import type { Member, PickRequest } from './policy.ts';

export class Refusals {
  readonly #members: readonly Member[];
  /** Of each identity the positions of members that it matters to. */
  #positions: Map<string, number[]> | undefined;
  readonly #found: number[] = [];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Whether anybody has asked since the list was made or has changed. */
  get isKnown(): boolean {
    return this.#positions !== undefined;
  }

  /** The identities that matter to some member. */
  get identities(): Iterable<string> {
    return this.#table().keys();
  }

  /** To be called when the list has changed, or what is below one of its members. */
  forget(): void {
    this.#positions = undefined;
  }

  /**
   * Positions of the healthy members that refuse the request, in order; empty: nobody does. Good until the next
   * call.
   *
   * @param members the list, as the policy sees it
   */
  find(request: PickRequest, members: readonly Member[]): readonly number[] {
    const found = this.#found;
    found.length = 0;
    if (request.denied === undefined) return found;
    const table = this.#table();
    let isInOrder = true;
    for (const identity of request.denied) {
      for (const at of table.get(identity) ?? none) {
        const { target } = members[at] as Member;
        if (!target.healthy || target.accepts(request)) continue;
        isInOrder &&= found.length === 0 || (found[found.length - 1] as number) < at;
        found.push(at);
      }
    }
    // A director among the members is found once for each identity below it.
    return isInOrder ? found : sortedOnce(found);
  }

  #table(): Map<string, number[]> {
    if (this.#positions !== undefined) return this.#positions;
    const table = new Map<string, number[]>();
    for (let at = 0; at < this.#members.length; at++) {
      for (const identity of (this.#members[at] as Member).target.heeded()) {
        const positions = table.get(identity);
        if (positions === undefined) table.set(identity, [at]);
        else positions.push(at);
      }
    }
    this.#positions = table;
    return table;
  }
}

const none: readonly number[] = [];

/** In place: in ascending order, each once. */
function sortedOnce(positions: number[]): number[] {
  positions.sort((a, b) => a - b);
  let kept = 1;
  for (let i = 1; i < positions.length; i++) {
    if (positions[i] !== positions[i - 1]) positions[kept++] = positions[i] as number;
  }
  positions.length = kept;
  return positions;
}
