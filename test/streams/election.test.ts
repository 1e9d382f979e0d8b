/**
 * Election over the whole control plane: phk's poll policy ("Implementation" in "What do you mean by
 * 'backend'?") held against a naive model, for random sequences of commands and probe results.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigDescription } from '../../src/config/declaration.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import type { Override } from '../../src/snapshot.ts';
import { backendOf, ControlWorld, describeConfig, probeOf, settle } from '../support/control-world.ts';

const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];

/** Six backends. Each config declares some, with or without a probe; `d` declares none. */
const declared: Record<Name, Readonly<Record<string, boolean>>> = {
  a: { b1: true, b2: true, b3: true, b4: false, b5: true },
  b: { b1: true, b2: false, b3: true, b4: false, b5: true, b6: true },
  c: { b1: true, b2: true, b4: true, b5: false },
  d: {},
};

function describeOne(name: Name): ConfigDescription {
  const backends = Object.entries(declared[name]).map(([backend, probed]) =>
    backendOf(backend, 8080, probed ? probeOf({ url: `/${name}`, intervalMs: 1_000 }) : undefined),
  );
  return describeConfig({ backends });
}

const configs = Object.fromEntries(names.map((name) => [name, describeOne(name)]));
const identityByName = new Map(
  Object.values(configs).flatMap(({ backends }) => backends.map((one) => [one.name, one.identity] as const)),
);

type Step =
  | { readonly do: 'load' | 'use' | 'discard' | 'cold' | 'warm'; readonly name: Name }
  | { readonly do: 'set-health'; readonly backend: string; readonly override: Override }
  | { readonly do: 'answer'; readonly which: number; readonly happy: boolean }
  | { readonly do: 'pass'; readonly ms: number };

const name = fc.constantFrom(...names);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('load' as const, 'use' as const), name }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('discard' as const, 'cold' as const, 'warm' as const),
        name,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('set-health' as const),
        backend: fc.constantFrom(...identityByName.keys()),
        override: fc.constantFrom<Override>('auto', 'healthy', 'sick', 'drain'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        which: fc.nat({ max: 9 }),
        happy: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 0, 300, 1_000) }),
    },
  ),
  { maxLength: 40 },
);

/** The model: what is loaded, and how. */
interface Model {
  readonly state: Map<Name, 'warm' | 'cold' | 'active'>;
}

async function carryOut(world: ControlWorld, model: Model, step: Step): Promise<void> {
  const { state } = model;
  switch (step.do) {
    case 'load':
      if (state.has(step.name)) return;
      await world.load(step.name);
      state.set(step.name, 'warm');
      return;
    case 'use': {
      const before = state.get(step.name);
      if (before !== 'warm') return;
      for (const [other, was] of state) if (was === 'active') state.set(other, 'warm');
      state.set(step.name, 'active');
      return world.control.use(step.name);
    }
    case 'discard':
      if (state.get(step.name) === 'active' || !state.has(step.name)) return;
      state.delete(step.name);
      return world.control.discard(step.name);
    case 'cold':
      if (state.get(step.name) !== 'warm') return;
      state.set(step.name, 'cold');
      return world.control.setState(step.name, 'cold');
    case 'warm':
      if (state.get(step.name) !== 'cold') return;
      state.set(step.name, 'warm');
      return world.warm(step.name);
    case 'set-health': {
      const identity = identityByName.get(step.backend);
      if (identity === undefined || world.health(identity) === undefined) return;
      if (world.control.registry.snapshot('backend', identity) === undefined) return;
      return world.control.setHealth(identity, step.override);
    }
    case 'answer': {
      const running = [...world.running];
      running[step.which % Math.max(1, running.length)]?.answer(step.happy);
      return;
    }
    case 'pass':
      world.clock.advance(step.ms);
      return;
    default:
      return step satisfies never;
  }
}

function urlsByIdentity(world: ControlWorld): Map<string, string[]> {
  const urls = new Map<string, string[]>();
  for (const { order } of world.running) {
    const identity = (order as unknown as { identity: string }).identity;
    urls.set(identity, [...(urls.get(identity) ?? []), order.probe.url]);
  }
  return urls;
}

function nameOfKey(key: ConfigKey): string {
  return key.slice(0, key.lastIndexOf('@'));
}

test('never two pollers for an identity; always one where a warm config probes it; the active one preferred', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = new ControlWorld({ configs });
      const model: Model = { state: new Map() };
      for (const step of sequence) {
        await carryOut(world, model, step);
        await settle();
        for (const [identity, urls] of urlsByIdentity(world)) {
          expect(urls, `probes of ${identity} at one instant`).toHaveLength(1);
        }
      }
      world.settle();
      for (const [backend, identity] of identityByName) {
        const counting = [...model.state].filter(([one, how]) => how !== 'cold' && backend in declared[one]);
        const probing = counting.filter(([one]) => declared[one][backend]).map(([one]) => one);
        const active = counting.find(([, how]) => how === 'active')?.[0];
        const { registry } = world.control;
        expect(registry.snapshot('backend', identity) !== undefined, `${backend} known`).toBe(
          counting.length > 0,
        );
        const poller = registry.snapshot('poller', identity);
        if (probing.length === 0) {
          expect(poller === undefined || poller.value === 'idle', `${backend} not polled`).toBe(true);
          continue;
        }
        const elected = nameOfKey(poller?.context.elected.config) as Name;
        expect(probing).toContain(elected);
        expect(poller?.context.elected.probe.url).toBe(`/${elected}`);
        if (active !== undefined && declared[active][backend]) expect(elected).toBe(active);
      }
      expect(world.faults).toEqual([]);
      world.control.close();
    }),
    { numRuns: 300 },
  );
});

test('two probes of an identity start at least one interval apart, however often configs are switched', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = new ControlWorld({ configs, answersAfterMs: 40 });
      const model: Model = { state: new Map() };
      const last = new Map<string, number>();
      let closest = Number.POSITIVE_INFINITY;
      world.control.messages$.subscribe(({ at, event }) => {
        const { identity } = event as unknown as { identity: string };
        // A backend that was retired and comes back begins anew.
        if (event.type === 'backend.retired') last.delete(identity);
        if (event.type !== 'probe.wanted') return;
        closest = Math.min(closest, at - (last.get(identity) ?? Number.NEGATIVE_INFINITY));
        last.set(identity, at);
      });
      for (const step of sequence) {
        await carryOut(world, model, step.do === 'answer' ? { do: 'pass', ms: 250 } : step);
        await settle();
      }
      expect(closest).toBeGreaterThanOrEqual(1_000);
      world.control.close();
    }),
    { numRuns: 200 },
  );
});

test('a switch among shared identities publishes at once, and re-elects without a new probe', async () => {
  const world = new ControlWorld({ configs, answersAfterMs: 10 });
  await world.load('a');
  await world.load('b');
  await world.control.use('a');
  world.clock.advance(5_000);
  const b1 = identityByName.get('b1');
  if (b1 === undefined) throw new Error('b1 is declared');
  expect(world.health(b1)).toMatchObject({ polled: 'healthy', passing: true, override: 'auto' });
  const before = world.started.length;
  await world.control.use('b');
  expect(world.active).toBe('b@2');
  expect(world.deltas.at(-1)?.active).toBe('b@2');
  world.settle();
  expect(world.started).toHaveLength(before);
  expect(world.health(b1)?.polled).toBe('healthy');
  world.clock.advance(1_000);
  const latest = world.started.filter(({ order }) => order.probe.url === '/b');
  expect(latest.length).toBeGreaterThanOrEqual(4);
  world.control.close();
});
