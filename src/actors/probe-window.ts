/**
 * What a poller concludes from its probes: varnishd's window arithmetic (vcl-probe(7), and what
 * `backend.list -p` prints), kept apart from the machine so that it can be tested against a naive one.
 *
 * The latest probes are kept as numbers in a ring, and each different reason once: 64 of them take 1.6 KB, as
 * objects with their flags they took 20.
 */
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { ProbeFlags, ProbeResult } from '../probe-result.ts';
import type { PolledHealth } from '../snapshot.ts';

/** varnishd keeps its history in 64-bit maps, and so window and threshold end there. */
export const HISTORY_LENGTH = 64;

/** The exponential average leans on this many good probes at most; varnishd's AVG_RATE. */
const AVERAGE_RATE = 4;

export interface ProbeRecord extends ProbeResult {
  /** Milliseconds of the clock at which the result was known. */
  readonly at: number;
}

/** Plain and immutable; `recordsOf` reads the single probes. */
export interface ProbeHistory {
  /** For each of the latest probes, at most HISTORY_LENGTH: `at`, `responseTimeMs`, and its code (see below). */
  readonly ring: readonly number[];
  /** Position of the oldest probe in the ring; the next one takes its place once the ring is full. */
  readonly oldest: number;
  /** Each reason that a code refers to, and at most as many as there ever were different ones at a time. */
  readonly reasons: readonly string[];
  /** Good results that `initial` put before the first real one. */
  readonly credit: number;
  /** Exponential average of the response time of good probes, in milliseconds. */
  readonly averageMs: number;
  /** Number of good probes the average leans on, `credit` included. */
  readonly rate: number;
}

/** Numbers of one probe in the ring. */
const WIDTH = 3;
/** Where the code is among them. */
const CODE = 2;

/** A code is a bit for each flag, then one for `happy`, then the position of the reason. */
const flagNames: readonly (keyof ProbeFlags)[] = [
  'goodIpv4',
  'goodIpv6',
  'goodUnix',
  'goodXmit',
  'errXmit',
  'goodRecv',
  'errRecv',
];
const HAPPY = 1 << flagNames.length;
const REASON_SHIFT = flagNames.length + 1;

export interface Conclusion {
  /** Good results among the latest `window`. */
  readonly good: number;
  readonly passing: boolean;
  readonly polled: PolledHealth;
}

type Window = Pick<ProbeDeclaration, 'initial' | 'window' | 'threshold'>;

/** The history of a backend that was never probed: as if `initial` probes, up to the threshold, had been good. */
export function unprobedHistory(probe: Window): ProbeHistory {
  const credit = Math.min(probe.initial, probe.threshold);
  return { ring: [], oldest: 0, reasons: [], credit, averageMs: 0, rate: Math.min(credit, AVERAGE_RATE) };
}

/** How many probes are remembered. */
function lengthOf({ ring }: ProbeHistory): number {
  return ring.length / WIDTH;
}

/** The latest probes, oldest first, each with its reason; none of a backend that never had a probe. */
export function recordsOf(history: ProbeHistory | undefined): ProbeRecord[] {
  if (history === undefined) return [];
  const { ring, oldest, reasons } = history;
  const length = lengthOf(history);
  return Array.from({ length }, (_, i) => {
    const start = WIDTH * ((oldest + i) % length);
    const [at = 0, responseTimeMs = 0, code = 0] = ring.slice(start, start + WIDTH);
    const flags = Object.fromEntries(
      flagNames.map((name, bit) => [name, (code & (1 << bit)) !== 0]),
    ) as unknown as ProbeFlags;
    const happy = (code & HAPPY) !== 0;
    return { at, responseTimeMs, happy, flags, reason: reasons[code >> REASON_SHIFT] ?? '' };
  });
}

/** The history with one more result; the oldest one gives way. */
export function withRecord(history: ProbeHistory, record: ProbeRecord): ProbeHistory {
  const { at, responseTimeMs, happy } = record;
  const isFull = lengthOf(history) === HISTORY_LENGTH;
  const reasons = withReason(history, record.reason);
  const code = codeOf(record, reasons.indexOf(record.reason));
  let ring: readonly number[];
  if (isFull) {
    const next = history.ring.slice();
    const start = WIDTH * history.oldest;
    next[start] = at;
    next[start + 1] = responseTimeMs;
    next[start + CODE] = code;
    ring = next;
  } else {
    // Not pushed: an array that has grown that way holds room for half as many again.
    ring = history.ring.concat(at, responseTimeMs, code);
  }
  const oldest = isFull ? (history.oldest + 1) % HISTORY_LENGTH : 0;
  const { credit, averageMs: before } = history;
  if (!happy) return { ring, oldest, reasons, credit, averageMs: before, rate: history.rate };
  const rate = history.rate < AVERAGE_RATE ? history.rate + 1 : history.rate;
  const averageMs = before + (responseTimeMs - before) / rate;
  return { ring, oldest, reasons, credit, averageMs, rate };
}

function codeOf({ flags, happy }: ProbeResult, reason: number): number {
  let code = (reason << REASON_SHIFT) | (happy ? HAPPY : 0);
  for (let bit = 0; bit < flagNames.length; bit++) {
    if (flags[flagNames[bit] as keyof ProbeFlags]) code |= 1 << bit;
  }
  return code;
}

/** The reasons with this one among them, in the place of one that no probe has any more, if there is such. */
function withReason(history: ProbeHistory, reason: string): readonly string[] {
  const { ring, oldest, reasons } = history;
  if (reasons.includes(reason)) return reasons;
  const used = new Set<number>();
  for (let i = CODE; i < ring.length; i += WIDTH) used.add((ring[i] ?? 0) >> REASON_SHIFT);
  // The oldest probe of a full ring gives way to the one that brings this reason.
  if (lengthOf(history) === HISTORY_LENGTH) {
    const leaving = WIDTH * oldest + CODE;
    const code = (ring[leaving] ?? 0) >> REASON_SHIFT;
    const isShared = ring.some(
      (one, i) => i % WIDTH === CODE && i !== leaving && one >> REASON_SHIFT === code,
    );
    if (!isShared) used.delete(code);
  }
  const free = reasons.findIndex((_, i) => !used.has(i));
  return free < 0 ? [...reasons, reason] : reasons.with(free, reason);
}

/** What the history means under a window and threshold, which may be another config's than it was made with. */
export function conclude(history: ProbeHistory, probe: Window): Conclusion {
  const { ring, oldest, credit } = history;
  const length = lengthOf(history);
  const counted = Math.min(probe.window, length);
  let good = Math.min(credit, probe.window - counted);
  for (let i = length - counted; i < length; i++) {
    const code = ring[WIDTH * ((oldest + i) % length) + CODE] ?? 0;
    if ((code & HAPPY) !== 0) good++;
  }
  const passing = good >= probe.threshold;
  if (length === 0) return { good, passing, polled: 'unprobed' };
  return { good, passing, polled: passing ? 'healthy' : 'sick' };
}
