import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { backOffMs } from '../../../src/proxy/peer/back-off.ts';

test('doubles from 100 ms to 30 s, and spreads over the upper half of each step', () => {
  expect([1, 2, 3, 9, 10, 11, 1_000].map((attempt) => backOffMs(attempt, 0))).toEqual([
    50, 100, 200, 12_800, 15_000, 15_000, 15_000,
  ]);
  expect(backOffMs(1, 0.5)).toBe(75);
});

test.prop([fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })])(
  'is never nothing, and never longer than 30 s',
  (attempt, random) => {
    const ms = backOffMs(attempt, random);
    expect(ms).toBeGreaterThanOrEqual(50);
    expect(ms).toBeLessThanOrEqual(30_000);
  },
);
