import { describe, expect, test } from 'vitest';
import { currentScope } from '../../src/config/hook-scope.ts';
import type { BackendResponseContext, Hooks, LifeContext } from '../../src/config/hooks.ts';
import { configKeyOf } from '../../src/config-key.ts';
import type { FactBatch } from '../../src/facts.ts';
import { RequestHash } from '../../src/proxy/request/request-hash.ts';
import { anyProbe, identityNamed, ProxyWorld, type WorldConfig, worldWith } from '../support/proxy-world.ts';

const emptyDirector = { name: 'd', policy: { kind: 'round_robin' }, members: [] } as const;

describe('before any config is in use', () => {
  test('requests are answered plainly with 503', () => {
    const world = new ProxyWorld();
    world.load();
    const exchange = world.request();
    expect(exchange.answer).toMatchObject({ status: 503, body: '503 Service Unavailable\n' });
    expect(exchange.answer?.fields.get('Date')).toBe('Tue, 14 Nov 2023 22:13:20 GMT');
  });
});

describe('load', () => {
  test('describes the config as it is after init', () => {
    const world = new ProxyWorld();
    const init = ({ log }: LifeContext) => {
      log('loading');
      currentScope('addBackend').addMember('d', 'b1', 2);
      return undefined;
    };
    const key = configKeyOf('boot', 1);
    const description = world.plane.load(
      key,
      {
        backends: [],
        directors: [emptyDirector],
        saintmodes: [],
        defaultTarget: 'd',
        hooks: { init },
        file: undefined,
      },
      world.backends('b1'),
    );
    expect(description).toMatchObject({
      backends: [{ name: 'b1' }],
      directors: [{ name: 'd', members: [{ target: 'b1', weight: 2 }] }],
      defaultTarget: 'd',
    });
    expect(world.lines).toEqual(['loading']);
    world.clock.advance(0);
    expect(world.facts).toEqual([]);
    world.use(key);
    world.request();
    expect(world.transport.latest.backend).toBe('b1');
  });

  const badInits: [string, NonNullable<Hooks['init']>, string, RegExp][] = [
    [
      'throws',
      () => currentScope('x').addMember('nobody', 'b1', 1) as undefined,
      'config.hook-failed',
      /^the hook init threw/,
    ],
    ['returns fail', () => 'fail' as const, 'config.hook-failed', /^the hook init returned 'fail'/],
    [
      'returns nonsense',
      () => 'ok' as 'fail',
      'config.hook-failed',
      /^the hook init returned "ok"; it may return/,
    ],
    [
      'is asynchronous',
      () => Promise.resolve() as never,
      'config.hook-async',
      /^the hook init returned a promise/,
    ],
  ];
  test.each(badInits)('of a config whose init hook %s leaves nothing behind', (_, init, code, sentence) => {
    const world = worldWith();
    expect(() => world.load({ hooks: { init } }, 'next')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(sentence) }),
    );
    expect(() => world.use(configKeyOf('next', 2))).toThrow(/next@2 is not loaded/);
    world.request();
    expect(world.transport.latest.backend).toBe('b1');
  });

  test('finds the health that was published before', () => {
    const world = worldWith({ backends: [{ name: 'b1', probe: anyProbe }] });
    world.setHealth('b1', { passing: true });
    world.run({ backends: [{ name: 'b1', probe: anyProbe }] });
    expect(world.request().answer).toBeUndefined();
    expect(world.transport.latest.backend).toBe('b1');
  });
});

