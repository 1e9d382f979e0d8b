/** Counters of everything that one data plane has served. Each is one addition, whoever reads them. */
import { type LatencyFigures, LatencyHistogram, REQUEST_BOUNDS_MS } from '../latency-histogram.ts';

/** How many responses have begun, by the class of their status. */
export interface ResponseCounts {
  readonly '2xx': number;
  readonly '3xx': number;
  readonly '4xx': number;
  readonly '5xx': number;
  /** From 600 on: legal, without a meaning. */
  readonly other: number;
}

export interface TrafficStats {
  /** Requests handed over by listeners, those under way included. */
  readonly requests: number;
  readonly inFlight: number;
  /** Counted when the request has ended. */
  readonly responses: ResponseCounts;
  /** Requests that became tunnels: pipes and upgrades. */
  readonly pipes: number;
  /** Requests whose client went away, or broke the protocol, before the response had ended. */
  readonly clientAborts: number;
  /** Responses that had begun and could not be completed. */
  readonly cutResponses: number;
  readonly restarts: number;
  readonly retries: number;
  /** Hooks that threw, returned a promise, or left something that cannot be used. */
  readonly hookErrors: number;
  /** Of bodies, to and from clients; of tunnels, everything. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** From receipt to end, of requests that became no tunnels; counted only while somebody wants to know. */
  readonly durations?: LatencyFigures;
}

/**
 * How a request ended: with a whole response; with one that was cut; because its client went away; or as a
 * tunnel, which has closed.
 */
export type Ending = 'complete' | 'cut' | 'aborted' | 'piped';

export class Traffic {
  requests = 0;
  pipes = 0;
  /** Now, those included that are still connecting. */
  openPipes = 0;
  clientAborts = 0;
  cutResponses = 0;
  restarts = 0;
  retries = 0;
  hookErrors = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** undefined: nobody wants to know, so no request looks at the clock for it. */
  durations: LatencyHistogram | undefined;
  #ended = 0;
  /** By the first digit of the status. */
  readonly #responses = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

  /** @param status 0 if no response has begun */
  end(ending: Ending, status: number, bytesSent: number, bytesReceived: number): void {
    this.#ended++;
    const digit = Math.trunc(status / 100);
    this.#responses[digit] = this.#count(digit) + 1;
    this.bytesSent += bytesSent;
    this.bytesReceived += bytesReceived;
    if (ending === 'piped') this.pipes++;
    else if (ending === 'aborted') this.clientAborts++;
    else if (ending === 'cut') this.cutResponses++;
  }

  keepDurations(): void {
    this.durations ??= new LatencyHistogram(REQUEST_BOUNDS_MS);
  }

  stats(): TrafficStats {
    const { durations } = this;
    const { requests, pipes, clientAborts, cutResponses, restarts, retries, hookErrors } = this;
    return {
      requests,
      inFlight: requests - this.#ended,
      responses: {
        '2xx': this.#count(2),
        '3xx': this.#count(3),
        '4xx': this.#count(4),
        '5xx': this.#count(5),
        other: this.#count(6) + this.#count(7) + this.#count(8) + this.#count(9),
      },
      pipes,
      clientAborts,
      cutResponses,
      restarts,
      retries,
      hookErrors,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      ...(durations === undefined ? {} : { durations: durations.figures() }),
    };
  }

  #count(digit: number): number {
    return this.#responses[digit] ?? 0;
  }
}
