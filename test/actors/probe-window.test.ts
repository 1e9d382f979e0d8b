/**
 * The window arithmetic against a naive list of 64 bits, built as varnishd does it: `initial` good probes
 * are shifted in first, each result shifts the list by one, the latest `window` bits are counted, and each
 * good probe moves an average that leans on four probes at most.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  conclude,
  HISTORY_LENGTH,
  type ProbeHistory,
  recordsOf,
  unprobedHistory,
  withRecord,
} from '../../src/actors/probe-window.ts';
import type { ProbeResult } from '../../src/probe-result.ts';
import { probeResult } from '../support/control-world.ts';

interface Window {
  readonly initial: number;
  readonly window: number;
  readonly threshold: number;
}

/** Newest bit first, as `u & 1` is the newest in varnishd's map. */
class NaiveWindow {
  #bits: boolean[] = Array.from({ length: 64 }, () => false);
  #rate = 0;
  average = 0;

  constructor({ initial, threshold }: Window) {
    for (let i = 0; i < Math.min(initial, threshold); i++) this.poke(true, 0);
  }

  poke(happy: boolean, ms: number): void {
    this.#bits = [happy, ...this.#bits.slice(0, 63)];
    if (!happy) return;
    if (this.#rate < 4) this.#rate += 1;
    this.average += (ms - this.average) / this.#rate;
  }

  good(window: number): number {
    return this.#bits.slice(0, window).filter(Boolean).length;
  }
}

const window: fc.Arbitrary<Window> = fc.integer({ min: 1, max: 64 }).chain((size) =>
  fc.record({
    initial: fc.integer({ min: 0, max: 70 }),
    window: fc.constant(size),
    threshold: fc.integer({ min: 1, max: size }),
  }),
);
const result = fc.record({ happy: fc.boolean(), ms: fc.integer({ min: 0, max: 5_000 }) });

function probed(history: ProbeHistory, happy: boolean, ms: number): ProbeHistory {
  return withRecord(history, { ...probeResult(happy, ms), at: 0 });
}

test('good, verdict and average are those of a list of 64 bits, under the probe it began with and any other', () => {
  fc.assert(
    fc.property(window, window, fc.array(result, { maxLength: 150 }), (first, second, results) => {
      const naive = new NaiveWindow(first);
      let history = unprobedHistory(first);
      expect(conclude(history, first).passing).toBe(naive.good(first.window) >= first.threshold);
      for (const { happy, ms } of results) {
        history = probed(history, happy, ms);
        naive.poke(happy, ms);
        for (const probe of [first, second]) {
          const good = naive.good(probe.window);
          const passing = good >= probe.threshold;
          expect(conclude(history, probe)).toEqual({ good, passing, polled: passing ? 'healthy' : 'sick' });
        }
        expect(history.averageMs).toBe(naive.average);
        expect(recordsOf(history).length).toBeLessThanOrEqual(HISTORY_LENGTH);
      }
    }),
  );
});

const anyResult: fc.Arbitrary<ProbeResult> = fc.record({
  happy: fc.boolean(),
  flags: fc.record({
    goodIpv4: fc.boolean(),
    goodIpv6: fc.boolean(),
    goodUnix: fc.boolean(),
    goodXmit: fc.boolean(),
    errXmit: fc.boolean(),
    goodRecv: fc.boolean(),
    errRecv: fc.boolean(),
  }),
  responseTimeMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 60_000, noNaN: true })),
  reason: fc.nat(200).map((n) => `reason ${n < 100 ? n % 3 : n}`),
});

test('the 64 latest records are kept whole, oldest first, and no more reasons than they have', () => {
  fc.assert(
    fc.property(fc.array(anyResult, { maxLength: 200, size: 'max' }), (results) => {
      let history = unprobedHistory({ initial: 2, window: 8, threshold: 3 });
      let mostReasons = 0;
      results.forEach((one, i) => {
        const before = structuredClone(history);
        const kept = history;
        history = withRecord(history, { ...one, at: i + 0.25 });
        expect(kept).toEqual(before);
        const latest = results.slice(Math.max(0, i - 63), i + 1);
        mostReasons = Math.max(mostReasons, new Set(latest.map(({ reason }) => reason)).size);
        expect(history.reasons.length).toBeLessThanOrEqual(mostReasons);
      });
      const expected = results.map((one, i) => ({ ...one, at: i + 0.25 })).slice(-64);
      expect(recordsOf(history)).toEqual(expected);
      // It is what a snapshot of its poller is made of.
      expect(recordsOf(JSON.parse(JSON.stringify(history)))).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('before the first result it is unprobed, whether or not `initial` lets it pass', () => {
  const window = { window: 8, threshold: 3 };
  const without = { ...window, initial: 2 };
  expect(conclude(unprobedHistory(without), without)).toEqual({
    good: 2,
    passing: false,
    polled: 'unprobed',
  });
  const enough = { ...window, initial: 3 };
  expect(conclude(unprobedHistory(enough), enough)).toEqual({ good: 3, passing: true, polled: 'unprobed' });
});

test('`initial` counts no further than the threshold, as varnishd cuts it', () => {
  const probe = { initial: 8, window: 8, threshold: 3 };
  expect(conclude(unprobedHistory(probe), probe).good).toBe(3);
  const afterOne = probed(unprobedHistory({ initial: 8, window: 8, threshold: 1 }), true, 100);
  expect(afterOne.averageMs).toBe(50);
});

test('good probes granted by `initial` slow the average down, as varnishd counts them in', () => {
  const none = probed(unprobedHistory({ initial: 0, window: 8, threshold: 3 }), true, 100);
  expect(none.averageMs).toBe(100);
  const two = probed(unprobedHistory({ initial: 2, window: 8, threshold: 3 }), true, 90);
  expect(two.averageMs).toBe(30);
});
