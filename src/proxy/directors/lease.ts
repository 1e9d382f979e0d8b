/**
 * The slots that one request holds with the directors that led to its backend, from the pick to the end of the
 * request, of a tunnel too. A director that goes by load therefore sees each pick at the next one, in the same
 * turn of the event loop.
 *
 * Whoever has the lease releases it, and may do so again without harm.
 */
import type { Load } from './load.ts';

export class Lease {
  /** One is the rule; more come from directors in directors. */
  readonly #loads: Load[] = [];
  #told = false;

  /** Takes a slot. */
  hold(load: Load): void {
    this.#loads.push(load);
    load.begun();
  }

  /** The head of an answer has come. Only the first word counts, of this, `failed` and `unanswered`. */
  answered(ms: number): void {
    if (this.#isTold()) return;
    for (const load of this.#loads) load.answered(ms);
  }

  failed(ms: number): void {
    if (this.#isTold()) return;
    for (const load of this.#loads) load.failed(ms);
  }

  unanswered(ms: number): void {
    if (this.#isTold()) return;
    for (const load of this.#loads) load.unanswered(ms);
  }

  release(): void {
    this.unanswered(0);
    for (const load of this.#loads) load.ended();
    this.#loads.length = 0;
  }

  #isTold(): boolean {
    const wasTold = this.#told;
    this.#told = true;
    return wasTold;
  }
}
