import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { type BackendOptions, backend } from '../../src/config/backend.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { defineConfig } from '../../src/config/define-config.ts';
import { fallback, hash, leastConnections, peakEwma, random, roundRobin } from '../../src/config/director.ts';
import { enterHook, type HookScope, leaveHook } from '../../src/config/hook-scope.ts';
import { saintmode } from '../../src/config/saintmode.ts';
import { TroupeError } from '../../src/errors.ts';
import { placeOf, shown } from './config-folder.ts';

/** What a config says of one backend with these options, which may be of any type. */
function declared(options: unknown) {
  const b = backend(options as BackendOptions);
  const config = defineConfig({ backends: { b } });
  return { declaration: config.backends[0], errors: checkConfig(config).errors };
}

function errorsOf(options: unknown): string[] {
  return declared(options).errors.map(({ message }) => message);
}

describe('a backend', () => {
  plain("has varnishd's defaults", () => {
    const { declaration, errors } = declared({ host: 'origin.example' });
    expect(errors).toEqual([]);
    expect(declaration).toMatchObject({
      name: 'b',
      endpoint: { kind: 'tcp', host: 'origin.example', port: 80 },
      hostHeader: 'origin.example',
      limits: {},
    });
    expect(declaration?.probe).toBeUndefined();
  });

  plain('takes every option', () => {
    const { declaration, errors } = declared({
      host: '::1',
      port: 8080,
      hostHeader: 'shop.example:8080',
      probe: {
        url: '/health',
        expectedResponse: 204,
        timeout: '500ms',
        interval: 2_500,
        initial: 1,
        window: 5,
        threshold: 4,
        expectClose: false,
      },
      connectTimeout: '1s',
      firstByteTimeout: '1m',
      betweenBytesTimeout: 250,
      maxConnections: 50,
    });
    expect(errors).toEqual([]);
    expect(declaration).toMatchObject({
      endpoint: { kind: 'tcp', host: '::1', port: 8080 },
      hostHeader: 'shop.example:8080',
      probe: {
        url: '/health',
        expectedResponse: 204,
        timeoutMs: 500,
        intervalMs: 2_500,
        initial: 1,
        window: 5,
        threshold: 4,
        expectClose: false,
      },
      limits: {
        connectTimeoutMs: 1_000,
        firstByteTimeoutMs: 60_000,
        betweenBytesTimeoutMs: 250,
        maxConnections: 50,
      },
    });
  });

  plain('may be a unix socket', () => {
    const { declaration, errors } = declared({ path: '/run/app.sock' });
    expect(errors).toEqual([]);
    expect(declaration).toMatchObject({
      endpoint: { kind: 'unix', path: '/run/app.sock' },
      hostHeader: '0.0.0.0',
    });
  });

  plain.each([
    ['::1', '::1', '[::1]'],
    ['[::1]', '::1', '[::1]'],
    ['10.0.0.1', '10.0.0.1', '10.0.0.1'],
  ])('on %s is connected to at %s and asked as %s', (host, address, hostHeader) => {
    expect(declared({ host }).declaration).toMatchObject({ endpoint: { host: address }, hostHeader });
  });

  plain.each<[string, unknown, object]>([
    ['true takes all defaults', true, { url: '/', window: 8, threshold: 3, initial: 2, intervalMs: 5_000 }],
    ['an empty object, too', {}, { timeoutMs: 2_000, expectedResponse: 200, expectClose: true }],
    ['a threshold alone looks at one probe more', { threshold: 6 }, { window: 7, threshold: 6, initial: 5 }],
    ['but at 64 at most', { threshold: 64 }, { window: 64, threshold: 64, initial: 63 }],
    ['initial counts up to the threshold', { initial: 9 }, { initial: 3 }],
    ['initial may be 0', { initial: 0 }, { initial: 0 }],
    [
      'a request in lines',
      { request: ['GET / HTTP/1.1', 'Host: x'] },
      { request: ['GET / HTTP/1.1', 'Host: x'] },
    ],
    [
      'a request in one text',
      { request: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' },
      { request: ['GET / HTTP/1.1', 'Host: x'] },
    ],
  ])('has a probe: %s', (_what, probe, expected) => {
    const { declaration, errors } = declared({ host: 'x', probe });
    expect(errors).toEqual([]);
    expect(declaration?.probe).toMatchObject(expected);
  });

  plain('has none with probe: false', () => {
    expect(declared({ host: 'x', probe: false }).declaration?.probe).toBeUndefined();
  });

  plain.each<[unknown, string]>([
    [undefined, 'b: what backend() is given must be an object of options, but is undefined.'],
    [7, 'b: what backend() is given must be an object of options, but is 7.'],
    [{}, 'b: host is missing.'],
    [{ host: 5 }, 'b: host must be a string, but is 5.'],
    [{ host: '' }, 'b: host must be a name or an address alone, but is "".'],
    [{ host: 'x:80' }, 'b: host must be a name or an address alone, but is "x:80".'],
    [{ host: 'http://x' }, 'b: host must be a name or an address alone, but is "http://x".'],
    [{ host: 'x', port: '80' }, 'b: port must be a number, but is "80".'],
    [{ host: 'x', port: 0 }, 'b: port must be between 1 and 65535, but is 0.'],
    [{ host: 'x', port: 70_000 }, 'b: port must be between 1 and 65535, but is 70000.'],
    [{ host: 'x', port: 80.5 }, 'b: port must be a whole number, but is 80.5.'],
    [{ host: 'x', port: Number.NaN }, 'b: port must be a number, but is NaN.'],
    [{ host: 'x', path: '/s' }, 'b: host has no meaning together with path, which names a unix socket.'],
    [{ port: 80, path: '/s' }, 'b: port has no meaning together with path, which names a unix socket.'],
    [{ path: 'app.sock' }, 'b: path must be an absolute path, but is "app.sock".'],
    [
      { host: 'x', hostHeader: 'a\r\nb' },
      String.raw`b: hostHeader must be a host, without blanks and control characters, but is "a\r\nb".`,
    ],
    [{ host: 'x', prot: 80 }, "b: there is no option 'prot'."],
    [
      { host: 'x', maxConnections: -1 },
      'b: maxConnections must be a whole number from 0, which means no limit, but is -1.',
    ],
    [
      { host: 'x', maxConnections: Number.POSITIVE_INFINITY },
      'b: maxConnections must be a number, but is Infinity.',
    ],
    [{ host: 'x', connectTimeout: 0 }, 'b: connectTimeout must be longer than 0, but is 0 ms.'],
    [
      { host: 'x', firstByteTimeout: '1y' },
      'b: firstByteTimeout must be at most 24 days, but is 31536000000 ms.',
    ],
    [
      { host: 'x', betweenBytesTimeout: '5 sec' },
      `b: betweenBytesTimeout must be a duration such as '1.5s' or '500ms', or a number of milliseconds, but is "5 sec".`,
    ],
    [{ host: 'x', probe: 'yes' }, 'b: probe must be true or an object of probe options, but is "yes".'],
    [{ host: 'x', probe: { intervall: 5 } }, "b: there is no option 'probe.intervall'."],
    [{ host: 'x', probe: { interval: '0s' } }, 'b: probe.interval must be longer than 0, but is 0 ms.'],
    [
      { host: 'x', probe: { interval: -5 } },
      `b: probe.interval must be a duration such as '1.5s' or '500ms', or a number of milliseconds, but is -5.`,
    ],
    [
      { host: 'x', probe: { url: 'health' } },
      'b: probe.url must be a path that begins with /, but is "health".',
    ],
    [{ host: 'x', probe: { url: '/a b' } }, 'b: probe.url must be a path that begins with /, but is "/a b".'],
    [
      { host: 'x', probe: { url: '/', request: 'GET / HTTP/1.1' } },
      'b: probe.url has no meaning together with probe.request.',
    ],
    [
      { host: 'x', probe: { request: [] } },
      "b: probe.request must begin with a request line, such as 'GET / HTTP/1.1'.",
    ],
    [
      { host: 'x', probe: { request: [5] } },
      "b: probe.request must be the request's lines: a string or a list of strings, but is a list.",
    ],
    [
      { host: 'x', probe: { request: ['GET /\0'] } },
      String.raw`b: probe.request must be lines without control characters, but is "GET /\u0000".`,
    ],
    [
      { host: 'x', probe: { expectedResponse: 99 } },
      'b: probe.expectedResponse must be a status between 100 and 999, but is 99.',
    ],
    [{ host: 'x', probe: { window: 8 } }, 'b: probe.window is given without probe.threshold.'],
    [
      { host: 'x', probe: { window: 65, threshold: 3 } },
      'b: probe.window must be a whole number between 1 and 64, but is 65.',
    ],
    [
      { host: 'x', probe: { threshold: 65 } },
      'b: probe.threshold must be a whole number between 1 and 64, but is 65.',
    ],
    [
      { host: 'x', probe: { threshold: 0 } },
      'b: probe.threshold must be a whole number between 1 and 64, but is 0.',
    ],
    [
      { host: 'x', probe: { window: 3, threshold: 5 } },
      'b: probe.threshold must be at most window, but is 5, and window is 3.',
    ],
    [{ host: 'x', probe: { initial: -1 } }, 'b: probe.initial must be a whole number from 0, but is -1.'],
    [{ host: 'x', probe: { expectClose: 1 } }, 'b: probe.expectClose must be true or false, but is 1.'],
  ])('%o is refused with one sentence', (options, sentence) => {
    expect(errorsOf(options)).toEqual([sentence]);
  });

  plain('tells of all its mistakes at once', () => {
    const errors = errorsOf({
      host: 5,
      port: 70_000,
      prot: 1,
      probe: { interval: 'soon', windwo: 3 },
      maxConnections: -1,
    });
    expect(errors).toHaveLength(6);
  });

  plain('tells what was meant', () => {
    const [error] = declared({ host: 'x', max_connections: 5 }).errors;
    expect(error?.advice).toBe("Did you mean 'maxConnections'?");
  });

  const anything = fc.oneof(
    fc.anything(),
    fc.integer({ min: -2, max: 70 }),
    fc.constantFrom(
      0,
      -0,
      1,
      64,
      65,
      80,
      65_535,
      65_536,
      '1s',
      '0s',
      '5',
      '/',
      '/x',
      'x',
      '::1',
      true,
      undefined,
    ),
  );
  const mixed = fc.record(
    {
      host: anything,
      port: anything,
      path: anything,
      hostHeader: anything,
      maxConnections: anything,
      connectTimeout: anything,
      firstByteTimeout: anything,
      betweenBytesTimeout: anything,
      stray: anything,
      probe: fc.oneof(
        anything,
        fc.record(
          {
            url: anything,
            request: anything,
            expectedResponse: anything,
            timeout: anything,
            interval: anything,
            initial: anything,
            window: anything,
            threshold: anything,
            expectClose: anything,
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  );

  test.prop([fc.oneof(mixed, fc.anything())], { numRuns: 500 })(
    'is refused with sentences on one line, or is one that every other part can rely on',
    (options) => {
      const { declaration, errors } = declared(options);
      if (errors.length > 0) {
        for (const { code, message } of errors) {
          expect(code).toBe('config.invalid');
          expect(message).toMatch(/^b: [^\n]+\.$/);
        }
        return;
      }
      expect(declaration).toBeDefined();
      if (declaration === undefined) return;
      const { endpoint, limits, probe } = declaration;
      if (endpoint.kind === 'tcp') {
        expect(Number.isInteger(endpoint.port) && endpoint.port >= 1 && endpoint.port <= 65_535).toBe(true);
        expect(endpoint.host).not.toBe('');
      } else expect(endpoint.path.startsWith('/')).toBe(true);
      for (const limit of Object.values(limits)) expect(Number.isFinite(limit) && limit >= 0).toBe(true);
      if (probe === undefined) return;
      for (const count of [probe.window, probe.threshold, probe.initial])
        expect(Number.isInteger(count)).toBe(true);
      expect(probe.threshold).toBeGreaterThanOrEqual(1);
      expect(probe.threshold).toBeLessThanOrEqual(probe.window);
      expect(probe.window).toBeLessThanOrEqual(64);
      expect(probe.initial).toBeLessThanOrEqual(probe.threshold);
      expect(probe.initial).toBeGreaterThanOrEqual(0);
      expect(probe.intervalMs).toBeGreaterThan(0);
      expect(probe.timeoutMs).toBeGreaterThan(0);
    },
  );
});

describe('names', () => {
  plain('come from the keys, and are on the handles afterwards', () => {
    const app1 = backend({ host: 'x' });
    const sm1 = saintmode(app1, { threshold: 3 });
    const app = roundRobin([sm1]);
    expect(() => app.name).toThrow('this director has no name yet');
    const config = defineConfig({ backends: { app1 }, directors: { main: app, sm1 } });
    expect([app1.name, sm1.name, app.name]).toEqual(['app1', 'sm1', 'main']);
    expect(config.directors).toMatchObject([{ name: 'main', members: [{ target: 'sm1', weight: 1 }] }]);
    expect(config.saintmodes).toMatchObject([{ name: 'sm1', backend: 'app1', threshold: 3 }]);
  });

  plain('of what is written in place come from the place', () => {
    const b1 = backend({ host: 'x' });
    const app = fallback([
      b1,
      roundRobin([saintmode(b1, { threshold: 1 })]),
      saintmode(b1, { threshold: 2 }),
    ]);
    const config = defineConfig({ backends: { b1 }, directors: { app }, default: random([app]) });
    expect(checkConfig(config).errors).toEqual([]);
    expect(config.directors.map(({ name }) => name)).toEqual(['app', 'app.1', 'default']);
    expect(config.saintmodes.map(({ name }) => name)).toEqual(['app.1.0', 'app.2']);
    expect(config.defaultTarget).toBe('default');
  });

  plain('may be shared by two configs, if they are the same', () => {
    const b1 = backend({ host: 'x' });
    const first = defineConfig({ backends: { b1 } });
    const second = defineConfig({ backends: { b1 }, default: b1 });
    expect([...checkConfig(first).errors, ...checkConfig(second).errors]).toEqual([]);
    const third = defineConfig({ backends: { other: b1 } });
    expect(checkConfig(third).errors.map(({ message }) => message)).toEqual([
      'other is called b1 in another config: a handle has one name.',
    ]);
  });

  plain('the default is the first backend unless one is given', () => {
    const b1 = backend({ host: 'x' });
    const b2 = backend({ host: 'y' });
    expect(defineConfig({ backends: { b1, b2 } }).defaultTarget).toBe('b1');
    expect(defineConfig({ backends: { b1, b2 }, default: b2 }).defaultTarget).toBe('b2');
    expect(defineConfig({ backends: {} }).defaultTarget).toBeUndefined();
  });
});

describe('directors', () => {
  const b1 = backend({ host: 'x' });
  const b2 = backend({ host: 'y' });

  plain('keep policy, order, repetition and weights', () => {
    const config = defineConfig({
      backends: { b1, b2 },
      directors: {
        turn: roundRobin([b1, b2, b1]),
        first: fallback([b2]),
        sticky: fallback([b2], { sticky: true }),
        chance: random([{ target: b1, weight: 2.5 }, { target: b2 }, b1]),
        key: hash([b1, { target: b2, weight: 0 }]),
      },
    });
    expect(checkConfig(config)).toMatchObject({ errors: [] });
    expect(
      config.directors.map(({ name, policy, members }) => [
        name,
        policy,
        members.map((m) => [m.target, m.weight]),
      ]),
    ).toEqual([
      [
        'turn',
        { kind: 'round_robin' },
        [
          ['b1', 1],
          ['b2', 1],
          ['b1', 1],
        ],
      ],
      ['first', { kind: 'fallback', sticky: false }, [['b2', 1]]],
      ['sticky', { kind: 'fallback', sticky: true }, [['b2', 1]]],
      [
        'chance',
        { kind: 'random' },
        [
          ['b1', 2.5],
          ['b2', 1],
          ['b1', 1],
        ],
      ],
      [
        'key',
        { kind: 'hash' },
        [
          ['b1', 1],
          ['b2', 0],
        ],
      ],
    ]);
  });

  plain('keep what they are to do in bad times', () => {
    const c1 = backend({ host: 'x', maxConnections: 5, waitLimit: 10, waitTimeout: '1s' });
    const config = defineConfig({
      backends: { c1 },
      directors: {
        turn: roundRobin([c1], { panicThreshold: 0.25 }),
        least: leastConnections([{ target: c1, weight: 2 }], { slowStart: '30s', panicThreshold: 0.5 }),
        soonest: peakEwma([c1], { halfLife: '2s', slowStart: 0 }),
        byDefault: peakEwma([c1]),
      },
    });
    expect(checkConfig(config)).toMatchObject({ errors: [] });
    expect(config.backends[0]?.limits).toEqual({ maxConnections: 5, waitLimit: 10, waitTimeoutMs: 1_000 });
    expect(config.directors.map(({ place: _, members: __, ...rest }) => rest)).toEqual([
      { name: 'turn', policy: { kind: 'round_robin' }, panicThreshold: 0.25 },
      { name: 'least', policy: { kind: 'least_connections' }, slowStartMs: 30_000, panicThreshold: 0.5 },
      { name: 'soonest', policy: { kind: 'peak_ewma', halfLifeMs: 2_000 }, slowStartMs: 0 },
      { name: 'byDefault', policy: { kind: 'peak_ewma', halfLifeMs: 5_000 } },
    ]);
    expect(config.directors[1]?.members).toEqual([{ target: 'c1', weight: 2 }]);
  });

  plain('do not change with the list that they were made of', () => {
    const c1 = backend({ host: 'x' });
    const members = [c1];
    const list = roundRobin(members);
    members.push(c1);
    expect(defineConfig({ backends: { c1 }, directors: { list } }).directors[0]?.members).toHaveLength(1);
  });

  plain('a hash director names the backend of a key', () => {
    const c1 = backend({ host: 'x' });
    const byUser = hash([c1]);
    defineConfig({ backends: { c1 }, directors: { byUser } });
    expect(byUser.backend('user', '42')).toEqual({ name: 'byUser', key: 'user42' });
  });
});

describe('members added and removed', () => {
  const c1 = backend({ host: 'x' });
  const app = roundRobin([]);
  defineConfig({ backends: { c1 }, directors: { app } });

  function recorder(): HookScope & { readonly calls: unknown[] } {
    const calls: unknown[] = [];
    return {
      calls,
      addMember: (...call) => void calls.push(['add', ...call]),
      removeMember: (...call) => void calls.push(['remove', ...call]),
      shards: {
        change: (...call) => {
          calls.push(['change', ...call]);
          return [];
        },
        size: () => 0,
        setWarmup: (...call) => void calls.push(['warmup', ...call]),
        setRampup: (...call) => void calls.push(['rampup', ...call]),
        associate: (...call) => void calls.push(['associate', ...call]),
        setParam: (...call) => void calls.push(['param', ...call]),
      },
      saintCount: () => 0,
      peer: (name) => {
        throw new Error(`no peer ${name} here`);
      },
    };
  }

  plain('act on the config whose hook is running', () => {
    const [one, two] = [recorder(), recorder()];
    const outer = enterHook(one);
    app.addBackend(c1);
    const inner = enterHook(two);
    app.addBackend(c1, 3);
    leaveHook(inner);
    app.removeBackend(c1);
    leaveHook(outer);
    expect(one.calls).toEqual([
      ['add', 'app', 'c1', 1],
      ['remove', 'app', 'c1'],
    ]);
    expect(two.calls).toEqual([['add', 'app', 'c1', 3]]);
  });

  plain('are refused outside a hook', () => {
    expect(() => app.addBackend(c1)).toThrow(TroupeError);
    expect(() => app.removeBackend(c1)).toThrow('removeBackend() was called outside a hook');
  });
});

describe('in a program', () => {
  plain('mistakes have the place of the option', async () => {
    const { readFileSync } = await import('node:fs');
    const wrong = backend({ host: '127.0.0.1', port: 70_001 });
    const config = defineConfig({ backends: { wrong } });
    const text = readFileSync(import.meta.filename, 'utf8');
    expect(checkConfig(config).errors.map(shown)).toEqual([
      `${placeOf('port: 70_001', text)} wrong: port must be between 1 and 65535, but is 70001.`,
    ]);
    expect(config.backends[0]?.place).toMatchObject({ file: import.meta.filename });
  });

  plain('defineConfig never throws', () => {
    for (const value of [
      undefined,
      null,
      5,
      'x',
      [],
      {},
      { backends: 5 },
      { backends: [] },
      { directors: null },
    ]) {
      const config = defineConfig(value as never);
      expect(checkConfig(config).errors.length).toBeGreaterThan(0);
    }
  });
});
