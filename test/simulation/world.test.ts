/** The simulated world: what origins that fail look like to the proxy, and that nothing in it is left to chance. */
import net from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { resolveBackends } from '../../src/config/resolve-hosts.ts';
import { type BackendHandle, backend, defineConfig, random, roundRobin } from '../../src/index.ts';
import type { RequestReport } from '../../src/proxy/request/request-report.ts';
import type { SimulatedExchange } from '../../src/simulation/exchange.ts';
import type { Fault } from '../../src/simulation/fault.ts';
import { madeUpAddresses } from '../../src/simulation/made-up-addresses.ts';
import { type LoadedSource, World, type WorldObserver } from '../../src/simulation/world.ts';

afterEach(() => vi.restoreAllMocks());

async function source(config: Config): Promise<LoadedSource> {
  return { config, backends: await resolveBackends(config.backends, madeUpAddresses()) };
}

const probe = { url: '/health', interval: '1s', timeout: '500ms', window: 3, threshold: 2 } as const;
const alone = backend({ host: '10.0.0.1', firstByteTimeout: '2s', connectTimeout: '1s' });

async function worldOf(config: Config, observer: WorldObserver = {}, seed = 1): Promise<World> {
  const world = new World({ seed, observer });
  await world.boot(await source(config));
  return world;
}

async function ask(world: World, url = '/', method = 'GET', body?: string): Promise<SimulatedExchange> {
  const fields = ['Host', 'example.com'];
  const exchange = world.request({ method, url, fields, client: '192.0.2.9', body });
  await world.runUntil(world.clock.now() + 10_000);
  return exchange;
}

describe('an origin', () => {
  test('that is well answers after a few milliseconds', async () => {
    const world = await worldOf(defineConfig({ backends: { alone } }));
    const { status, state, content } = await ask(world, '/a');
    expect([status, state]).toEqual([200, 'whole']);
    expect(content).toMatch(/^answer 1 of alone to GET \/a at [\d.]+\n$/);
  });

  test.each<[Fault, string, number]>([
    [{ kind: 'refuses' }, 'backend.connect-failed', 1],
    [{ kind: 'vanishes' }, 'backend.connect-timeout', 1_000],
    [{ kind: 'hangs' }, 'backend.first-byte-timeout', 2_001],
    [{ kind: 'slow', ms: 5_000 }, 'backend.first-byte-timeout', 2_001],
    [{ kind: 'resets' }, 'backend.reset', 6],
    [{ kind: 'flaps', periodMs: 60_000 }, 'backend.connect-failed', 1],
  ])('that suffers %j fails with %s after %d ms', async (fault, code, ms) => {
    const reports: RequestReport[] = [];
    const world = await worldOf(defineConfig({ backends: { alone }, backendError: () => 'deliver' }), {
      ended: (report) => reports.push(report),
    });
    world.network.suffer(['10.0.0.1:80'], fault);
    const { status } = await ask(world);
    expect(status).toBe(503);
    expect(reports[0]?.tries.map(({ error, ms: took }) => [error?.code, took])).toEqual([[code, ms]]);
  });

  test('that fails for one path answers the others', async () => {
    const world = await worldOf(defineConfig({ backends: { alone } }));
    const end = world.network.suffer(['10.0.0.1:80'], { kind: 'fails', status: 500, url: '/a' });
    expect((await ask(world, '/a?q=1')).status).toBe(500);
    expect((await ask(world, '/b')).status).toBe(200);
    end();
    expect((await ask(world, '/a')).status).toBe(200);
  });

  test('that breaks off leaves a part of the body, and the client notices', async () => {
    const world = await worldOf(defineConfig({ backends: { alone } }));
    world.network.suffer(['10.0.0.1:80'], { kind: 'cuts' });
    const { state, content } = await ask(world);
    expect([state, content.startsWith('answer 1 of')]).toEqual(['cut', true]);
  });

  test('that goes down takes what is under way with it', async () => {
    const world = await worldOf(defineConfig({ backends: { alone }, backendError: () => 'deliver' }));
    const exchange = world.request({ method: 'GET', url: '/', fields: ['Host', 'a'], client: '192.0.2.9' });
    await world.runUntil(world.clock.now() + 3);
    expect(exchange.state).toBe('none');
    world.network.suffer(['10.0.0.1:80'], { kind: 'refuses' });
    expect([exchange.state, exchange.status]).toEqual(['whole', 503]);
  });

  test('that is well answers a probe as it expects', async () => {
    const odd = backend({ host: '10.0.0.1', probe: { ...probe, expectedResponse: 204, initial: 0 } });
    const world = await worldOf(defineConfig({ backends: { alone: odd } }));
    const health = () => [...world.control.snapshot().health.values()].map(({ passing }) => passing);
    await world.runUntil(world.clock.now() + 5_000);
    expect(health()).toEqual([true]);
    world.network.suffer(['10.0.0.1:80'], { kind: 'fails', status: 503 });
    await world.runUntil(world.clock.now() + 5_000);
    expect(health()).toEqual([false]);
  });

  test('is probed, and found sick and well again', async () => {
    const world = await worldOf(defineConfig({ backends: { alone: backend({ host: '10.0.0.1', probe }) } }));
    const health = () => [...world.control.snapshot().health.values()].map(({ passing }) => passing);
    const end = world.network.suffer(['10.0.0.1:80'], { kind: 'hangs' });
    await world.runUntil(world.clock.now() + 5_000);
    expect(health()).toEqual([false]);
    end();
    await world.runUntil(world.clock.now() + 5_000);
    expect(health()).toEqual([true]);
  });
});

