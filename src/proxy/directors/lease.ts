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

  /** Takes a slot. */
  hold(load: Load): void {
    this.#loads.push(load);
    load.begun();
  }

  /** The head of an answer has come. One of the three, once: this, `failed` or `unanswered`. */
  answered(ms: number): void {
    for (const load of this.#loads) load.answered(ms);
  }

  failed(ms: number): void {
    for (const load of this.#loads) load.failed(ms);
  }

  unanswered(ms: number): void {
    for (const load of this.#loads) load.unanswered(ms);
  }

  release(): void {
    for (const load of this.#loads) load.ended();
    this.#loads.length = 0;
  }
}
