import { expect, test } from 'vitest';
import { TroupeError } from '../../../src/errors.ts';
import { hookThrew, isPromise } from '../../../src/proxy/request/hook-error.ts';

test('a thrown error is placed where the stack enters the config', () => {
  const error = new TypeError('x is undefined');
  error.stack = `TypeError: x is undefined
    at helper (file:///lib/helper.ts:3:5)
    at recv (file:///etc/my.config.ts:12:7)
    at load (file:///etc/my.config.ts:1:1)`;
  const placed = hookThrew('recv', error, '/etc/my.config.ts');
  expect(placed.message).toBe('the hook recv threw TypeError: x is undefined');
  expect(placed.code).toBe('troupe.hook-threw');
  expect(placed.place).toEqual({ file: '/etc/my.config.ts', line: 12, column: 7 });
  expect(placed.cause).toBe(error);
});

test('an error that knows its place is believed', () => {
  const place = { file: 'a.vcl', line: 3, column: 1 };
  const error = new TroupeError('config.invalid', 'no', { side: 'troupe', place });
  expect(hookThrew('recv', error, 'a.vcl').place).toBe(place);
});

test('anything can be thrown', () => {
  expect(hookThrew('synth', 'nope', undefined).message).toBe('the hook synth threw nope');
  expect(hookThrew('synth', undefined, undefined).place).toBeUndefined();
});

test('promises are known by what they can do, and their rejection ends nothing', async () => {
  expect(isPromise(Promise.reject(new Error('nobody waits')))).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: a promise of somebody else's making is the point.
  expect(isPromise({ then: () => {} })).toBe(true);
  expect(isPromise({ synth: 200 })).toBe(false);
  expect(isPromise('deliver')).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
});
