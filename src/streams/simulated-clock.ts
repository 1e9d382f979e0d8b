/**
 * A clock for tests and simulations: time passes only when told to, and stops at each due time, so that a
 * timer which sets another one within the same span is followed by it.
 */
import type { Clock } from '../clock.ts';

interface Timer {
  readonly due: number;
  /** Orders timers that are due at the same time: first set, first fired. */
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

export class SimulatedClock implements Clock {
  #now: number;
  readonly #wallOffset: number;
  #order = 0;
  /** A binary heap: the next timer is its first. */
  readonly #heap: Timer[] = [];

  /**
   * @param start milliseconds that `now` begins with
   * @param wallStart what `wallNow` says at that moment; milliseconds since 1970
   */
  constructor(start = 0, wallStart = 1_700_000_000_000) {
    this.#now = start;
    this.#wallOffset = wallStart - start;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now + this.#wallOffset;
  }

  after(ms: number, fire: () => void): () => void {
    const timer: Timer = { due: this.#now + Math.max(0, ms), order: this.#order++, fire, cancelled: false };
    this.#push(timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** Lets `ms` milliseconds pass, firing what falls due, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.fireNext(end));
    this.#now = Math.max(this.#now, end);
  }

  /**
   * Goes to the next due time and fires one timer.
   *
   * @param limit no further than this time
   * @returns whether there was one
   */
  fireNext(limit = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.due > limit) return false;
      this.#pop();
      if (next.cancelled) continue;
      this.#now = Math.max(this.#now, next.due);
      next.fire();
      return true;
    }
  }

  /** Timers that are still to fire. */
  get pending(): number {
    return this.#heap.reduce((count, timer) => count + (timer.cancelled ? 0 : 1), 0);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[i] = heap[parent] as Timer;
      i = parent;
    }
    heap[i] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[i] = heap[child] as Timer;
      i = child;
    }
    heap[i] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
