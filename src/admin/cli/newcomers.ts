/**
 * How many connections are taken: many at once, and some each second after that. Somebody who connects without end
 * would otherwise cost more than all that he could send.
 */

/** Connections that may come at once. */
const AT_ONCE = 100;
const PER_SECOND = 20;
const MS_PER_S = 1_000;

export class Newcomers {
  #left = AT_ONCE;
  #countedAt: number;

  /** @param now milliseconds of the clock */
  constructor(now: number) {
    this.#countedAt = now;
  }

  /** One has come. @returns milliseconds until the next may; 0: at once */
  take(now: number): number {
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#countedAt) * PER_SECOND) / MS_PER_S) - 1;
    this.#countedAt = now;
    return this.#left >= 1 ? 0 : ((1 - this.#left) * MS_PER_S) / PER_SECOND;
  }
}
