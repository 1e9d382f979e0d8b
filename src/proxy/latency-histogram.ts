/** How long things took, in fixed buckets: two additions and a few comparisons each, nothing kept of a single one. */

/** Milliseconds. Of peers' operations, from being handed to a thread to their end. */
const OPERATION_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

/** Milliseconds. Of whole requests: most take less than one. */
export const REQUEST_BOUNDS_MS = [0.5, ...OPERATION_BOUNDS_MS];

/** Milliseconds. Of backends' answers: there is one histogram for each backend, so its buckets are wider. */
export const ANSWER_BOUNDS_MS = [1, 5, 20, 100, 500, 2_000, 10_000, 60_000];

export interface LatencyFigures {
  /** Milliseconds: upper bounds of all buckets but the last, which has none. */
  readonly boundsMs: readonly number[];
  /** How many there were in each bucket; one more than there are bounds. */
  readonly counts: readonly number[];
  /** Milliseconds, of all together. */
  readonly sumMs: number;
}

export class LatencyHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sumMs = 0;

  /** @param bounds milliseconds: upper bounds, each inclusive, rising; what takes longer has a bucket of its own */
  constructor(bounds: readonly number[] = OPERATION_BOUNDS_MS) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(ms: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && ms > (bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sumMs += ms;
  }

  figures(): LatencyFigures {
    return { boundsMs: this.#bounds, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
