/** The option `cache` of a config, and what is wrong with it. */
import { expect, test } from 'vitest';
import { backend } from '../../src/config/backend.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { defineConfig } from '../../src/config/define-config.ts';

const backends = { b1: backend({ host: '127.0.0.1', port: 8081 }) };

test('durations become milliseconds', () => {
  const { cache } = defineConfig({ backends, cache: { defaultTtl: '2m', defaultGrace: 500 } });
  expect(cache).toMatchObject({ defaultTtlMs: 120_000, defaultGraceMs: 500, defaultKeepMs: undefined });
});

test('false and nothing are what they are', () => {
  expect(defineConfig({ backends, cache: false }).cache).toBe(false);
  expect(defineConfig({ backends }).cache).toBeUndefined();
});

test.each([
  [true, /cache must be false, or an object .*, but is true/],
  [{ defaultTtl: 'long' }, /defaultTtl must be a duration such as .*, but is "long"/],
  [{ rules: 'nginx' }, /rules must be 'rfc9111' or 'varnish', but is "nginx"/],
  [{ ttl: 5 }, /there is no option 'ttl'/],
])('%j is a mistake', (cache, sentence) => {
  const config = defineConfig({ backends, cache: cache as never });
  expect(checkConfig(config).errors.map(({ message }) => message)).toEqual([expect.stringMatching(sentence)]);
});
