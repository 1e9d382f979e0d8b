/** The shard director as a config writes it. */
import { afterAll, describe, expect, test } from 'vitest';
import { backend } from '../../src/config/backend.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { defineConfig } from '../../src/config/define-config.ts';
import type { ShardOptions } from '../../src/config/shard.ts';
import { shard, shardParam } from '../../src/config/shard.ts';
import type { ShardUse } from '../../src/config/shard-use.ts';
import { TroupeError } from '../../src/errors.ts';
import { shardKey } from '../../src/shard-key.ts';
import { ConfigFolder, mistakesIn, placeOf } from './config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const b1 = backend({ host: 'x' });
const b2 = backend({ host: 'y' });

describe('a shard director', () => {
  test("has vmod_directors' defaults", () => {
    const app = shard([b1, b2]);
    const config = defineConfig({ backends: { b1, b2 }, directors: { app } });
    expect(checkConfig(config).errors).toEqual([]);
    expect(config.directors[0]).toMatchObject({
      policy: { kind: 'shard', replicas: 67, warmup: 0, rampupMs: 0, choice: {} },
      members: [
        { target: 'b1', weight: 1 },
        { target: 'b2', weight: 1 },
      ],
    });
  });

  test('takes every option, and a member under several idents', () => {
    const retry = shardParam({ alt: 1, healthy: 'all' });
    const app = shard([b1, { target: b1, ident: 'again', weight: 2.5, rampup: '10s' }], {
      replicas: 100,
      rampup: '1m',
      warmup: 0.1,
      by: 'url',
      alt: 2,
      healthy: 'all',
      param: retry,
    });
    const config = defineConfig({ backends: { b1, b2 }, directors: { app } });
    expect(checkConfig(config).errors).toEqual([]);
    expect(config.directors[0]).toMatchObject({
      policy: {
        replicas: 100,
        warmup: 0.1,
        rampupMs: 60_000,
        choice: { by: 'url', alt: 2, healthy: 'all', param: { choice: { alt: 1, healthy: 'all' } } },
      },
      members: [
        { target: 'b1', weight: 1 },
        { target: 'b1', weight: 2.5, ident: 'again', rampupMs: 10_000 },
      ],
    });
  });

  test('is plain data in the declaration, so that it can cross between planes', () => {
    const app = shard([b1], { param: shardParam({ by: 'url' }) });
    const [director] = defineConfig({ backends: { b1 }, directors: { app } }).directors;
    expect(structuredClone(director?.policy)).toEqual(director?.policy);
  });
});

describe('what a request says', () => {
  const app = shard([b1, b2]);
  defineConfig({ backends: { b1, b2 }, directors: { app } });

  test('a key is a text or its number, and blobs are read as varnishd reads them', () => {
    const key = shardKey('user 17');
    expect(app.key('user', ' ', '17')).toBe(key);
    for (const use of [{ key: 'user 17' }, { key }, { by: 'key' as const, key: 'user 17' }]) {
      expect(app.backend(use)).toMatchObject({ name: 'app', shard: { by: 'key', key } });
    }
    const keyOf = (keyBlob: Uint8Array) => app.backend({ keyBlob });
    expect(keyOf(Uint8Array.of(0xff, 1, 2, 3, 4))).toMatchObject({ shard: { by: 'blob', key: 0xff010203 } });
    expect(keyOf(Uint8Array.of(1, 2))).toMatchObject({ shard: { key: 0x0102 } });
    expect(keyOf(new Uint8Array())).toMatchObject({ shard: { key: 0 } });
  });

  test.each<[unknown, string]>([
    [{ alt: -1 }, 'alt must be a whole number from 0, but is -1.'],
    [{ warmup: 1.5 }, "warmup must be a number from 0 to 1, or -1 for the director's, but is 1.5."],
    [{ rampup: '10s' }, 'rampup must be true or false, but is "10s".'],
    [{ healthy: 'some' }, "healthy must be 'chosen', 'ignore' or 'all', but is \"some\"."],
    [{ by: 'cookie' }, "by must be 'hash', 'url', 'key' or 'blob', but is \"cookie\"."],
    [{ by: 'key' }, "by: 'key' needs a key."],
    [{ by: 'blob' }, "by: 'blob' needs a keyBlob."],
    [{ by: 'url', key: 'x' }, 'key has no meaning with by: "url".'],
    [{ key: -1 }, 'key must be a string or a whole number of 32 bits, but is -1.'],
    [{ key: 2 ** 32 }, 'key must be a string or a whole number of 32 bits, but is 4294967296.'],
    [{ keyBlob: 'abcd' }, 'keyBlob must be bytes, a Uint8Array, but is "abcd".'],
    [{ key: 'x', keyBlob: new Uint8Array(1) }, 'keyBlob has no meaning together with key.'],
    [{ param: {} }, 'param must be made by shardParam(), but is an object.'],
    [{ alternative: 1 }, "there is no option 'alternative'."],
    [7, 'the options must be an object, but are 7.'],
  ])('%j is refused: %s', (use, sentence) => {
    expect(() => app.backend(use as ShardUse)).toThrow(TroupeError);
    expect(() => app.backend(use as ShardUse)).toThrow(sentence);
  });
});

describe('a mistake is shown where it is', () => {
  const head = `import { backend, defineConfig, shard } from 'troupe';
const a = backend({ host: '127.0.0.1', port: 9001 });
const b = backend({ host: '127.0.0.1', port: 9002 });
`;
  let written = 0;

  test.each<[members: string, options: string, at: string, sentence: string]>([
    ['a, b', '{ replicas: 0 }', 'replicas: 0', 'replicas must be a whole number from 1, but is 0.'],
    ['a, b', '{ warmup: 1 }', 'warmup: 1', 'warmup must be from 0 to below 1, but is 1.'],
    [
      'a, b',
      "{ rampup: 'soon' }",
      'rampup',
      "rampup must be a duration such as '1.5s' or '500ms', or a number of milliseconds, but is \"soon\".",
    ],
    ['a, b', "{ by: 'cookie' }", 'by:', "by must be 'hash', 'url', 'key' or 'blob', but is \"cookie\"."],
    ['a, b', '{ alt: -1 }', 'alt', 'alt must be a whole number from 0, but is -1.'],
    ['a, b', '{ replica: 5 }', 'replica', "there is no option 'replica'."],
    ['a, b', '{ param: 1 }', 'param', 'param must be made by shardParam(), but is 1.'],
    [
      'a, b',
      '{ replicas: 6e6 }',
      'replicas',
      'the ring would have 12000000 points, and the limit is 10000000.',
    ],
    [
      'a, { target: b, weight: 0.5 }',
      '{}',
      'weight: 0.5',
      'the weight of b must be at least 1 in a shard director, but is 0.5.',
    ],
    ['a, { target: b, idnt: "x" }', '{}', 'idnt', "there is no option 'idnt'."],
    ['a, { target: a }', '{}', '{ target: a }', 'a is on the ring twice.'],
  ])('shard([%s], %s)', async (members, options, at, sentence) => {
    const source = `${head}const app = shard([${members}], ${options} as never);
export default defineConfig({ backends: { a, b }, directors: { app } });`;
    const file = folder.write(`shard-${++written}.ts`, source);
    expect(await mistakesIn(file)).toEqual([`${placeOf(at, source)} app: ${sentence}`]);
  });
});

test('options are typed', () => {
  // @ts-expect-error a key for another way of placing the request
  const wrong: ShardUse = { by: 'url', key: 'x' };
  // @ts-expect-error there is no such health
  const other: ShardOptions = { healthy: 'some' };
  expect([wrong, other]).toHaveLength(2);
});
