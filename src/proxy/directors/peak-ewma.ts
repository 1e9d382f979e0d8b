/**
 * peak_ewma: of two members drawn by weight, the one whose answers come sooner: the time to the first byte, as
 * an average that takes a rise at once and forgets it by halves, times the requests in flight.
 *
 * A failure counts as slow, however soon it comes: a backend that refuses at once would draw all traffic
 * otherwise. A member that was never asked is asked, with one request at a time until it has answered. Two draws
 * spread traffic where all do equally well, and no news can send everybody to one member.
 * Cost: O(log n) a pick; O(n) additions where members are denied to the request.
 */
import { remaining } from './half-life.ts';
import type { Load } from './load.ts';
import type { Member, PickRequest, Policy } from './policy.ts';
import { Refusals } from './refusals.ts';
import { WeightTable } from './weight-table.ts';

export interface PeakEwmaSettings {
  /** Milliseconds. */
  readonly halfLifeMs: number;
  /** Milliseconds of the data plane's clock. */
  readonly now: () => number;
}

/** A failure counts as an answer of twice the average, but within these limits; milliseconds. */
const LEAST_FAILURE_MS = 1_000;
const MOST_FAILURE_MS = 60_000;
/** Half-lives after which nothing is known of a member any more. */
const FORGOTTEN = 12;
/** Below this, clocks do not tell: milliseconds. */
const LEAST_MS = 0.01;
/** What a member is thought to take that has something to answer, and of which nothing is known. */
const UNKNOWN_MS = 1e9;

export class ResponseLoad implements Load {
  inFlight = 0;
  readonly #settings: PeakEwmaSettings;
  /** Milliseconds; undefined: never heard of. */
  #averageMs: number | undefined;
  /** When that was so. */
  #at = 0;
  /** Requests without an answer so far. */
  #waiting = 0;
  /** Since when it has said nothing while something waited: whatever waits has waited about so long, or longer. */
  #silentSince = 0;

  constructor(settings: PeakEwmaSettings) {
    this.#settings = settings;
  }

  begun(): void {
    this.inFlight++;
    if (this.#waiting++ === 0) this.#silentSince = this.#settings.now();
  }

  answered(ms: number): void {
    const now = this.#heard();
    const before = this.#averageMs ?? 0;
    const old = remaining((now - this.#at) / this.#settings.halfLifeMs);
    this.#set(ms > before ? ms : before * old + ms * (1 - old), now);
  }

  failed(ms: number): void {
    const now = this.#heard();
    const doubled = Math.min(Math.max(2 * this.#averageAt(now), LEAST_FAILURE_MS), MOST_FAILURE_MS);
    this.#set(Math.max(ms, doubled), now);
  }

  /** Whoever gave up knows that it takes longer than this, if anything. */
  unanswered(ms: number): void {
    this.#waiting--;
    const now = this.#settings.now();
    if (ms > this.#averageAt(now)) this.#set(ms, now);
  }

  ended(): void {
    this.inFlight--;
  }

  /**
   * Milliseconds that a request has to expect there.
   *
   * @param weight of the member
   */
  expectedMs(now: number, weight: number): number {
    const busy = 1 + this.inFlight / weight;
    const isKnown = this.#averageMs !== undefined && now - this.#at < FORGOTTEN * this.#settings.halfLifeMs;
    if (!isKnown) return this.inFlight === 0 ? 0 : UNKNOWN_MS * busy;
    // One that hangs is known to be slow long before its timeout.
    const silentMs = this.#waiting === 0 ? 0 : now - this.#silentSince;
    return Math.max(this.#averageAt(now), silentMs, LEAST_MS) * busy;
  }

  #averageAt(now: number): number {
    return (this.#averageMs ?? 0) * remaining((now - this.#at) / this.#settings.halfLifeMs);
  }

  #heard(): number {
    this.#waiting--;
    this.#silentSince = this.#settings.now();
    return this.#silentSince;
  }

  #set(ms: number, now: number): void {
    this.#averageMs = ms;
    this.#at = now;
  }
}

/** @param members those of a director whose rule made their loads */
export function peakEwma(
  members: readonly Member[],
  { now }: PeakEwmaSettings,
  refusals: Refusals = new Refusals(members),
): Policy {
  const table = new WeightTable(members, refusals);
  return {
    pick(request: PickRequest) {
      const total = table.total(request);
      if (total === 0) return undefined;
      const first = table.find(request.random() * total);
      const one = members[first] as Member;
      const others = total - table.weight(first);
      if (!(others > 0)) return one;
      // A point among the weights of the others, as if they stood without a gap.
      const point = request.random() * others;
      const second = table.find(point < table.before(first) ? point : point + table.weight(first));
      const other = members[second] as Member;
      const at = now();
      // Equals go to whom was drawn first: so those who do equally well share by weight.
      return expectedMs(other, at) < expectedMs(one, at) ? other : one;
    },
  };
}

function expectedMs({ load, weight }: Member, now: number): number {
  return (load as ResponseLoad).expectedMs(now, weight);
}
