/** What cannot be compared with a running varnishd, because it would end. */
import { expect, test } from 'vitest';
import { runtime } from '../../src/vcl/runtime.ts';

test('fails at a division by zero, where varnishd ends', () => {
  expect(() => runtime.divided(1, 0)).toThrow('division by zero');
  expect(() => runtime.remainder(1, 0)).toThrow('division by zero');
});

test('divides whole numbers towards zero', () => {
  expect(runtime.divided(-7, 2)).toBe(-3);
  expect(runtime.remainder(-7, 3)).toBe(-1);
});

test('takes statuses of which three digits can be sent', () => {
  expect(runtime.synth(1404)).toEqual({ synth: 1404, reason: 'Not Found' });
  for (const wrong of [-1, 99, 1_050, 65_536]) expect(() => runtime.synth(wrong)).toThrow(String(wrong));
});

test('a text that is not there equals nothing and is greater than everything', () => {
  expect(runtime.equal(undefined, undefined)).toBe(false);
  expect(runtime.compare(undefined, 'a') > 0).toBe(true);
  expect(runtime.compare('a', undefined) > 0).toBe(true);
});
