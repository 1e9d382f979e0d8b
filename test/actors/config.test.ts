/** One config alone: what it declares and takes back, whatever is asked of it in whatever order. */
import { expect, test } from 'vitest';
import { SLICE_LENGTH } from '../../src/actors/announcement.ts';
import { configMachine } from '../../src/actors/config.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { descriptionOf, ItemListener } from '../support/config-items.ts';
import { backendOf, describeConfig, probeOf } from '../support/control-world.ts';
import { lintMachine } from '../support/machine-lint.ts';

const key = configKeyOf('boot', 1);
const name = 'boot';
const drainTimeoutMs = 30_000;

function startConfig(drainMs = drainTimeoutMs) {
  const config = startInTime(configMachine, { key, name, drainTimeoutMs: drainMs });
  const { actor, heard } = config;
  const listener = new ItemListener();
  const take = () => {
    const events = heard();
    for (const event of events) listener.hear(event);
    return events;
  };
  return {
    ...config,
    listener,
    take,
    send(event: Parameters<typeof actor.send>[0]) {
      actor.send(event);
      return take();
    },
    grant() {
      take();
      if (listener.asked === 0) return [];
      listener.asked--;
      actor.send({ type: 'slice.granted' });
      return take();
    },
    grantAll() {
      while (actor.getSnapshot().status === 'active' && listener.asked > 0) this.grant();
    },
    value: () => actor.getSnapshot().value,
  };
}

function startWarm(backends: number, drainMs = drainTimeoutMs) {
  const config = startConfig(drainMs);
  config.take();
  config.send({ type: 'config.loaded', description: descriptionOf(backends) });
  return config;
}

test('says all that the compiler does not see', () => {
  lintMachine(configMachine, [
    'config.loaded',
    'config.load-failed',
    'config.activate',
    'config.deactivate',
    'config.warm',
    'config.cool',
    'config.discard',
    'config.drained',
    'slice.granted',
    'member.added',
    'member.removed',
    'actor.restored',
  ]);
});

test('declares backends, then saintmode objects, then directors, a slice at a time, and says when all is known', () => {
  const config = startWarm(8);
  const slices: string[][] = [];
  while (config.listener.asked > 0) slices.push(config.grant().map(({ type }) => type));
  const [backend, saintmode, director] = ['backend.declare', 'saintmode.declare', 'director.declare'];
  expect(slices).toEqual([
    [backend, backend, backend, backend, 'slice.wanted'],
    [backend, backend, backend, backend, 'slice.wanted'],
    [saintmode, saintmode, director, director, 'config.announced'],
  ]);
});

test('a config that declares nothing is known after one slice', () => {
  const config = startWarm(0);
  expect(config.grant().map(({ type }) => type)).toEqual(['config.announced']);
});

test('tells its director who of its members is a backend, and whether that is probed', () => {
  const config = startConfig();
  const bare = backendOf('bare', 81);
  const description = describeConfig({
    backends: [backendOf('b1', 80, probeOf()), bare],
    saintmodes: [{ name: 's1', backend: 'bare', threshold: 1 }],
    directors: [
      {
        name: 'd1',
        policy: { kind: 'random' },
        members: ['b1', 'bare', 's1', 'd1'].map((target) => ({ target, weight: 2 })),
      },
    ],
  });
  config.send({ type: 'config.loaded', description });
  const said = config.grant();
  expect(said.find(({ type }) => type === 'director.declare')).toMatchObject({
    members: [
      { target: 'b1', weight: 2, backend: { identity: 'b1(127.0.0.1:80,)', probed: true } },
      { target: 'bare', weight: 2, backend: { identity: bare.identity, probed: false } },
      { target: 's1', weight: 2 },
      { target: 'd1', weight: 2 },
    ],
  });
  expect(said.find(({ type }) => type === 'saintmode.declare')).toMatchObject({
    identity: bare.identity,
    probed: false,
    threshold: 1,
  });
});

