/** How long attempts took, from being handed to a thread to their end. */

/** Milliseconds: upper bounds, each inclusive; what took longer is counted in one more bucket. */
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

export interface LatencyFigures {
  /** Milliseconds: upper bounds of all buckets but the last, which has none. */
  readonly boundsMs: readonly number[];
  /** Attempts in each bucket; one more than there are bounds. */
  readonly counts: readonly number[];
  /** Milliseconds, of all attempts together. */
  readonly sumMs: number;
}

export class LatencyHistogram {
  readonly #counts = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  #sumMs = 0;

  add(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sumMs += ms;
  }

  figures(): LatencyFigures {
    return { boundsMs: BOUNDS_MS, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
