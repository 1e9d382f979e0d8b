import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type FetchLimits, fetchLimitDefaults } from '../../../src/config/declaration.ts';
import type { RequestReport } from '../../../src/proxy/request/request-report.ts';
import type { FakeExchange } from '../../support/fake-exchange.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import {
  anyProbe,
  identityNamed,
  ProxyWorld,
  type WorldConfig,
  worldWith,
} from '../../support/proxy-world.ts';

const limits = (changes: Partial<FetchLimits>): FetchLimits => ({ ...fetchLimitDefaults, ...changes });

/** A backend that takes one request at a time, and lets two wait for a second. */
const narrow = { name: 'b1', limits: limits({ maxConnections: 1, waitLimit: 2, waitTimeoutMs: 1_000 }) };
const targets = (world: ProxyWorld) => world.transport.fetches.map(({ request }) => request.path);
const record = (world: ProxyWorld) => world.plane.stats(identityNamed('b1'));

describe('a request that finds its backend full', () => {
  test('waits, first come, first served, and goes on when one in flight has ended', () => {
    const world = worldWith({ backends: [narrow] });
    for (const target of ['/a', '/b', '/c']) world.request({ target });
    expect(targets(world)).toEqual(['/a']);
    expect(record(world)).toMatchObject({ inFlight: 1, waiting: 2, requests: 1 });

    world.clock.advance(300);
    world.transport.latest.answer(200);
    world.clock.advance(0);
    expect(targets(world)).toEqual(['/a', '/b']);
    expect(record(world)).toMatchObject({ inFlight: 1, waiting: 1, waited: 1, waitedMs: 300 });
    world.transport.latest.fail();
    world.clock.advance(0);
    expect(targets(world)).toEqual(['/a', '/b', '/c']);
    world.transport.latest.answer(200);
    expect(record(world)).toMatchObject({ inFlight: 0, waiting: 0, waited: 2, waitedMs: 600 });
  });

  test('is not overtaken by one that comes when a slot is free but not yet taken', () => {
    const world = worldWith({ backends: [narrow] });
    for (const target of ['/a', '/b']) world.request({ target });
    world.transport.latest.answer(200);
    world.request({ target: '/late' });
    world.clock.advance(0);
    expect(targets(world)).toEqual(['/a', '/b']);
    expect(record(world)).toMatchObject({ inFlight: 1, waiting: 1 });
  });

  test('is refused at once when as many wait as may, and says so', () => {
    const world = worldWith({ backends: [narrow] });
    for (const target of ['/a', '/b', '/c']) world.request({ target });
    expect(world.request().answer?.status).toBe(503);
    expect(world.failures[0]?.error).toMatchObject({
      code: 'backend.busy',
      message: expect.stringContaining('1 requests in flight, which is its maxConnections, and 2 wait'),
    });
  });

  test('is refused when its time is over, and gives its place up', () => {
    const world = worldWith({ backends: [narrow] });
    world.request();
    const waiting = world.request();
    world.clock.advance(999);
    expect(waiting.answer).toBeUndefined();
    world.clock.advance(1);
    expect(waiting.answer?.status).toBe(503);
    expect(world.failures[0]?.error.message).toContain('no slot in 1000 ms, which is its waitTimeout');
    expect(record(world)).toMatchObject({ waiting: 0, waited: 1, failures: { 'backend.busy': 1 } });
    world.transport.latest.answer(200);
    world.clock.advance(0);
    expect(world.transport.fetches.length).toBe(1);
  });

  test('gives its place up when its client goes, and a slot that was kept for it goes to the next one', () => {
    const world = worldWith({ backends: [narrow] });
    world.request({ target: '/a' });
    const [second] = [world.request({ target: '/b' }), world.request({ target: '/c' })];
    world.transport.latest.answer(200);
    // The slot is kept for the second one, who goes before its turn.
    second?.abort();
    world.clock.advance(0);
    expect(targets(world)).toEqual(['/a', '/c']);
    const gone = world.request({ target: '/d' });
    gone.abort();
    expect(record(world)).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  test('is picked for again when the backend falls sick, after all that one snapshot says', () => {
    const world = worldWith({
      backends: [
        { ...narrow, probe: anyProbe },
        { name: 'b2', probe: anyProbe },
        { name: 'b3', probe: anyProbe },
      ],
      directors: [
        {
          name: 'd',
          policy: { kind: 'fallback', sticky: false },
          members: ['b1', 'b2', 'b3'].map((target) => ({ target, weight: 1 })),
        },
      ],
      defaultTarget: 'd',
    });
    for (const name of ['b1', 'b2', 'b3']) world.setHealth(name, {});
    world.request();
    world.request({ target: '/moves' });
    const sick = { polled: 'sick', passing: false, override: 'auto' } as const;
    world.apply({
      health: new Map([
        [identityNamed('b1'), sick],
        [identityNamed('b2'), sick],
      ]),
    });
    world.clock.advance(0);
    expect(world.transport.latest).toMatchObject({ backend: 'b3', request: { path: '/moves' } });
  });

  test('is told clearly when there is nobody else', () => {
    const world = worldWith({ backends: [{ ...narrow, probe: anyProbe }] });
    world.setHealth('b1', {});
    world.request();
    const waiting = world.request();
    world.setHealth('b1', { override: 'drain' });
    world.clock.advance(0);
    expect(waiting.answer?.status).toBe(503);
    expect(world.failures[0]?.error.code).toBe('backend.none-healthy');
  });

  test('is picked for again when the backend was denied its object while it waited', () => {
    const world = worldWith({
      backends: [narrow, 'b2'],
      saintmodes: [{ name: 's1', backend: 'b1', threshold: 9 }],
      directors: [
        {
          name: 'd',
          policy: { kind: 'fallback', sticky: false },
          members: ['s1', 'b2'].map((target) => ({ target, weight: 1 })),
        },
      ],
      defaultTarget: 'd',
      hooks: {
        backendResponse: ({ beresp, deny }) => {
          if (beresp.status === 500) deny('10s');
        },
      },
    });
    world.request({ target: '/same' });
    world.request({ target: '/same' });
    world.request({ target: '/other' });
    world.transport.latest.answer(500);
    world.clock.advance(0);
    expect(world.transport.fetches.map(({ backend }) => backend)).toEqual(['b1', 'b2', 'b1']);
  });

  test('ends with its config, and its place with it', () => {
    const world = new ProxyWorld();
    const key = world.load({ backends: [narrow] }, 'old');
    world.use(key);
    world.request();
    const waiting = world.request();
    world.plane.drain(key);
    expect(waiting.answer).toBeUndefined();
    world.plane.end(key);
    expect(waiting.answer?.status).toBe(503);
    expect(world.clock.pending).toBe(0);
  });

  test('waits under the limit of its own config, and nobody of another one waits behind it', () => {
    const world = new ProxyWorld();
    const small = world.load({ backends: [narrow] }, 'small');
    const wide = { name: 'b1', limits: limits({ maxConnections: 3, waitLimit: 5 }) };
    const large = world.load({ backends: [wide] }, 'large');
    world.use(large);
    for (const target of ['/1', '/2', '/3', '/4']) world.request({ target });
    world.use(small);
    world.request({ target: '/small' });
    world.use(large);
    world.request({ target: '/5' });
    expect(targets(world)).toEqual(['/1', '/2', '/3']);
    // Of six, three may run: the small one waits until none does.
    for (const path of ['/1', '/2', '/3', '/4']) {
      expect(targets(world)).not.toContain('/small');
      world.transport.fetches.find(({ request }) => request.path === path)?.answer(200);
      world.clock.advance(0);
    }
    world.transport.fetches.find(({ request }) => request.path === '/5')?.answer(200);
    world.clock.advance(0);
    expect(targets(world).at(-1)).toBe('/small');
  });

  test('tells in its story how long it has waited', () => {
    const reports: RequestReport[] = [];
    const world = worldWith({ backends: [narrow] }, { log: { access: (report) => reports.push(report) } });
    world.request();
    world.request({ target: '/waits' });
    world.clock.advance(250);
    world.transport.latest.answer(200);
    world.clock.advance(0);
    world.transport.latest.answer(200);
    expect(reports.find(({ url }) => url === '/waits')?.tries[0]).toMatchObject({
      waitedMs: 250,
      startMs: 250,
      status: 200,
    });
    expect(reports.find(({ url }) => url === '/')?.tries[0]).not.toHaveProperty('waitedMs');
  });

  test('may be one to pipe', () => {
    const world = worldWith({
      backends: [narrow],
      hooks: { recv: ({ req }) => (req.url === '/tunnel' ? 'pipe' : undefined) },
    });
    world.request();
    world.request({ target: '/tunnel' });
    expect(world.transport.connects.length).toBe(0);
    world.transport.latest.answer(200);
    world.clock.advance(0);
    expect(world.transport.connects.length).toBe(1);
    world.transport.connects[0]?.refuse();
    expect(record(world)).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('whatever happens', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('request' as const), at: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('answer' as const, 'fail'), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('leave' as const, 'turn'), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), at: fc.nat(400) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('sick' as const, 'healthy'), at: fc.nat() }) },
  );
  const most = fc.integer({ min: 1, max: 3 });

  property.prop([most, fc.nat(4), fc.array(step, { maxLength: 120 })])(
    'no more are in flight than may be, nobody is forgotten, and who waits keeps the order',
    (maxConnections, waitLimit, steps) => {
      const config: WorldConfig = {
        backends: [
          {
            name: 'b1',
            probe: anyProbe,
            limits: limits({ maxConnections, waitLimit, waitTimeoutMs: 500 }),
          },
        ],
      };
      const world = worldWith(config, { transport: new FakeTransport() });
      world.setHealth('b1', {});
      const exchanges: FakeExchange[] = [];
      const hadToWait = new Set<string>();
      const open = () => world.transport.fetches.filter((fetch) => !fetch.isOver);
      const waiting = () => exchanges.filter((one) => !one.isOver && !isSent(one));
      const isSent = ({ target }: FakeExchange) => targets(world).includes(target);
      for (const { type, at } of steps) {
        const fetch = open()[at % Math.max(1, open().length)];
        if (type === 'request') {
          const exchange = world.request({ target: `/${exchanges.length}` });
          exchanges.push(exchange);
          if (!isSent(exchange)) hadToWait.add(exchange.target);
        }
        if (type === 'answer') fetch?.answer(200);
        else if (type === 'fail') fetch?.fail();
        else if (type === 'leave') exchanges.filter((one) => !one.isOver)[at % 7]?.abort();
        else if (type === 'turn') world.clock.advance(0);
        else if (type === 'wait') world.clock.advance(at);
        else if (type !== 'request') world.setHealth('b1', { passing: type === 'healthy' });
        expect(open().length).toBeLessThanOrEqual(maxConnections);
        expect(record(world)?.inFlight ?? 0).toBe(open().length);
        expect(record(world)?.waiting ?? 0).toBeLessThanOrEqual(waitLimit);
        // Who was turned away may come back, behind the others.
        if (type === 'sick') hadToWait.clear();
      }
      const order = targets(world)
        .filter((path) => hadToWait.has(path))
        .map((path) => Number(path.slice(1)));
      expect(order).toEqual([...order].sort((a, b) => a - b));
      // Whoever still waits gets an answer of some kind within the time that it may wait.
      world.clock.advance(500);
      expect(waiting()).toEqual([]);
      while (open().length > 0) open()[0]?.answer(200);
      world.clock.advance(0);
      expect(record(world) ?? { inFlight: 0, waiting: 0 }).toMatchObject({ inFlight: 0, waiting: 0 });
      expect(exchanges.flatMap(({ breaches }) => breaches)).toEqual([]);
    },
  );
});
