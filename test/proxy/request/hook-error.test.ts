import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defineConfig } from '../../../src/config/define-config.ts';
import { TroupeError } from '../../../src/errors.ts';
import { hookThrew, hookWasAsync, hookWasWrong, isPromise } from '../../../src/proxy/request/hook-error.ts';

const here = import.meta.filename;

/** A config whose text is this file, with hooks that go wrong in every way. */
const config = defineConfig({
  backends: {},
  recv() {
    throw new TypeError('x is undefined');
  },
  synth() {
    throw 'nope';
  },
});

/** Where a text first stands in this file. */
function lineOf(text: string): number {
  return (
    readFileSync(here, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

function thrownBy(hook: unknown): unknown {
  try {
    (hook as () => void)();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it did not throw');
}

test('an error is placed where the config threw it', () => {
  const error = thrownBy(config.hooks.recv);
  const placed = hookThrew('recv', error, config.origin);
  expect(placed.message).toBe('the hook recv threw TypeError: x is undefined');
  expect(placed.code).toBe('troupe.hook-threw');
  expect(placed.place).toEqual({ file: here, line: lineOf('throw new TypeError'), column: 11 });
  expect(placed.cause).toBe(error);
});

test('what has no stack, and what was only returned, is placed where the hook begins', () => {
  const synth = { file: here, line: lineOf('synth() {'), column: 3 };
  const placed = hookThrew('synth', thrownBy(config.hooks.synth), config.origin);
  expect(placed.message).toBe('the hook synth threw nope');
  expect(placed.place).toEqual(synth);
  expect(hookWasAsync('synth', config.origin).place).toEqual(synth);
  expect(hookWasWrong('synth', 'returned 3', config.origin).place).toEqual(synth);
});

test('an error that knows its place is believed', () => {
  const place = { file: 'a.vcl', line: 3, column: 1 };
  const error = new TroupeError('config.invalid', 'no', { side: 'troupe', place });
  expect(hookThrew('recv', error, config.origin).place).toBe(place);
});

test('anything can be thrown, and a config need not know its text', () => {
  expect(hookThrew('synth', undefined, undefined).place).toBeUndefined();
  expect(hookThrew('synth', undefined, undefined).message).toBe('the hook synth threw undefined');
});

test('promises are known by what they can do, and their rejection ends nothing', async () => {
  expect(isPromise(Promise.reject(new Error('nobody waits')))).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: a promise of somebody else's making is the point.
  expect(isPromise({ then: () => {} })).toBe(true);
  expect(isPromise({ synth: 200 })).toBe(false);
  expect(isPromise('deliver')).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
});