describe('a switch', () => {
  test('takes effect between two requests: those in flight end with the config that they began with', () => {
    const world = new ProxyWorld();
    const tag = (name: string): WorldConfig => ({
      hooks: { deliver: ({ resp }) => void resp.http.set('X-Config', name) },
    });
    const [one, two] = [world.load(tag('one'), 'one'), world.load(tag('two'), 'two')];
    world.use(one);
    const before = world.request();
    world.use(two);
    const after = world.request();
    for (const fetch of world.transport.fetches) fetch.answer(200);
    expect(before.answer?.fields.get('X-Config')).toBe('one');
    expect(after.answer?.fields.get('X-Config')).toBe('two');
  });

  test('and the health that comes with it are one', () => {
    const world = worldWith({ backends: ['b1'] });
    const next = world.load({ backends: [{ name: 'b2', probe: anyProbe }] }, 'next');
    world.apply({
      active: next,
      health: new Map([[identityNamed('b2'), { polled: 'healthy', passing: true, override: 'auto' }]]),
    });
    world.request();
    expect(world.transport.latest.backend).toBe('b2');
  });

  test('leaves health as it is at each fetch: a retry sees what has changed since', () => {
    const probed = ['b1', 'b2'].map((name) => ({ name, probe: anyProbe }));
    const world = worldWith({
      backends: probed,
      directors: [
        {
          name: 'f',
          policy: { kind: 'fallback', sticky: false },
          members: probed.map(({ name }) => ({ target: name, weight: 1 })),
        },
      ],
      defaultTarget: 'f',
      hooks: { backendError: () => 'retry' },
    });
    for (const { name } of probed) world.setHealth(name, { passing: true });
    world.request();
    world.setHealth('b1', { passing: false, polled: 'sick' });
    world.transport.latest.fail();
    expect(world.transport.fetches.map(({ backend }) => backend)).toEqual(['b1', 'b2']);
  });
});

describe('members added and removed by hooks', () => {
  test('count from that moment, and are told as facts', () => {
    const world = worldWith({
      directors: [emptyDirector],
      defaultTarget: 'd',
      hooks: {
        recv: ({ req }) => {
          if (req.url === '/add') currentScope('addBackend').addMember('d', 'b2', 1);
          if (req.url === '/remove') currentScope('removeBackend').removeMember('d', 'b2');
          return undefined;
        },
      },
    });
    expect(world.request().answer?.status).toBe(503);
    world.request({ target: '/add' });
    expect(world.transport.latest.backend).toBe('b2');
    expect(world.request({ target: '/remove' }).answer?.status).toBe(503);
    world.clock.advance(0);
    const about = { config: 'boot@1', director: 'd', target: 'b2' };
    expect(world.facts).toEqual([
      { type: 'member.added', ...about, weight: 1 },
      { type: 'member.removed', ...about },
    ]);
  });

  test('that do not exist are a mistake of the hook, told nobody else', () => {
    const world = worldWith({
      directors: [emptyDirector],
      hooks: { recv: () => currentScope('addBackend').addMember('d', 'b9', 1) as undefined },
    });
    expect(world.request().answer?.status).toBe(503);
    expect(world.hookErrors[0]?.error.message).toMatch(/there is no backend.* b9/);
    world.clock.advance(0);
    expect(world.facts).toEqual([]);
  });

  test('outside a hook there is no config to change', () => {
    worldWith({ hooks: { recv: () => 'pass' } }).request();
    expect(() => currentScope('addBackend')).toThrow(/outside a hook/);
  });
});

describe('draining', () => {
  test('is reported when the last request has ended, once', () => {
    const world = new ProxyWorld();
    const [old, next] = [world.load({}, 'old'), world.load({}, 'next')];
    world.use(old);
    world.request();
    world.request();
    world.use(next);
    world.request();
    world.plane.drain(old);
    world.transport.fetches[0]?.answer(200);
    world.clock.advance(0);
    expect(world.facts).toEqual([]);
    world.transport.fetches[1]?.answer(200);
    expect(world.facts).toEqual([]);
    world.clock.advance(0);
    expect(world.facts).toEqual([{ type: 'config.drained', config: old }]);
    world.plane.end(old);
    world.clock.advance(0);
    expect(world.facts.length).toBe(1);
  });

  test('of a config without requests is reported at once, but not within the call', () => {
    const world = new ProxyWorld();
    const key = world.load();
    world.plane.drain(key);
    expect(world.facts).toEqual([]);
    world.clock.advance(0);
    expect(world.facts).toEqual([{ type: 'config.drained', config: key }]);
  });

  test.each(['an abort', 'a cut'])('ends with %s, too', (how) => {
    const world = worldWith();
    const exchange = world.request();
    world.plane.drain(configKeyOf('boot', 1));
    world.transport.latest.head(200).data('half');
    if (how === 'an abort') exchange.abort();
    else world.transport.latest.fail();
    world.clock.advance(0);
    expect(world.facts).toEqual([{ type: 'config.drained', config: 'boot@1' }]);
  });
});

