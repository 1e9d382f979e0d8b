/** The requests that failed last, with their story, for whoever comes to look: a ring, so that it stays small. */
import type { FailedRequest } from './request-report.ts';

export class FailedRequests {
  /** Told of each one as it comes; undefined: nobody listens. */
  onAdded: ((report: FailedRequest) => void) | undefined;
  readonly #most: number;
  readonly #reports: FailedRequest[] = [];
  /** Where the next one goes once the ring is full: the place of the oldest. */
  #oldest = 0;

  /** @param most reports kept; at least 1 */
  constructor(most: number) {
    this.#most = most;
  }

  add(report: FailedRequest): void {
    this.onAdded?.(report);
    if (this.#reports.length < this.#most) {
      this.#reports.push(report);
      return;
    }
    this.#reports[this.#oldest] = report;
    this.#oldest = (this.#oldest + 1) % this.#most;
  }

  /** The oldest first. */
  list(): FailedRequest[] {
    return [...this.#reports.slice(this.#oldest), ...this.#reports.slice(0, this.#oldest)];
  }
}