test('a load that failed is told with its reason, and nothing else ever is', () => {
  const config = startConfig();
  const failure = { code: 'config.invalid', message: 'There is no backend b9.' } as const;
  config.take();
  expect(config.send({ type: 'config.load-failed', failure })).toMatchObject([
    { type: 'config.failed', key, name, failure },
  ]);
  expect(config.actor.getSnapshot().status).toBe('done');
});

test.each([0, 1])(
  'withdraws what it declared before it goes, however short drain_timeout is (%i ms)',
  (ms) => {
    const config = startWarm(40, ms);
    config.grantAll();
    config.send({ type: 'config.discard' });
    config.clock.advance(10);
    config.grantAll();
    expect([...config.listener.known.keys()]).toEqual([]);
    expect(config.listener.count('config.discarded')).toBe(1);
  },
);

test('waits for its last request for drain_timeout, and no longer', () => {
  const drained = startWarm(1);
  drained.grantAll();
  drained.send({ type: 'config.discard' });
  drained.grantAll();
  drained.clock.advance(29_999);
  expect(drained.value()).toEqual({ draining: 'withdrawn' });
  expect(drained.send({ type: 'config.drained' })).toMatchObject([{ type: 'config.discarded', key, name }]);

  const stuck = startWarm(1);
  stuck.grantAll();
  stuck.send({ type: 'config.discard' });
  stuck.grantAll();
  stuck.clock.advance(30_000);
  expect(stuck.take()).toMatchObject([{ type: 'config.discarded', at: 30_000 }]);
});

test('discarded before anything was declared, it withdraws nothing', () => {
  const config = startWarm(8);
  config.send({ type: 'config.discard' });
  config.send({ type: 'config.drained' });
  expect(config.value()).toBe('discarded');
  expect(config.listener.count('backend.withdraw')).toBe(0);
});

test('discarded while it declares, it withdraws no more than it declared', () => {
  const config = startWarm(40);
  config.grant();
  config.send({ type: 'config.discard' });
  config.grantAll();
  expect(config.listener.count('backend.withdraw')).toBe(SLICE_LENGTH);
  expect([...config.listener.known.keys()]).toEqual([]);
});

test('discarded when it is cold, it has nothing left to withdraw', () => {
  const config = startWarm(8);
  config.grantAll();
  config.send({ type: 'config.cool' });
  config.grantAll();
  const before = config.listener.count('backend.withdraw');
  config.send({ type: 'config.discard' });
  config.grantAll();
  expect(config.listener.count('backend.withdraw')).toBe(before);
  expect(config.value()).toEqual({ draining: 'withdrawn' });
});

test('cooled and warmed at once, it is known again as a whole', () => {
  const config = startWarm(16);
  config.grantAll();
  config.send({ type: 'config.cool' });
  config.grant();
  config.send({ type: 'config.warm' });
  config.grantAll();
  expect(config.listener.known.size).toBe(16 + 4 + 4);
  expect(config.value()).toEqual({ warm: 'announced' });
});

test('members that request code added or removed are declared when its director comes, then or again', () => {
  const config = startWarm(4);
  const director = 'dir-b0';
  config.send({ type: 'member.added', director, member: { target: 'b2', weight: 5 } });
  config.send({ type: 'member.added', director, member: { target: 'b2', weight: 7 } });
  config.send({ type: 'member.removed', director, target: 'b2' });
  config.send({ type: 'member.removed', director, target: 'saint-b0' });
  config.send({ type: 'member.removed', director, target: 'unheard-of' });
  config.send({
    type: 'member.added',
    director: 'unheard-of',
    member: { target: 'b2', weight: 1 },
  });
  const members: unknown[] = [];
  for (const again of [false, true]) {
    if (again) {
      config.send({ type: 'config.cool' });
      config.grantAll();
      config.send({ type: 'config.warm' });
    }
    while (config.listener.asked > 0) {
      for (const event of config.grant()) if (event.type === 'director.declare') members.push(event.members);
    }
  }
  const identity = 'b2(127.0.0.1:8080,)';
  const expected = [{ target: 'b2', weight: 7, backend: { identity, probed: true } }];
  expect(members).toEqual([expected, expected]);
});