describe('the end of a config', () => {
  test('cuts what still runs, runs fini, and leaves no one to serve', () => {
    const order: string[] = [];
    const world = new ProxyWorld();
    const key = world.run({
      hooks: {
        fini: ({ log }) => {
          order.push('fini');
          log('bye');
          return undefined;
        },
      },
    });
    const [waiting, streaming] = [world.request(), world.request()];
    world.transport.fetches[1]?.head(200).data('half');
    world.plane.end(key);
    expect(waiting.answer).toMatchObject({ status: 503, state: 'whole' });
    expect(streaming.answer).toMatchObject({ status: 200, state: 'cut' });
    expect(world.transport.fetches.every(({ isAborted }) => isAborted)).toBe(true);
    expect([waiting.breaches, streaming.breaches]).toEqual([[], []]);
    expect([order, world.lines]).toEqual([['fini'], ['bye']]);
    expect(world.request().answer?.body).toBe('503 Service Unavailable\n');
  });

  test('survives a fini hook that fails', () => {
    const world = new ProxyWorld();
    const key = world.load({
      hooks: {
        fini: () => {
          throw new Error('oops');
        },
      },
    });
    world.plane.end(key);
    expect(world.hookErrors).toMatchObject([{ hook: 'fini', config: key, xid: undefined }]);
    expect(() => world.plane.drain(key)).toThrow(/not loaded/);
  });

  test('closes what it alone has left open, and forgets its counters', () => {
    const world = new ProxyWorld();
    const old = world.load({ backends: ['b1', 'b2'] }, 'old');
    world.use(old);
    world.request();
    world.transport.latest.answer(200);
    world.use(world.load({ backends: ['b2', 'b3'] }, 'next'));
    world.plane.end(old);
    expect([...world.transport.retired.keys()]).toEqual([identityNamed('b1')]);
    expect(world.plane.stats(identityNamed('b1'))).toBeUndefined();
  });
});

describe('a retired backend', () => {
  test('is told of when its last connection has closed', () => {
    const world = worldWith();
    world.apply({ version: 7, retired: [identityNamed('b2')] });
    world.clock.advance(0);
    expect(world.facts).toEqual([]);
    world.transport.retired.get(identityNamed('b2'))?.();
    world.clock.advance(0);
    expect(world.facts).toEqual([
      { type: 'connections.closed', identity: identityNamed('b2'), retiredIn: 7 },
    ]);
  });

  test('that returns begins with what is published then', () => {
    const world = worldWith({ backends: [{ name: 'b1', probe: anyProbe }] });
    world.setHealth('b1', { passing: true });
    world.apply({ retired: [identityNamed('b1')] });
    world.run({ backends: [{ name: 'b1', probe: anyProbe }] });
    expect(world.request().answer?.status).toBe(503);
  });
});

test('facts are numbered without gaps and come in batches', () => {
  const world = new ProxyWorld();
  const batches: FactBatch[] = [];
  world.plane.onFacts = (batch) => batches.push(batch);
  const keys = ['a', 'b', 'c'].map((name) => world.load({}, name));
  for (const key of keys.slice(0, 2)) world.plane.drain(key);
  world.clock.advance(0);
  for (const key of keys.slice(2)) world.plane.drain(key);
  world.clock.advance(0);
  expect(batches.map(({ plane, first, facts }) => [plane, first, facts.length])).toEqual([
    ['p1', 1, 2],
    ['p1', 3, 1],
  ]);
});

test('one object more on the saint list is swept when its time is over', () => {
  const world = worldWith({
    saintmodes: [{ name: 's1', backend: 'b1', threshold: 1 }],
    defaultTarget: 's1',
    hooks: {
      backendResponse: ({ bereq, deny }) => void deny(bereq.url === '/short' ? '1s' : '10s'),
    },
  });
  world.request({ target: '/long' });
  world.request({ target: '/short' });
  for (const fetch of world.transport.fetches) fetch.answer(200);
  expect(world.request({ target: '/other' }).answer?.status).toBe(503);
  world.clock.advance(1_000);
  expect(world.request({ target: '/other' }).answer?.status).toBe(503);
  world.clock.advance(9_000);
  world.request({ target: '/other' });
  expect(world.transport.fetches.length).toBe(3);
});

