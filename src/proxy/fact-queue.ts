/**
 * Facts on their way to the control plane: numbered at once, sent in batches, never within the call that
 * caused them.
 */
import type { Clock } from '../clock.ts';
import type { Fact, FactBatch } from '../facts.ts';

export class FactQueue {
  /** Without it facts wait. */
  receiver: ((batch: FactBatch) => void) | undefined;
  readonly #plane: string;
  readonly #clock: Clock;
  #waiting: Fact[] = [];
  #sent = 0;
  #isDue = false;

  constructor(plane: string, clock: Clock) {
    this.#plane = plane;
    this.#clock = clock;
  }

  tell(fact: Fact): void {
    this.#waiting.push(fact);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.after(0, () => this.#send());
  }

  #send(): void {
    this.#isDue = false;
    if (this.receiver === undefined) return;
    const facts = this.#waiting;
    const first = this.#sent + 1;
    this.#waiting = [];
    this.#sent += facts.length;
    this.receiver({ plane: this.#plane, first, facts });
  }
}
