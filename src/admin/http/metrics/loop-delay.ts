/**
 * How late the event loop is: a timer that should fire every 50 ms, and by how much it fires later. Buckets that
 * only grow, so that several can scrape.
 */
import { type LatencyFigures, LatencyHistogram } from '../../../proxy/latency-histogram.ts';

const EVERY_MS = 50;
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

export class LoopDelay {
  readonly #histogram = new LatencyHistogram(BOUNDS_MS);
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let due = performance.now() + EVERY_MS;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#histogram.add(Math.max(0, now - due));
      due = now + EVERY_MS;
    }, EVERY_MS);
    // Nobody waits for it.
    this.#timer.unref();
  }

  figures(): LatencyFigures {
    return this.#histogram.figures();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
