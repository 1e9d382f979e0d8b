/** peer() and what can be wrong with it. */
import { expect, test } from 'vitest';
import { checkConfig } from '../../src/config/check-config.ts';
import { defineConfig } from '../../src/config/define-config.ts';
import { backend, peer, roundRobin } from '../../src/index.ts';

const b1 = () => backend({ host: '127.0.0.1', port: 8080 });

/** Messages and advice of all mistakes, without their places. */
function mistakesIn(peers: Record<string, unknown>, more: object = {}): string[] {
  const config = defineConfig({ backends: { b1: b1() }, peers: peers as never, ...more });
  return checkConfig(config).errors.map(({ message, advice }) => [message, advice].filter(Boolean).join(' '));
}

test('everything but the host has a default', () => {
  const { peers } = defineConfig({
    backends: { b1: b1() },
    peers: { neighbour: peer({ host: '10.9.1.111' }) },
  });
  expect(peers).toMatchObject([
    {
      name: 'neighbour',
      destination: { host: '10.9.1.111', port: 80 },
      minThreads: 1,
      maxThreads: 1,
      timeoutMs: 60_000,
      connectTimeoutMs: 3_500,
      maxQueue: 10_000,
      whenFull: 'refuse',
      retries: 0,
    },
  ]);
});

test('all options are taken; port 0 is 80, and brackets are no part of an address', () => {
  const one = peer({
    host: '[::1]',
    port: 0,
    threads: [2, 4],
    timeout: '0.5s',
    connectTimeout: 100,
    maxQueue: 50,
    whenFull: 'drop-oldest',
    retries: 3,
  });
  const { peers } = defineConfig({ backends: { b1: b1() }, peers: { one } });
  expect(peers).toMatchObject([
    {
      destination: { host: '::1', port: 80 },
      minThreads: 2,
      maxThreads: 4,
      timeoutMs: 500,
      connectTimeoutMs: 100,
      maxQueue: 50,
      whenFull: 'drop-oldest',
      retries: 3,
    },
  ]);
  expect(mistakesIn({ two: peer({ host: 'h', threads: [2, 4] }) })).toEqual([]);
});

test.each<[string, object, string]>([
  ['no host', {}, 'host is missing.'],
  ['a port beyond', { host: 'h', port: 70_000 }, 'port must be between 1 and 65535, but is 70000.'],
  ['a URL as host', { host: 'http://h' }, 'host must be a name or an address alone'],
  [
    'too few threads',
    { host: 'h', threads: [0, 1] },
    'threads must be whole numbers between 1 and 64, but is [0, 1].',
  ],
  ['too many threads', { host: 'h', threads: [1, 65] }, 'threads must be whole numbers between 1 and 64'],
  [
    'limits the wrong way round',
    { host: 'h', threads: [4, 2] },
    'threads must be the least number before the most',
  ],
  [
    'one number of threads',
    { host: 'h', threads: 4 },
    'threads must be two numbers, the least and the most: [1, 4]',
  ],
  ['no time', { host: 'h', timeout: 0 }, 'timeout must be longer than 0'],
  [
    'no time to connect',
    { host: 'h', connectTimeout: '1 hour' },
    'connectTimeout must be a duration such as',
  ],
  ['no room', { host: 'h', maxQueue: 0 }, 'maxQueue must be a whole number from 1, but is 0.'],
  [
    'another policy',
    { host: 'h', whenFull: 'wait' },
    "whenFull must be 'refuse' or 'drop-oldest', but is \"wait\".",
  ],
  ['half a retry', { host: 'h', retries: 0.5 }, 'retries must be a whole number from 0, but is 0.5.'],
  ['a misspelt option', { host: 'h', retrys: 1 }, "Did you mean 'retries'?"],
])('%s is told', (_, options, sentence) => {
  const mistakes = mistakesIn({ neighbour: peer(options as never) });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(sentence);
});

test('the place of a mistake is that of the option', () => {
  const neighbour = peer({ host: 'h', retries: -1 });
  const [error] = checkConfig(defineConfig({ backends: { b1: b1() }, peers: { neighbour } })).errors;
  expect(error?.place?.file).toBe(import.meta.filename);
});

test('a peer is no target, and a backend no peer', () => {
  const one = peer({ host: 'h' });
  expect(mistakesIn({ one: b1() })).toEqual(['one is a backend. List it in backends.']);
  expect(mistakesIn({ one: 5 })).toEqual(['peers.one must be made by peer(), but is 5.']);
  expect(mistakesIn({ one }, { default: one })[0]).toContain(
    'there is no backend, director or saintmode object one',
  );
  expect(mistakesIn({ one }, { directors: { app: roundRobin([one as never]) } })[0]).toContain('app');
  expect(mistakesIn({ b1: peer({ host: 'h' }) })[0]).toContain(
    'b1 is the name of two things: a backend and a peer',
  );
});

test('outside a hook, and without a name, it says what to do', () => {
  const nameless = peer({ host: 'h' });
  expect(() => nameless.pending).toThrow(/pending\(\) was called outside a hook/);
  expect(() => nameless.name).toThrow(
    'this peer has no name yet: defineConfig gives it one, from its key in peers.',
  );
});
