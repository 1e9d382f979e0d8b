/**
 * The timers of all actors, on one timer of the clock: a thousand pollers would cost as many timeouts with their
 * closures, and those that fall due together would make one long turn. Whatever is due waits for the next turn
 * once this one has taken its share; in order of due time, and of setting where that is the same.
 *
 * A binary heap in which each timer knows its place, so that one is cancelled without a search: O(log n).
 */
import type { Clock } from '../clock.ts';

/** Milliseconds of one turn after which the rest waits for the next. */
const TURN_SHARE_MS = 1;

interface Timer {
  readonly due: number;
  /** Counts timers, and so orders those that are due at the same time. */
  readonly order: number;
  readonly fire: () => void;
  /** In the heap; -1 when fired or cancelled. */
  place: number;
}

export class Timers {
  readonly #clock: Clock;
  readonly #heap: Timer[] = [];
  #set = 0;
  /** When the clock's timer fires; undefined while there is none. */
  #armed: { readonly due: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that are still to fire. */
  get size(): number {
    return this.#heap.length;
  }

  /** Calls `fire` once after `ms` milliseconds, never before this returns. Returns what cancels it. */
  after(ms: number, fire: () => void): () => void {
    const due = this.#clock.now() + Math.max(0, ms);
    const timer: Timer = { due, order: this.#set++, fire, place: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    if (timer.place === 0) this.#arm();
    return () => this.#cancel(timer);
  }

  /** Cancels all. */
  close(): void {
    for (const timer of this.#heap) timer.place = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #cancel(timer: Timer): void {
    if (timer.place < 0) return;
    this.#remove(timer);
    // The clock's timer is left as it is while there are others: that it comes too early costs less than setting it.
    if (this.#heap.length === 0) this.#disarm();
  }

  #turn(): void {
    this.#armed = undefined;
    const end = this.#clock.now() + TURN_SHARE_MS;
    for (let next = this.#heap[0]; next !== undefined; next = this.#heap[0]) {
      const now = this.#clock.now();
      if (next.due > now || now >= end) break;
      this.#remove(next);
      next.fire();
    }
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#armed !== undefined && this.#armed.due <= first.due)) return;
    this.#disarm();
    const { due } = first;
    const cancel = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#turn());
    this.#armed = { due, cancel };
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #remove(timer: Timer): void {
    const last = this.#heap.pop();
    if (last !== undefined && last !== timer) {
      this.#put(last, timer.place);
      this.#rise(last);
      this.#sink(last);
    }
    timer.place = -1;
  }

  #rise(timer: Timer): void {
    while (timer.place > 0) {
      const above = this.#heap[(timer.place - 1) >> 1] as Timer;
      if (!isBefore(timer, above)) return;
      this.#swap(timer, above);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#heap[2 * timer.place + 1];
      const right = this.#heap[2 * timer.place + 2];
      const below = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (below === undefined || !isBefore(below, timer)) return;
      this.#swap(timer, below);
    }
  }

  #swap(one: Timer, other: Timer): void {
    const { place } = one;
    this.#put(one, other.place);
    this.#put(other, place);
  }

  #put(timer: Timer, place: number): void {
    timer.place = place;
    this.#heap[place] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
