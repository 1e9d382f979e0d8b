/**
 * Who waits for a slot of one backend, because as many requests are in flight there as their config allows
 * (`max_connections`). One line for each config, since limits differ: first in, first out within a line, and
 * among lines the one who has waited longest, of those whose limit leaves room. So nobody holds up whom another
 * limit would let pass.
 *
 * A slot that frees belongs to the next one at once, before somebody newer can take it, and is kept until that
 * one has had its turn. Cost: O(1) to enter, to leave and to be woken (O(configs that wait), which are few).
 */
import type { BackendTarget } from '../directors/target.ts';

/** In a line, or with a slot kept for it, or neither. */
export interface Waiter {
  /** The backend, as its config declares it. */
  readonly target: BackendTarget;
  /** A slot is kept for it until `settle`. */
  admitted(): void;
  /** The backend has fallen sick, and it has lost its place. */
  turnedAway(): void;
}

interface Place {
  readonly waiter: Waiter;
  readonly line: Line;
  readonly order: number;
  before: Place | undefined;
  after: Place | undefined;
}

interface Line {
  readonly target: BackendTarget;
  length: number;
  first: Place | undefined;
  last: Place | undefined;
}

export class WaitQueue {
  /** Those in which somebody waits. */
  readonly #lines = new Map<BackendTarget, Line>();
  readonly #places = new Map<Waiter, Place>();
  /** For whom slots are kept. */
  readonly #admitted = new Set<Waiter>();
  #order = 0;

  get length(): number {
    return this.#places.size;
  }

  /** Slots that are kept. They count as in flight. */
  get kept(): number {
    return this.#admitted.size;
  }

  lengthFor(target: BackendTarget): number {
    return this.#lines.get(target)?.length ?? 0;
  }

  enter(waiter: Waiter): void {
    const { target } = waiter;
    let line = this.#lines.get(target);
    if (line === undefined) {
      line = { target, length: 0, first: undefined, last: undefined };
      this.#lines.set(target, line);
    }
    const place: Place = { waiter, line, order: this.#order++, before: line.last, after: undefined };
    if (line.last === undefined) line.first = place;
    else line.last.after = place;
    line.last = place;
    line.length++;
    this.#places.set(waiter, place);
  }

  /** Ends its waiting, or takes back the slot that was kept for it, which then is used or free. */
  settle(waiter: Waiter): void {
    this.#admitted.delete(waiter);
    this.#leave(waiter);
  }

  /**
   * Keeps slots for those whose turn it is.
   *
   * @param inFlight requests, without the slots that are kept
   */
  admit(inFlight: number): void {
    for (;;) {
      const next = this.#next(inFlight + this.#admitted.size);
      if (next === undefined) return;
      this.#leave(next);
      this.#admitted.add(next);
      next.admitted();
    }
  }

  /** Turns away who waits for a backend that is sick for its config. */
  turnAwaySick(): void {
    for (const { target, first } of [...this.#lines.values()]) {
      if (target.healthy) continue;
      for (let place = first; place !== undefined; place = place.after) {
        this.#leave(place.waiter);
        place.waiter.turnedAway();
      }
    }
  }

  #next(taken: number): Waiter | undefined {
    let next: Place | undefined;
    for (const { target, first } of this.#lines.values()) {
      if (first === undefined || taken >= target.limits.maxConnections) continue;
      if (next === undefined || first.order < next.order) next = first;
    }
    return next?.waiter;
  }

  #leave(waiter: Waiter): void {
    const place = this.#places.get(waiter);
    if (place === undefined) return;
    this.#places.delete(waiter);
    const { line, before, after } = place;
    if (before === undefined) line.first = after;
    else before.after = after;
    if (after === undefined) line.last = before;
    else after.before = before;
    if (--line.length === 0) this.#lines.delete(line.target);
  }
}