test('a body goes to the origin, and what waits for it is answered', async () => {
  const sent: (string | undefined)[] = [];
  const world = await worldOf(defineConfig({ backends: { alone } }), {
    asked: (_target, { fields, bodyLength }) => sent.push(`${bodyLength} ${fields.has('Host')}`),
  });
  const { status } = await ask(world, '/', 'POST', 'a=1');
  expect([status, sent]).toEqual([200, ['3 true']]);
});

test('a pipe answers and ends', async () => {
  const world = await worldOf(defineConfig({ backends: { alone }, recv: () => 'pipe' }));
  const exchange = world.request({ method: 'GET', url: '/', fields: ['Host', 'a'], client: '192.0.2.9' });
  for (let i = 0; i < 20 && !exchange.isOver; i++) {
    await world.settle();
    await world.runUntil(world.clock.now() + 100);
  }
  expect(exchange.state).toBe('tunnel');
});

describe('nothing is left to chance', () => {
  const many = Object.fromEntries(
    Array.from({ length: 4 }, (_, i) => [`b${i}`, backend({ host: `10.0.0.${i + 1}`, probe })]),
  );

  /** Who answers twenty requests in turn. */
  async function picks(config: Config, seed: number): Promise<string[]> {
    const world = await worldOf(config, {}, seed);
    const names: string[] = [];
    for (let i = 0; i < 20; i++) names.push((await ask(world)).content.split(' ')[3] ?? '');
    return names;
  }

  function withDirector(make: (members: readonly BackendHandle[]) => ReturnType<typeof random>): Config {
    const app = make(Object.values(many));
    return defineConfig({ backends: many, directors: { app }, default: app, recv: () => 'pass' });
  }

  test('the same seed draws the same, another seed another', async () => {
    const config = withDirector((members) => random(members.map((target) => ({ target, weight: 1 }))));
    expect(await picks(config, 1)).toEqual(await picks(config, 1));
    expect(await picks(config, 2)).not.toEqual(await picks(config, 1));
  });

  test('no timer of the platform is set, no clock read, no socket opened, nothing drawn', async () => {
    const loaded = await source(withDirector((members) => roundRobin([...members])));
    const forbidden = [
      vi.spyOn(globalThis, 'setTimeout'),
      vi.spyOn(globalThis, 'setInterval'),
      vi.spyOn(globalThis, 'setImmediate'),
      vi.spyOn(Date, 'now'),
      vi.spyOn(performance, 'now'),
      vi.spyOn(Math, 'random'),
      vi.spyOn(net.Socket.prototype, 'connect'),
    ];
    const world = new World({ seed: 1 });
    await world.boot(loaded);
    world.network.suffer(['10.0.0.1:80'], { kind: 'flaps', periodMs: 3_000 });
    for (let i = 0; i < 5; i++) await ask(world);
    await ask(world, '/', 'POST', 'a=1');
    world.close();
    for (const spy of forbidden) expect(spy).not.toHaveBeenCalled();
  });
});

test('hosts get addresses of their own, the same one each time, and nobody is asked', async () => {
  const lookup = madeUpAddresses();
  const [first, second, again, own] = await Promise.all(
    ['a.example', 'b.example', 'A.example', 'localhost'].map(lookup),
  );
  expect(first).toEqual([{ address: '198.18.0.1' }]);
  expect(second).toEqual([{ address: '198.18.0.2' }]);
  expect(again).toEqual(first);
  expect(own).toEqual([{ address: '127.0.0.1' }]);
});
