/**
 * Tells that operations are refused or dropped because the queue is full: at once for the first, then at most
 * once a second for all since. A peer that is down must not fill the log at the rate of requests.
 */
import type { Clock } from '../../clock.ts';

/** Milliseconds. */
const PAUSE_MS = 1_000;

export class LossReport {
  readonly #clock: Clock;
  readonly #tell: (count: number) => void;
  #lost = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: (count: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(): void {
    this.#lost++;
    if (this.#cancel === undefined) this.#report();
  }

  /** Tells what has not been told yet, and leaves no timer behind. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#lost > 0) this.#tell(this.#lost);
    this.#lost = 0;
  }

  #report(): void {
    this.#cancel = undefined;
    if (this.#lost === 0) return;
    const count = this.#lost;
    this.#lost = 0;
    this.#cancel = this.#clock.after(PAUSE_MS, () => this.#report());
    this.#tell(count);
  }
}
