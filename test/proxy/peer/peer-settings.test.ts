/** vmod_peer, set_threads, set_timeout, set_connect_timeout, set_thread_maxq. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { withMaxQueue, withThreads, withTimeout } from '../../../src/proxy/peer/peer-settings.ts';

describe('set_threads', () => {
  const limitsAfter = (min: number, max: number, before = { min: 1, max: 1 }) => {
    const threads = withThreads(before, min, max, 64);
    return [threads.min, threads.max];
  };

  test('sets both', () => {
    expect(limitsAfter(2, 4)).toEqual([2, 4]);
  });

  test('leaves a side unchanged for which 0 is given', () => {
    expect(limitsAfter(0, 4)).toEqual([1, 4]);
    expect(limitsAfter(2, 0, { min: 1, max: 4 })).toEqual([2, 4]);
    expect(limitsAfter(0, 0, { min: 2, max: 4 })).toEqual([2, 4]);
  });

  test('a minimum alone raises the maximum, a maximum alone lowers the minimum', () => {
    expect(limitsAfter(3, 0)).toEqual([3, 3]);
    expect(limitsAfter(0, 2, { min: 3, max: 4 })).toEqual([2, 2]);
  });

  test.each([
    [4, 2],
    [-1, 2],
    [1, -2],
    [1.5, 2],
    [Number.NaN, 2],
    [1, 65],
    [65, 0],
  ])('ignores set_threads(%d, %d)', (min, max) => {
    expect(limitsAfter(min, max, { min: 2, max: 3 })).toEqual([2, 3]);
  });

  property.prop([fc.array(fc.tuple(fc.integer({ min: -2, max: 70 }), fc.integer({ min: -2, max: 70 })))])(
    'whatever is asked for, 1 <= min <= max <= 64',
    (calls) => {
      let threads = { min: 1, max: 1 };
      for (const [min, max] of calls) threads = withThreads(threads, min, max, 64);
      expect(threads.min).toBeGreaterThanOrEqual(1);
      expect(threads.max).toBeGreaterThanOrEqual(threads.min);
      expect(threads.max).toBeLessThanOrEqual(64);
    },
  );
});

test('timeouts are milliseconds; 0 takes the default again, and nonsense changes nothing', () => {
  expect(withTimeout(60_000, 500, 60_000)).toBe(500);
  expect(withTimeout(500, 0, 60_000)).toBe(60_000);
  for (const nonsense of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    expect(withTimeout(500, nonsense, 60_000)).toBe(500);
  }
});

test('the length of the queue is a number from 1; anything else changes nothing', () => {
  expect(withMaxQueue(10, 20)).toBe(20);
  for (const nonsense of [0, -1, 1.5, Number.NaN]) expect(withMaxQueue(10, nonsense)).toBe(10);
});
