/** The whole control plane where several things happen at once, and what is left when they are over. */
import { describe, expect, test } from 'vitest';
import { recordsOf } from '../../src/actors/probe-window.ts';
import { TroupeError } from '../../src/errors.ts';
import type { Fact } from '../../src/facts.ts';
import { type Identity, identityOf } from '../../src/identity.ts';
import {
  backendOf,
  ControlWorld,
  describeConfig,
  probeOf,
  probeResult,
  settle,
} from '../support/control-world.ts';

const b1 = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
const b2 = identityOf('b2', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
const bare = identityOf('bare', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });

function configOf(name: string, probed: readonly string[], unprobed: readonly string[] = []) {
  const backends = [
    ...probed.map((one) => backendOf(one, 8080, probeOf({ url: `/${name}`, intervalMs: 1_000 }))),
    ...unprobed.map((one) => backendOf(one, 8080)),
  ];
  const first = backends[0]?.name;
  return describeConfig({
    backends,
    saintmodes: first === undefined ? [] : [{ name: 'saint', backend: first, threshold: 2 }],
    directors: [
      {
        name: 'dir',
        policy: { kind: 'round_robin' },
        members: ['saint', ...backends.slice(1).map((one) => one.name)].map((target) => ({
          target,
          weight: 1,
        })),
      },
    ],
  });
}

const configs = {
  a: configOf('a', ['b1', 'b2']),
  b: configOf('b', ['b1', 'b2']),
  other: configOf('other', ['b3']),
  plain: configOf('plain', [], ['bare', 'b1']),
  none: describeConfig({}),
  broken: describeConfig({ directors: undefined as never }),
  confident: describeConfig({
    backends: [backendOf('sure', 8080, probeOf({ initial: 3 })), backendOf('bare', 8080)],
  }),
  many: configOf(
    'many',
    Array.from({ length: 50 }, (_, i) => `m${i}`),
  ),
};

function fail(): never {
  throw new Error('a mistake of ours');
}

type Options = Omit<ConstructorParameters<typeof ControlWorld>[0], 'configs'>;

function makeWorld(options: Options = {}): ControlWorld {
  return new ControlWorld({ configs, answersAfterMs: 10, ...options });
}

async function worldWith(names: readonly (keyof typeof configs)[], options: Options = {}) {
  const world = makeWorld(options);
  for (const name of names) await world.load(name);
  const [first] = names;
  if (first !== undefined) await world.control.use(first);
  world.clock.advance(5_000);
  return world;
}

async function refusalOf(command: Promise<void>): Promise<string> {
  try {
    await command;
    return 'done';
  } catch (error) {
    return error instanceof TroupeError ? error.code : String(error);
  }
}

const pollerOf = (world: ControlWorld, identity: Identity) =>
  world.control.registry.snapshot('poller', identity);
const backendState = (world: ControlWorld, identity: Identity) =>
  world.control.registry.snapshot('backend', identity);
const directorOf = (world: ControlWorld, key: string) =>
  world.control.registry.snapshot('director', `${key}/dir`);

