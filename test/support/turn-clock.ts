/**
 * A clock of turns: time passes only while work is done, as much as the work says it takes, and what is to
 * happen later happens in a later turn. For what must share a turn of the event loop with requests.
 */
import type { Clock } from '../../src/clock.ts';

export class TurnClock implements Clock {
  #now = 0;
  #later: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  after(_ms: number, fire: () => void): () => void {
    this.#later.push(fire);
    return () => {
      this.#later = this.#later.filter((one) => one !== fire);
    };
  }

  /** Work takes its time. */
  work(ms: number): void {
    this.#now += ms;
  }

  get isIdle(): boolean {
    return this.#later.length === 0;
  }

  /** Runs one turn. Returns how long it took, in milliseconds. */
  turn(): number {
    const begin = this.#now;
    const due = this.#later;
    this.#later = [];
    for (const fire of due) fire();
    return this.#now - begin;
  }
}
