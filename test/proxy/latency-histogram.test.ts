import { expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/proxy/latency-histogram.ts';

test('counts each attempt in the first bucket whose bound it does not exceed', () => {
  const histogram = new LatencyHistogram();
  for (const ms of [0.5, 1, 1.1, 60_000, 60_001]) histogram.add(ms);
  const { boundsMs, counts, sumMs } = histogram.figures();
  expect(counts).toHaveLength(boundsMs.length + 1);
  expect(counts.slice(0, 2)).toEqual([2, 1]);
  expect(counts.slice(-2)).toEqual([1, 1]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(5);
  expect(sumMs).toBeCloseTo(120_003.6);
});
