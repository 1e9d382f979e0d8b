import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { remaining } from '../../../src/proxy/directors/half-life.ts';

property.prop([fc.double({ min: 0, max: 29.99, noNaN: true })])('halves with each half-life', (halvings) => {
  expect(remaining(halvings)).toBeCloseTo(2 ** -halvings, 5);
  expect(remaining(halvings) / 2 ** -halvings).toBeCloseTo(1, 4);
});

property.prop([fc.double({ min: 0, max: 40, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })])(
  'never grows with time',
  (halvings, more) => {
    expect(remaining(halvings + more)).toBeLessThanOrEqual(remaining(halvings) * (1 + 1e-4));
  },
);

test('is all at first, and nothing in the end', () => {
  expect(remaining(0)).toBe(1);
  expect(remaining(30)).toBe(0);
  expect(remaining(Number.POSITIVE_INFINITY)).toBe(0);
  expect(remaining(Number.NaN)).toBe(0);
});
