import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { byteRange } from '../../../src/proxy/cache/byte-range.ts';

test.each([
  ['bytes=0-', 10, { first: 0, last: 9 }],
  ['Bytes=2-4', 10, { first: 2, last: 4 }],
  ['bytes=2-99', 10, { first: 2, last: 9 }],
  ['bytes=-3', 10, { first: 7, last: 9 }],
  ['bytes=-99', 10, { first: 0, last: 9 }],
  ['bytes=10-', 10, 'none'],
  ['bytes=-0', 10, 'none'],
  ['bytes=4-2', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['bytes=-', 10, undefined],
  ['lines=1-2', 10, undefined],
])('%s of %i', (field, size, expected) => {
  expect(byteRange(field, size)).toEqual(expected);
});

test.prop([fc.nat(), fc.nat(), fc.nat()])('never leaves the body', (from, to, size) => {
  const range = byteRange(`bytes=${from}-${to}`, size);
  if (range === undefined || range === 'none') return;
  expect(range.first).toBeLessThanOrEqual(range.last);
  expect(range.last).toBeLessThan(size);
});
