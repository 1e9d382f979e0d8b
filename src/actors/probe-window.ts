/**
 * What a poller concludes from its probes: varnishd's window arithmetic (vcl-probe(7), and what
 * `backend.list -p` prints), kept apart from the machine so that it can be tested against a naive one.
 */
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { ProbeResult } from '../probe-result.ts';
import type { PolledHealth } from '../snapshot.ts';

/** varnishd keeps its history in 64-bit maps, and so window and threshold end there. */
export const HISTORY_LENGTH = 64;

/** The exponential average leans on this many good probes at most; varnishd's AVG_RATE. */
const AVERAGE_RATE = 4;

export interface ProbeRecord extends ProbeResult {
  /** Milliseconds of the clock at which the result was known. */
  readonly at: number;
}

export interface ProbeHistory {
  /** Oldest first, at most HISTORY_LENGTH. */
  readonly records: readonly ProbeRecord[];
  /** Good results that `initial` put before the first real one. */
  readonly credit: number;
  /** Exponential average of the response time of good probes, in milliseconds. */
  readonly averageMs: number;
  /** Number of good probes the average leans on, `credit` included. */
  readonly rate: number;
}

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
  return { records: [], credit, averageMs: 0, rate: Math.min(credit, AVERAGE_RATE) };
}

/** The history with one more result; the oldest one gives way. */
export function withRecord(history: ProbeHistory, record: ProbeRecord): ProbeHistory {
  const { records, credit } = history;
  const kept = records.length === HISTORY_LENGTH ? records.slice(1) : records.slice();
  kept.push(record);
  if (!record.happy) return { ...history, records: kept };
  const rate = history.rate < AVERAGE_RATE ? history.rate + 1 : history.rate;
  const averageMs = history.averageMs + (record.responseTimeMs - history.averageMs) / rate;
  return { records: kept, credit, averageMs, rate };
}

/** What the history means under a window and threshold, which may be another config's than it was made with. */
export function conclude(history: ProbeHistory, probe: Window): Conclusion {
  const { records, credit } = history;
  const counted = Math.min(probe.window, records.length);
  let good = Math.min(credit, probe.window - counted);
  for (let i = records.length - counted; i < records.length; i++) {
    if (records[i]?.happy) good++;
  }
  const passing = good >= probe.threshold;
  if (records.length === 0) return { good, passing, polled: 'unprobed' };
  return { good, passing, polled: passing ? 'healthy' : 'sick' };
}
