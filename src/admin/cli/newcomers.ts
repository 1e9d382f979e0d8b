/**
 * How many connections are taken: many at once, and some each second after that. Somebody who connects without end
 * would otherwise cost more than all that he could send. Whoever turns out to be an operator was none of them.
 */

/** Connections that may come at once. */
const AT_ONCE = 128;
const PER_SECOND = 20;
/** Connections that may come when nobody could for a while. */
const AFTER_A_PAUSE = 10;
const MS_PER_S = 1_000;

export class Newcomers {
  #left = AT_ONCE;
  #countedAt: number;

  /** @param now milliseconds of the clock */
  constructor(now: number) {
    this.#countedAt = now;
  }

  /** One has come. @returns milliseconds for which no more are to come; 0: they may */
  take(now: number): number {
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#countedAt) * PER_SECOND) / MS_PER_S) - 1;
    this.#countedAt = now;
    return this.#left >= 1 ? 0 : ((AFTER_A_PAUSE - this.#left) * MS_PER_S) / PER_SECOND;
  }

  /** One of those who came is known. */
  giveBack(): void {
    this.#left = Math.min(AT_ONCE, this.#left + 1);
  }
}
