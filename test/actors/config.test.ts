/** One config alone: what it declares and takes back, whatever is asked of it in whatever order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SLICE_LENGTH } from '../../src/actors/announcement.ts';
import { type ConfigEmitted, configMachine } from '../../src/actors/config.ts';
import type { ConfigDescription } from '../../src/config/declaration.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { backendOf, describeConfig, probeOf } from '../support/control-world.ts';
import { lintMachine } from '../support/machine-lint.ts';

const key = configKeyOf('boot', 1);
const name = 'boot';
const drainTimeoutMs = 30_000;

/** A config of so many items: backends, and one saintmode object and one director for every four of them. */
function descriptionOf(backends: number): ConfigDescription {
  const names = Array.from({ length: backends }, (_, i) => `b${i}`);
  const few = names.filter((_, i) => i % 4 === 0);
  return describeConfig({
    backends: names.map((one) => backendOf(one, 8080, probeOf())),
    saintmodes: few.map((backend) => ({ name: `saint-${backend}`, backend, threshold: 3 })),
    directors: few.map((one) => ({
      name: `dir-${one}`,
      policy: { kind: 'round_robin' },
      members: [{ target: `saint-${one}`, weight: 1 }],
    })),
  });
}

/** What is declared now, as somebody would know it who only listens: by item, whether as the active config. */
class Listener {
  readonly known = new Map<string, boolean>();
  readonly everKnown = new Set<string>();
  /** Slices asked for, but not granted yet. */
  asked = 0;
  readonly counts = new Map<string, number>();

  hear(event: ConfigEmitted): void {
    this.counts.set(event.type, this.count(event.type) + 1);
    switch (event.type) {
      case 'backend.declare':
        this.#declare(event.identity, event.active);
        return;
      case 'saintmode.declare':
      case 'director.declare':
        this.#declare(event.name, false);
        return;
      case 'backend.withdraw':
        this.#withdraw(event.identity);
        return;
      case 'saintmode.end':
      case 'director.end':
        this.#withdraw(event.name);
        return;
      case 'slice.wanted':
        this.asked++;
        return;
      case 'load.wanted':
      case 'config.announced':
      case 'config.failed':
      case 'drain.wanted':
      case 'config.discarded':
        return;
      default:
        event satisfies never;
    }
  }

  count(type: ConfigEmitted['type']): number {
    return this.counts.get(type) ?? 0;
  }

  #declare(item: string, active: boolean): void {
    this.known.set(item, active);
    this.everKnown.add(item);
  }

  #withdraw(item: string): void {
    expect(this.everKnown, `${item} was declared before it is withdrawn`).toContain(item);
    this.known.delete(item);
  }
}

function startConfig(drainMs = drainTimeoutMs) {
  const config = startInTime(configMachine, { key, name, drainTimeoutMs: drainMs });
  const { actor, heard } = config;
  const listener = new Listener();
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

type Command =
  | 'config.activate'
  | 'config.deactivate'
  | 'config.warm'
  | 'config.cool'
  | 'config.discard'
  | 'config.drained';
type Step = Command | 'grant' | 'restore' | { readonly pass: number };

/** What the supervisor may ask of a config in each of its states. */
const allowed: Record<string, Partial<Record<Command, string>>> = {
  warm: { 'config.activate': 'active', 'config.cool': 'cold', 'config.discard': 'draining' },
  active: { 'config.deactivate': 'warm' },
  cold: { 'config.warm': 'warm', 'config.discard': 'draining' },
  draining: { 'config.drained': 'draining' },
};

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.constantFrom<Step>('config.activate', 'config.deactivate', 'config.warm', 'config.cool'),
    },
    // From there it goes nowhere else, so it is rare.
    { weight: 1, arbitrary: fc.constantFrom<Step>('config.discard', 'config.drained') },
    { weight: 12, arbitrary: fc.constant<Step>('grant') },
    { weight: 1, arbitrary: fc.constant<Step>('restore') },
    { weight: 1, arbitrary: fc.record({ pass: fc.constantFrom(0, 10, 500) }) },
  ),
  { maxLength: 80 },
);

test('every item is declared before it says so, and withdrawn before it goes; with commands and slices in any order it always ends', () => {
  fc.assert(
    fc.property(
      steps,
      fc.nat({ max: 30 }),
      fc.constantFrom(0, 100, 30_000),
      (sequence, backends, drainMs) => {
        const config = startWarm(backends, drainMs);
        const { listener, actor } = config;
        const items = backends + 2 * Math.ceil(backends / 4);
        let mode = 'warm';
        const check = (events: readonly ConfigEmitted[]) => {
          if (events.some(({ type }) => type === 'config.announced')) expect(listener.known.size).toBe(items);
          if (events.some(({ type }) => type === 'config.discarded')) expect(listener.known.size).toBe(0);
        };
        for (const step of sequence) {
          if (actor.getSnapshot().status !== 'active') break;
          if (step === 'grant') check(config.grant());
          else if (step === 'restore') {
            listener.asked = 0;
            check(config.send({ type: 'actor.restored', at: config.clock.now() }));
          } else if (typeof step === 'object') {
            config.clock.advance(step.pass);
            check(config.take());
          } else {
            const next = allowed[mode]?.[step];
            if (next === undefined) continue;
            mode = next;
            check(config.send({ type: step }));
          }
        }
        if (actor.getSnapshot().status === 'active') {
          config.grantAll();
          expect(listener.known.size, mode).toBe(mode === 'cold' || mode === 'draining' ? 0 : items);
          if (mode === 'active') {
            const { description } = actor.getSnapshot().context;
            for (const { identity } of description?.backends ?? [])
              expect(listener.known.get(identity)).toBe(true);
            config.send({ type: 'config.deactivate' });
          }
          if (mode !== 'draining') config.send({ type: 'config.discard' });
          config.clock.advance(0);
          config.send({ type: 'config.drained' });
          config.grantAll();
        }
        expect(config.value()).toBe('discarded');
        expect(listener.count('config.discarded')).toBe(1);
        expect(listener.known.size).toBe(0);
        expect(config.clock.pending).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