test('a full saint list lets go what ends soonest, and says so once', () => {
  const world = new ProxyWorld({ saintEntries: 2 });
  world.run({
    saintmodes: [{ name: 's1', backend: 'b1', threshold: 10 }],
    defaultTarget: 's1',
    hooks: { backendResponse: ({ bereq, deny }) => void deny(bereq.url.slice(1)) },
  });
  for (const target of ['/30s', '/10s', '/20s', '/5s', '/40s']) {
    world.request({ target });
    world.transport.latest.answer(200);
  }
  expect(world.request({ target: '/10s' }).answer).toBeUndefined();
  expect(world.request({ target: '/30s' }).answer?.status).toBe(503);
  expect(world.request({ target: '/40s' }).answer?.status).toBe(503);
  expect(world.plane.figures().saints).toEqual({ listed: 2, displaced: 2, refused: 1 });
  expect(world.lines).toEqual([expect.stringContaining('the saint list is full with 2 entries')]);
  world.clock.advance(0);
  expect(world.facts.filter(({ type }) => type === 'saint.denied')).toHaveLength(4);
});

test('with the last config goes the last timer', () => {
  const world = new ProxyWorld();
  const key = world.run({
    saintmodes: [{ name: 's1', backend: 'b1', threshold: 1 }],
    hooks: { backendResponse: ({ deny }) => void deny('1h') },
  });
  world.request();
  world.transport.latest.answer(200);
  world.plane.end(key);
  world.clock.advance(0);
  expect(world.clock.pending).toBe(0);
});

test('a retired backend is forgotten by the saint list', () => {
  const world = worldWith({
    saintmodes: [{ name: 's1', backend: 'b1', threshold: 1 }],
    defaultTarget: 's1',
    hooks: { backendResponse: ({ deny }) => void deny('1h') },
  });
  world.request();
  world.transport.latest.answer(200);
  expect(world.request().answer?.status).toBe(503);
  world.apply({ retired: [identityNamed('b1')] });
  world.clock.advance(0);
  expect(world.clock.pending).toBe(0);
  world.request();
  expect(world.transport.fetches.length).toBe(2);
});

test('what an operator lifts from the saint list may be asked for again, at once', () => {
  const world = worldWith({
    backends: ['b1'],
    saintmodes: [{ name: 's1', backend: 'b1', threshold: 10 }],
    defaultTarget: 's1',
    hooks: {
      hash: ({ hashData, req }) => {
        hashData(req.url);
        return 'lookup';
      },
      backendResponse: ({ deny }) => void deny('1h'),
    },
  });
  for (const target of ['/one', '/two']) {
    world.request({ target });
    world.transport.latest.answer(200);
    expect(world.request({ target }).answer?.status).toBe(503);
  }
  const identity = identityNamed('b1');
  world.apply({ lifted: [{ identity, object: new RequestHash(['/one']).hex() }] });
  expect(world.request({ target: '/one' }).answer).toBeUndefined();
  expect(world.request({ target: '/two' }).answer?.status).toBe(503);
});

test('what a config that drains denies its retired backends ends with that config', () => {
  const world = new ProxyWorld();
  const saintmodes = [{ name: 's1', backend: 'b1', threshold: 1 }];
  const denies = { backendResponse: ({ deny }: BackendResponseContext) => void deny('1h') };
  const old = world.load({ saintmodes, hooks: denies }, 'old');
  world.use(old);
  world.request();
  world.use(world.load({ backends: ['b2'] }, 'next'));
  world.apply({ retired: [identityNamed('b1')] });
  world.transport.latest.answer(200);
  world.plane.end(old);
  world.use(world.load({ saintmodes, defaultTarget: 's1' }, 'third'));
  world.request();
  expect(world.transport.fetches.length).toBe(2);
});
