/**
 * least_connections: the member with the fewest requests of this director in flight, for its weight. Members
 * with equally many take turns, in which a member of weight 2 comes twice as often as one of weight 1.
 *
 * A heap, kept up to date with each begin and end. Cost: O(n) to build; O(1) a pick, O(log n) to begin and to
 * end a request; denied members at the top of the heap are stepped over, O(n) where they are very many.
 */
import type { Load } from './load.ts';
import type { Member, PickRequest, Policy } from './policy.ts';

/**
 * Time of the turns that equals take, in picks of the heaviest member (start-time fair queueing). It outlives
 * policies, so a health change does not reorder the turn.
 */
export interface Turns {
  now: number;
}

/** Members of less than this share of the heaviest one's weight take turns as if they had as much. */
const LEAST_SHARE = 1e-4;
/** Steps along the heap after which a look at every member is the shorter way. */
const MOST_STEPS = 16;

export class ConnectionLoad implements Load {
  inFlight = 0;
  /** When its turn comes among equals. */
  turn = 0;
  /** How long a turn of its takes: a light member's takes longer, so it has fewer. */
  #turnLength = 1;
  /** In flight for its weight: what the heap is ordered by. */
  cost = 0;
  /** Position in the heap. */
  at = -1;
  /** Position in the list, in whose order the first turn goes. */
  place = 0;
  #weight = 1;
  #member: Member | undefined;
  #heap: LeastConnections | undefined;
  readonly #turns: Turns;

  constructor(turns: Turns) {
    this.#turns = turns;
    // Who comes later waits for its turn, and does not take all those that it has missed.
    this.turn = turns.now;
  }

  /** The member as it was when the policy was built. */
  get member(): Member | undefined {
    return this.#member;
  }

  /** @param heaviest weight of the heaviest member */
  enter(heap: LeastConnections, member: Member, place: number, heaviest: number): void {
    this.#heap = heap;
    this.place = place;
    this.#member = member;
    this.#weight = member.weight;
    this.#turnLength = 1 / Math.max(member.weight / heaviest, LEAST_SHARE);
    this.cost = this.inFlight / member.weight;
  }

  leave(): void {
    this.#heap = undefined;
    this.#member = undefined;
  }

  begun(): void {
    const turns = this.#turns;
    turns.now = Math.max(turns.now, this.turn);
    this.turn = turns.now + this.#turnLength;
    this.#count(1);
  }

  ended(): void {
    this.#count(-1);
  }

  answered(): void {}
  failed(): void {}
  unanswered(): void {}

  #count(by: number): void {
    this.inFlight += by;
    this.cost = this.inFlight / this.#weight;
    this.#heap?.reorder(this);
  }
}

export class LeastConnections implements Policy {
  /** Each is before the two at double its position. The one at the top is picked. */
  readonly #heap: ConnectionLoad[] = [];

  /** @param members those of a director whose rule made their loads */
  constructor(members: readonly Member[]) {
    let heaviest = 0;
    for (const { target, weight } of members) {
      if (target.healthy && weight > heaviest) heaviest = weight;
    }
    for (let place = 0; place < members.length; place++) {
      const member = members[place] as Member;
      if (!member.target.healthy || member.weight === 0) continue;
      const load = member.load as ConnectionLoad;
      load.enter(this, member, place, heaviest);
      load.at = this.#heap.push(load) - 1;
    }
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(this.#heap[at] as ConnectionLoad);
  }

  /** To be called before another policy is built from the same members. */
  dissolve(): void {
    for (const load of this.#heap) load.leave();
    this.#heap.length = 0;
  }

  pick(request: PickRequest): Member | undefined {
    const best = this.#heap[0]?.member;
    if (request.denied === undefined || best === undefined || best.target.accepts(request)) return best;
    return this.#bestBelow(request);
  }

  /** Puts a load where it belongs after its cost or its turn has changed. */
  reorder(load: ConnectionLoad): void {
    const parent = this.#heap[(load.at - 1) >> 1];
    if (load.at > 0 && parent !== undefined && isBefore(load, parent)) this.#rise(load);
    else this.#sink(load);
  }

  /** The best that the request may use, the top being denied to it. */
  #bestBelow(request: PickRequest): Member | undefined {
    const heap = this.#heap;
    /** Positions of which one holds the best that was not looked at yet. */
    const edge = [1, 2];
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      let nearest = -1;
      let best: ConnectionLoad | undefined;
      for (let i = 0; i < edge.length; i++) {
        const load = heap[edge[i] as number];
        if (load === undefined || (best !== undefined && isBefore(best, load))) continue;
        best = load;
        nearest = i;
      }
      if (best?.member === undefined) return undefined;
      if (best.member.target.accepts(request)) return best.member;
      edge[nearest] = 2 * best.at + 1;
      edge.push(2 * best.at + 2);
    }
    return this.#bestOfAll(request);
  }

  #bestOfAll(request: PickRequest): Member | undefined {
    let best: ConnectionLoad | undefined;
    for (const load of this.#heap) {
      if (best !== undefined && isBefore(best, load)) continue;
      if (load.member?.target.accepts(request)) best = load;
    }
    return best?.member;
  }

  #rise(load: ConnectionLoad): void {
    const heap = this.#heap;
    let { at } = load;
    while (at > 0) {
      const parent = heap[(at - 1) >> 1] as ConnectionLoad;
      if (!isBefore(load, parent)) break;
      heap[at] = parent;
      const up = parent.at;
      parent.at = at;
      at = up;
    }
    heap[at] = load;
    load.at = at;
  }

  #sink(load: ConnectionLoad): void {
    const heap = this.#heap;
    let { at } = load;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as ConnectionLoad)) below++;
      const least = heap[below] as ConnectionLoad;
      if (!isBefore(least, load)) break;
      heap[at] = least;
      least.at = at;
      at = below;
    }
    heap[at] = load;
    load.at = at;
  }
}

/** Fewer in flight for its weight, or as many and its turn comes first. */
function isBefore(one: ConnectionLoad, other: ConnectionLoad): boolean {
  if (one.cost !== other.cost) return one.cost < other.cost;
  return one.turn === other.turn ? one.place < other.place : one.turn < other.turn;
}
