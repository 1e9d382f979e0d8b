import { describe, expect, test } from 'vitest';
import { backend } from '../../src/config/backend.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { defineConfig } from '../../src/config/define-config.ts';
import { roundRobin } from '../../src/config/director.ts';
import { rehearseInit } from '../../src/config/rehearse-init.ts';

function messages(config: ReturnType<typeof defineConfig>): string[] {
  const { errors, warnings } = checkConfig(rehearseInit(config));
  return [...errors, ...warnings].map(({ message }) => message);
}

describe('a rehearsal of init', () => {
  test('shows the members as they will be', () => {
    const b1 = backend({ host: 'x' });
    const b2 = backend({ host: 'y' });
    const app = roundRobin([b1, b2, b1]);
    const config = defineConfig({
      backends: { b1, b2 },
      directors: { app },
      default: app,
      init() {
        app.removeBackend(b1);
        app.addBackend(b2, 3);
        app.removeBackend(app);
      },
    });
    expect(rehearseInit(config).directors[0]?.members.map(({ target, weight }) => [target, weight])).toEqual([
      ['b2', 1],
      ['b1', 1],
      ['b2', 3],
    ]);
    expect(config.directors[0]?.members).toHaveLength(3);
    expect(messages(config)).toEqual([]);
  });

  test('finds a cycle that init makes', () => {
    const b1 = backend({ host: 'x' });
    const outer = roundRobin([]);
    const inner = roundRobin([outer]);
    const config = defineConfig({
      backends: { b1 },
      directors: { outer, inner },
      init: () => outer.addBackend(inner),
    });
    expect(messages(config)).toEqual(['inner contains itself: outer -> inner -> outer.']);
  });

  test('finds a director that stays empty', () => {
    const b1 = backend({ host: 'x' });
    const app = roundRobin([]);
    const config = defineConfig({ backends: { b1 }, directors: { app }, default: app, init() {}, recv() {} });
    expect(messages(config)).toEqual(['app has no members: requests for it get 503 until a hook adds one.']);
  });

  test.each([
    [
      'a throw',
      () => {
        throw new TypeError('no luck');
      },
      'config.hook-failed',
      'the hook init threw TypeError: no luck',
    ],
    ['fail', () => 'fail' as const, 'config.hook-failed', "the hook init returned 'fail'."],
    [
      'a promise',
      () => Promise.reject(new Error('later')) as never,
      'config.hook-async',
      'the hook init returned a promise, but hooks run to completion: they cannot wait.',
    ],
  ])('fails with %s', (_what, init, code, message) => {
    const config = defineConfig({ backends: { b1: backend({ host: 'x' }) }, init });
    expect(() => rehearseInit(config)).toThrow(expect.objectContaining({ code, message }));
  });
});