describe('commands', () => {
  test('a load is answered when the health of all that it declares is published', async () => {
    const world = makeWorld();
    const loaded = world.control.load('confident');
    await settle();
    expect(await refusalOf(world.control.use('confident'))).toBe('command.config-not-ready');
    expect(await refusalOf(world.control.discard('confident'))).toBe('command.config-not-ready');
    world.settle();
    await loaded;
    expect(await refusalOf(world.control.use('confident'))).toBe('done');
    const sure = configs.confident.backends[0]?.identity as Identity;
    expect(world.health(sure)).toMatchObject({ polled: 'unprobed', passing: true, override: 'auto' });
    expect(world.deltas.at(-1)?.active).toBe('confident@1');
  });

  test('a load of an unknown file is refused with the reason, and leaves nothing behind', async () => {
    const world = makeWorld();
    const before = world.control.sizes();
    const failed = world.control.load('unheard-of');
    await expect(failed).rejects.toThrow(/no config unheard-of/);
    expect(world.control.sizes()).toEqual(before);
  });

  test('after the stop, and after the close, every command is refused', async () => {
    const world = await worldWith(['a', 'other']);
    const stopped = world.control.stop();
    expect(await refusalOf(world.control.load('b'))).toBe('command.stopping');
    world.settle();
    await stopped;
    expect(await refusalOf(world.control.load('b'))).toBe('command.stopping');
    expect(await refusalOf(world.control.stop())).toBe('command.stopping');
    world.control.close();
    expect(await refusalOf(world.control.use('a'))).toBe('command.stopping');
  });

  test('closed in the middle of a load, it refuses it', async () => {
    const world = makeWorld();
    const refusal = refusalOf(world.control.load('a'));
    world.control.close();
    expect(await refusal).toBe('command.stopping');
    await settle();
    world.clock.advance(10_000);
    expect(world.started).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  test('a stop while one config loads and another drains ends both', async () => {
    const world = await worldWith(['a', 'b'], { drainsAtOnce: false });
    await world.control.discard('b');
    const loading = refusalOf(world.control.load('other'));
    const stopped = world.control.stop();
    await settle();
    world.settle();
    expect(await loading).toBe('command.stopping');
    for (const config of world.drains) world.tell({ type: 'config.drained', config });
    world.settle();
    await stopped;
    expect(world.ended.toSorted()).toEqual(['a@1', 'b@2', 'other@3']);
  });
});

describe('switching', () => {
  test("to and fro while slices are pending, the last one's probes win and the history stays", async () => {
    const world = await worldWith(['a', 'b', 'many']);
    const before = recordsOf(pollerOf(world, b1)?.context.history).length;
    for (const name of ['b', 'a', 'many', 'b', 'a', 'b'] as const) await world.control.use(name);
    world.settle();
    for (const identity of [b1, b2]) {
      expect(pollerOf(world, identity)?.context.elected.config).toBe('b@2');
      expect(recordsOf(pollerOf(world, identity)?.context.history)).toHaveLength(before);
    }
    expect(world.active).toBe('b@2');
  });

  test('a config that declares nothing leaves the others their backends and probes', async () => {
    const world = await worldWith(['a', 'none']);
    await world.control.use('none');
    const before = world.started.length;
    world.clock.advance(10_000);
    expect(world.started.length - before).toBeGreaterThan(2 * 8);
    expect(world.health(b1)?.passing).toBe(true);
  });

  test('cold, then warm at once: the same backends are polled on, no faster than before', async () => {
    const world = await worldWith(['none', 'a']);
    const starts = () => world.started.map(({ at }) => at);
    await world.control.setState('a', 'cold');
    await world.warm('a');
    world.clock.advance(5_000);
    expect(pollerOf(world, b1)?.context.elected.config).toBe('a@2');
    expect(world.health(b1)).toMatchObject({ polled: 'healthy', passing: true, override: 'auto' });
    // Two backends, probed every 1,010 ms since 0.
    expect(starts().length).toBeLessThanOrEqual(2 * 10);
    expect(world.faults).toEqual([]);
  });

  test('a probe that is called off again and again does not flood the backend', async () => {
    const world = await worldWith(['plain', 'a'], { answersAfterMs: 500 });
    const before = world.started.length;
    for (let i = 0; i < 20; i++) {
      await world.control.setState('a', 'cold');
      world.clock.advance(50);
      await world.warm('a');
      world.clock.advance(50);
    }
    // `b2` retires and comes anew each time; `b1` stays, for `plain` declares it, and has its interval.
    expect(world.control.registry.snapshot('backend', b1)?.status).toBe('active');
    expect(world.started.length - before).toBeLessThanOrEqual(20 + 2);
    expect(world.faults).toEqual([]);
  });

  test('a cold config does not count: its backends retire, and warmed up they come anew', async () => {
    const world = await worldWith(['none', 'a']);
    await world.control.setState('a', 'cold');
    world.settle();
    expect(world.deltas.flatMap(({ retired }) => retired)).toEqual([b1, b2]);
    expect(world.control.sizes()).toMatchObject({ backend: 0, poller: 0, director: 0, topics: 0 });
    await world.warm('a');
    expect(world.health(b1)).toMatchObject({ polled: 'unprobed', passing: false, override: 'auto' });
  });
});

describe('discarding', () => {
  test('drain_timeout 0 cuts what runs, and leaves no backend or poller behind', async () => {
    const world = await worldWith(['none', 'many'], { drainTimeoutMs: 0, drainsAtOnce: false });
    await world.control.discard('many');
    world.clock.advance(1);
    expect(world.ended).toEqual(['many@2']);
    expect(world.control.sizes()).toMatchObject({
      backend: 0,
      poller: 0,
      saintmode: 0,
      director: 0,
      topics: 0,
    });
  });

  test('a discarded config stops counting at the command, and goes when its last request has ended', async () => {
    const world = await worldWith(['none', 'a'], { drainsAtOnce: false });
    await world.control.discard('a');
    world.settle();
    expect(world.running.size).toBe(0);
    expect(backendState(world, b1)).toBeUndefined();
    world.clock.advance(29_000);
    expect(world.ended).toEqual([]);
    world.tell({ type: 'config.drained', config: world.drains[0] as never });
    world.settle();
    expect(world.ended).toEqual(['a@2']);
  });

  test('the name of a config that still drains can be loaded: what is told of the one does not end the other', async () => {
    const world = await worldWith(['none', 'a'], { drainsAtOnce: false });
    await world.control.discard('a');
    await world.load('a');
    await world.control.use('a');
    const [before] = world.drains;
    world.tell({ type: 'config.drained', config: before as never });
    world.settle();
    expect(world.ended).toEqual(['a@2']);
    world.clock.advance(60_000);
    expect(world.control.registry.snapshot('config', 'a@3')?.value).toEqual({ active: 'announced' });
    expect(directorOf(world, 'a@3')?.value).toBe('healthy');
    expect(directorOf(world, 'a@2')).toBeUndefined();
  });

  test('facts of a config that is gone change nothing, and count as taken in', async () => {
    const world = await worldWith(['none', 'a', 'b']);
    const config = 'a@2' as never;
    await world.control.discard('a');
    world.settle();
    const before = world.control.sizes();
    const facts: Fact[] = [
      { type: 'member.added', config, director: 'dir', target: 'b1', weight: 1 },
      { type: 'member.removed', config, director: 'dir', target: 'b2' },
      { type: 'config.drained', config },
    ];
    const taken = world.control.snapshot().facts['p0'] ?? 0;
    for (const fact of facts) world.tell(fact);
    world.settle();
    expect(world.control.sizes()).toEqual(before);
    expect(world.control.snapshot().facts).toEqual({ p0: taken + 3 });
    expect(world.faults).toEqual([]);
  });
});

/** The versions in which a backend was retired. */
const retirementsOf = (world: ControlWorld, identity: Identity) =>
  world.deltas.flatMap(({ retired, version }) => (retired.includes(identity) ? [version] : []));

describe('retiring', () => {
  test('declared again while its connections close, a backend keeps its history and its order', async () => {
    const world = await worldWith(['none', 'a'], { closesAtOnce: false });
    world.control.setHealth(b1, 'drain');
    await world.control.discard('a');
    world.settle();
    expect(world.health(b1)).toBeUndefined();
    expect(backendState(world, b1)?.value).toMatchObject({ present: { life: 'retiring' } });
    await world.load('b');
    expect(world.health(b1)).toMatchObject({ polled: 'healthy', passing: true, override: 'drain' });
    world.tell({ type: 'connections.closed', identity: b1, retiredIn: retirementsOf(world, b1)[0] ?? 0 });
    world.settle();
    expect(backendState(world, b1)?.value).toMatchObject({ present: { life: 'live' } });
    world.clock.advance(3_000);
    expect(pollerOf(world, b1)?.context.elected.config).toBe('b@3');
  });

  test('connections of an earlier retirement that close late do not end a later one', async () => {
    const world = await worldWith(['none', 'a'], { closesAtOnce: false });
    await world.control.discard('a');
    world.settle();
    await world.load('b');
    await world.control.discard('b');
    world.settle();
    const [first = 0, second = 0] = retirementsOf(world, b1);
    expect(second).toBeGreaterThan(first);
    world.tell({ type: 'connections.closed', identity: b1, retiredIn: first });
    world.settle();
    expect(backendState(world, b1)?.value).toMatchObject({ present: { life: 'retiring' } });
    world.tell({ type: 'connections.closed', identity: b1, retiredIn: second });
    world.settle();
    expect(backendState(world, b1)).toBeUndefined();
  });

  test('retired for good, it comes back as if never seen', async () => {
    const world = await worldWith(['none', 'a']);
    world.control.setHealth(b1, 'drain');
    await world.control.discard('a');
    world.settle();
    expect(world.control.sizes()).toMatchObject({ backend: 0, poller: 0 });
    await world.load('b');
    expect(world.health(b1)).toMatchObject({ polled: 'unprobed', passing: false, override: 'auto' });
  });

  test('no order can be given to a backend that nobody declares', async () => {
    const world = await worldWith(['none', 'a']);
    await world.control.discard('a');
    world.settle();
    expect(() => world.control.setHealth(b1, 'sick')).toThrow(/no backend b1\(127.0.0.1:8080,\)/);
  });

  test('an order to a backend without a poller is published', async () => {
    const world = await worldWith(['plain']);
    expect(pollerOf(world, bare)).toBeUndefined();
    world.control.setHealth(bare, 'sick');
    const published = world.deltas.at(-1)?.health;
    expect(published?.size).toBe(1);
    expect(published?.get(bare)).toMatchObject({ polled: 'unprobed', passing: false, override: 'sick' });
    expect(directorOf(world, 'plain@1')?.value).toBe('healthy');
    world.control.setHealth(b1, 'sick');
    expect(directorOf(world, 'plain@1')?.value).toBe('sick');
  });
});

describe('saint entries', () => {
  const deny = (world: ControlWorld, object: string, ttl = 60_000, identity = b1) => {
    world.tell({ type: 'saint.denied', identity, object, deadline: world.clock.now() + ttl });
    world.settle();
  };
  const saintOf = (world: ControlWorld) => world.control.registry.snapshot('saintmode', 'a@1/saint');

  test('fill a saintmode object up to its threshold, and empty it as they expire', async () => {
    const world = await worldWith(['a']);
    deny(world, 'x', 1_000);
    deny(world, 'x', 2_000);
    expect(saintOf(world)?.value).toBe('healthy');
    deny(world, 'y', 3_000);
    expect(saintOf(world)?.value).toBe('full');
    world.clock.advance(2_000);
    expect(saintOf(world)?.value).toBe('healthy');
    world.clock.advance(1_000);
    expect(world.control.sizes().saintEntries).toBe(0);
  });

  test('are known to a saintmode object that comes later', async () => {
    const world = await worldWith(['a']);
    deny(world, 'x');
    deny(world, 'y');
    await world.load('b');
    expect(world.control.registry.snapshot('saintmode', 'b@2/saint')?.value).toBe('full');
  });

  test('lifted by an operator, they leave the data planes too', async () => {
    const world = await worldWith(['a']);
    for (const object of ['x', 'y', 'z']) deny(world, object);
    deny(world, 'x', 60_000, b2);
    expect(world.control.lift(b1, 'x')).toBe(1);
    expect(world.deltas.at(-1)?.lifted).toEqual([{ identity: b1, object: 'x' }]);
    expect(world.control.lift(b1, 'x')).toBe(0);
    expect(world.control.lift(b1)).toBe(2);
    expect(world.deltas.at(-1)?.lifted).toEqual([{ identity: b1 }]);
    expect(world.control.lift()).toBe(1);
    expect(world.deltas.at(-1)?.lifted).toEqual([{ identity: b2 }]);
    expect(world.control.sizes().saintEntries).toBe(0);
  });

  test('are shown to an operator, page by page, by backend and by object', async () => {
    const world = await worldWith(['a']);
    const hashes = ['1', '2', '3'].map((one) => one.repeat(64));
    for (const [i, hash] of hashes.entries()) deny(world, hash, 1_000 * (i + 1));
    deny(world, hashes[0] as string, 1_000, b2);
    const entry = (digit: string, seconds: number, identity = b1) => ({
      identity,
      object: digit.repeat(24),
      deadline: world.clock.now() + 1_000 * seconds,
    });
    const saintEntries = world.control.saintEntries.bind(world.control);
    expect(saintEntries({ identity: b1 })).toEqual({
      entries: [entry('1', 1), entry('2', 2), entry('3', 3)],
      next: undefined,
    });
    expect(saintEntries({ object: hashes[0] }).entries).toEqual([entry('1', 1), entry('1', 1, b2)]);
    const { entries, next } = saintEntries({ limit: 3 });
    expect([...entries, ...saintEntries({ from: next }).entries]).toHaveLength(4);
  });

  test('of which a thousand come in one turn are counted to their followers once', async () => {
    const world = await worldWith(['a']);
    const counts: unknown[] = [];
    world.control.messages$.subscribe(({ event, to }) => {
      if (event.type === 'saint.count' && to === 'saintmode') counts.push(event);
    });
    const deadline = world.clock.now() + 1_000;
    const facts = Array.from({ length: 1_000 }, (_, i) => {
      const object = i.toString(16).padStart(64, '0').split('').reverse().join('');
      return { type: 'saint.denied' as const, identity: b1, object, deadline };
    });
    world.control.takeFacts({ plane: 'p1', first: 1, facts });
    world.settle();
    expect(counts).toEqual([{ type: 'saint.count', identity: b1, count: 1_000 }]);
    world.clock.advance(1_000);
    expect(counts.slice(1)).toEqual([{ type: 'saint.count', identity: b1, count: 0 }]);
  });

  test('go with their backend; denied after that, they are not listed, and the next one counts from none', async () => {
    const world = await worldWith(['none', 'a'], { closesAtOnce: false });
    deny(world, 'x');
    await world.control.discard('a');
    world.settle();
    expect(world.control.sizes().saintEntries).toBe(0);
    deny(world, 'y');
    expect(world.control.sizes().saintEntries).toBe(0);
    for (const identity of [b1, b2]) {
      world.tell({ type: 'connections.closed', identity, retiredIn: retirementsOf(world, identity)[0] ?? 0 });
    }
    world.settle();
    deny(world, 'z');
    expect(world.control.sizes()).toMatchObject({ saintEntries: 0, topics: 0, backend: 0 });
    await world.load('b');
    deny(world, 'v');
    expect(world.control.saintCount(b1)).toBe(1);
  });
});

describe('members', () => {
  const members = (world: ControlWorld, key: string): string[] =>
    directorOf(world, key)?.context.members.map(({ target }: { target: string }) => target);

  test('that request code added or removed are in the director, now and after a cold spell', async () => {
    const world = await worldWith(['none', 'a']);
    const change = { config: 'a@2' as never, director: 'dir' };
    world.tell({ type: 'member.added', ...change, target: 'b1', weight: 3 });
    world.tell({ type: 'member.removed', ...change, target: 'saint' });
    world.settle();
    expect(members(world, 'a@2')).toEqual(['b2', 'b1']);
    await world.control.setState('a', 'cold');
    world.settle();
    expect(directorOf(world, 'a@2')).toBeUndefined();
    await world.warm('a');
    expect(members(world, 'a@2')).toEqual(['b2', 'b1']);
  });

  test('count for the health of their director from the start', async () => {
    const world = await worldWith(['plain', 'other']);
    const change = { config: 'plain@1' as never, director: 'dir' };
    world.tell({ type: 'member.removed', ...change, target: 'saint' });
    world.tell({ type: 'member.removed', ...change, target: 'b1' });
    world.settle();
    expect(directorOf(world, 'plain@1')?.value).toBe('empty');
    world.tell({ type: 'member.added', ...change, target: 'bare', weight: 1 });
    world.settle();
    expect(directorOf(world, 'plain@1')?.value).toBe('healthy');
  });
});

describe('contained', () => {
  test('a data plane that throws when it is told is reported, and the next delta reaches it', async () => {
    const world = await worldWith(['a', 'b']);
    world.throwOnce = new Error('cannot apply');
    await world.control.use('b');
    expect(world.faults).toEqual([{ error: new Error('cannot apply'), where: 'bus.idle' }]);
    world.control.setHealth(b1, 'sick');
    expect(world.deltas.at(-1)?.health.get(b1)?.override).toBe('sick');
  });

  test('a poller that fails is replaced: it keeps its history and polls on', async () => {
    const world = await worldWith(['a']);
    const records = () => recordsOf(pollerOf(world, b1)?.context.history).length;
    const before = records();
    world.resultOf = (happy) => Object.defineProperty(probeResult(happy), 'happy', { get: fail });
    while (world.faults.length < 2) world.clock.fireNext();
    world.resultOf = probeResult;
    expect(world.faults.map(({ where }) => where)).toEqual([`poller ${b1}`, `poller ${b2}`]);
    expect(records()).toBe(before);
    const started = world.started.length;
    world.clock.advance(10_000);
    expect(records()).toBeGreaterThanOrEqual(before + 7);
    expect(world.started.length - started).toBeLessThanOrEqual(2 * 9);
    expect(world.faults).toHaveLength(2);
  });

  test('a config whose description cannot be told is reported again and again, but does not stop the rest', async () => {
    const world = await worldWith(['a']);
    const broken = world.control.load('broken');
    await settle();
    world.clock.advance(5_000);
    expect(world.faults.length).toBeGreaterThanOrEqual(4);
    expect(new Set(world.faults.map(({ where }) => where))).toEqual(new Set(['config broken@2']));
    expect(await refusalOf(world.control.discard('broken'))).toBe('command.config-not-ready');
    await world.load('b');
    world.control.close();
    expect(await refusalOf(broken)).toBe('command.stopping');
  });

  test('a probe that throws instead of answering counts as a bad one, and the next is made', async () => {
    const world = await worldWith(['a']);
    world.throwOnProbe = new Error('bad port');
    world.clock.advance(20_000);
    expect(world.health(b1)).toMatchObject({ polled: 'sick' });
    expect(world.faults[0]).toMatchObject({ error: new Error('bad port') });
    world.throwOnProbe = undefined;
    world.clock.advance(20_000);
    expect(world.health(b1)).toMatchObject({ polled: 'healthy' });
  });
});

test('however often configs come and go, with all that happens on them, everything goes back to its size', async () => {
  const world = await worldWith(['none'], { drainsAtOnce: true });
  const empty = world.control.sizes();
  const timers = world.clock.pending;
  const sizes: unknown[] = [];
  for (let round = 0; round < 12; round++) {
    for (const name of ['a', 'b', 'plain', 'many'] as const) await world.load(name);
    await world.control.use('a');
    world.clock.advance(1_500);
    for (let i = 0; i < 5; i++) {
      const deadline = world.clock.now() + (i % 2 === 0 ? 100 : 1_000_000);
      world.tell({ type: 'saint.denied', identity: i < 3 ? b1 : b2, object: `x${i}`, deadline });
    }
    const config = world.active as never;
    world.tell({ type: 'member.added', config, director: 'dir', target: 'b1', weight: 1 });
    world.tell({ type: 'member.removed', config, director: 'dir', target: 'saint' });
    world.healthy = () => round % 2 === 0;
    world.control.setHealth(b2, 'drain');
    world.clock.advance(3_000);
    await world.control.use('b');
    await world.control.setState('a', 'cold');
    await world.control.setState('many', 'cold');
    await world.warm('a');
    sizes.push({ ...world.control.sizes() });
    await world.control.use('none');
    for (const name of ['a', 'b', 'plain', 'many'] as const) await world.control.discard(name);
    world.clock.advance(0);
    expect(world.control.sizes()).toEqual(empty);
    expect(world.clock.pending).toBe(timers);
  }
  expect(new Set(sizes.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(world.control.snapshot().health.size).toBe(0);
  expect(world.faults).toEqual([]);
  const stopped = world.control.stop();
  world.settle();
  await stopped;
  expect(Object.values(world.control.sizes()).every((size) => size === 0)).toBe(true);
  expect(world.clock.pending).toBe(0);
});
