/**
 * The whole control plane under commands, facts, probe results and time in any order, refused commands and
 * late reports among them: what it says adds up, and nothing is left in the end.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigDescription } from '../../src/config/declaration.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import type { Identity } from '../../src/identity.ts';
import { isUsable, type Override, type Snapshot, type SnapshotDelta } from '../../src/snapshot.ts';
import { backendOf, ControlWorld, describeConfig, probeOf, settle } from '../support/control-world.ts';

const THRESHOLD = 2;

/** Backends (with a probe or not), one saintmode object on the first, a director in a director. */
function configOf(name: string, backends: Readonly<Record<string, boolean>>): ConfigDescription {
  const declared = Object.entries(backends).map(([one, probed]) =>
    backendOf(
      one,
      8080,
      probed ? probeOf({ url: `/${name}`, intervalMs: 500, window: 2, threshold: 1 }) : undefined,
    ),
  );
  const [first, ...others] = declared.map((one) => one.name);
  const member = (target: string) => ({ target, weight: 1 });
  return describeConfig({
    backends: declared,
    saintmodes: first === undefined ? [] : [{ name: 'saint', backend: first, threshold: THRESHOLD }],
    directors: [
      { name: 'inner', policy: { kind: 'hash' }, members: first === undefined ? [] : [member('saint')] },
      { name: 'outer', policy: { kind: 'random' }, members: [member('inner'), ...others.map(member)] },
    ],
  });
}

const configs: Readonly<Record<string, ConfigDescription>> = {
  a: configOf('a', { b1: true, b2: true, b3: false }),
  b: configOf('b', { b1: true, b2: false, b4: true }),
  c: configOf('c', {}),
};
const identities = [...new Set(Object.values(configs).flatMap(({ backends }) => backends))].map(
  ({ identity }) => identity,
);

type Step =
  | { readonly do: 'load' | 'use' | 'discard' | 'cold' | 'warm'; readonly name: string }
  | { readonly do: 'order'; readonly identity: Identity; readonly override: Override }
  | { readonly do: 'answer'; readonly which: number; readonly happy: boolean }
  | { readonly do: 'deny'; readonly identity: Identity; readonly object: string; readonly ttl: number }
  | { readonly do: 'lift'; readonly identity: Identity; readonly object: string }
  | { readonly do: 'member'; readonly which: number; readonly target: string; readonly added: boolean }
  | { readonly do: 'report'; readonly which: number }
  | { readonly do: 'pass'; readonly ms: number };

const name = fc.constantFrom(...Object.keys(configs));
/** Mostly the first: more happens to it then. */
const identity = fc.oneof(
  { weight: 2, arbitrary: fc.constant(identities[0] as Identity) },
  { weight: 1, arbitrary: fc.constantFrom(...identities) },
);
const object = fc.constantFrom('x', 'y', 'z');
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
        do: fc.constant('order' as const),
        identity,
        override: fc.constantFrom<Override>('auto', 'healthy', 'sick', 'drain'),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(9), happy: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('deny' as const),
        identity,
        object,
        ttl: fc.constantFrom(-1, 100, 3_000, 9_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const), identity, object }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('member' as const),
        which: fc.nat(9),
        target: fc.constantFrom('b1', 'b2', 'saint', 'inner'),
        added: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('report' as const), which: fc.nat(9) }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 0, 0, 100, 700) }),
    },
  ),
  { minLength: 20, maxLength: 100 },
);

/** A world whose data plane takes its time: what is drained or closed is reported when a step says so. */
class SlowWorld extends ControlWorld {
  readonly #reported = new Set<unknown>();

  /** What the data plane has still to report. */
  owed(): (() => void)[] {
    const drained = this.drains.filter((key) => !this.#reported.has(key));
    const closed = this.deltas.filter((delta) => delta.retired.length > 0 && !this.#reported.has(delta));
    return [
      ...drained.map((config) => () => {
        this.#reported.add(config);
        this.tell({ type: 'config.drained', config });
      }),
      ...closed.map((delta) => () => {
        this.#reported.add(delta);
        for (const identity of delta.retired) {
          this.tell({ type: 'connections.closed', identity, retiredIn: delta.version });
        }
      }),
    ];
  }
}

function carryOut(world: SlowWorld, step: Step): void {
  const { control, clock } = world;
  const ignoreRefusal = (command: Promise<void>) => command.catch(() => {});
  switch (step.do) {
    case 'load':
    case 'use':
    case 'discard':
      void ignoreRefusal(control[step.do](step.name));
      return;
    case 'cold':
    case 'warm':
      void ignoreRefusal(control.setState(step.name, step.do));
      return;
    case 'order':
      if (control.registry.snapshot('backend', step.identity) === undefined) return;
      control.setHealth(step.identity, step.override);
      return;
    case 'answer': {
      const running = [...world.running];
      running[step.which % Math.max(1, running.length)]?.answer(step.happy);
      return;
    }
    case 'deny':
      world.tell({
        type: 'saint.denied',
        identity: step.identity,
        object: step.object,
        deadline: clock.now() + step.ttl,
      });
      return;
    case 'lift':
      control.lift(step.identity, step.object);
      return;
    case 'member': {
      const keys = [...control.registry.ids('config')] as ConfigKey[];
      const config = keys[step.which % Math.max(1, keys.length)];
      if (config === undefined) return;
      const change = { config, director: 'outer', target: step.target };
      if (step.added) world.tell({ type: 'member.added', ...change, weight: 1 });
      else world.tell({ type: 'member.removed', ...change });
      return;
    }
    case 'report': {
      const owed = world.owed();
      owed[step.which % Math.max(1, owed.length)]?.();
      return;
    }
    case 'pass':
      clock.advance(step.ms);
      return;
    default:
      step satisfies never;
  }
}

function fold(deltas: readonly SnapshotDelta[]): Snapshot {
  const health = new Map<Identity, never>() as Map<
    Identity,
    Snapshot['health'] extends ReadonlyMap<Identity, infer H> ? H : never
  >;
  let active: ConfigKey | undefined;
  for (const delta of deltas) {
    for (const [one, now] of delta.health) health.set(one, now);
    for (const one of delta.retired) health.delete(one);
    active = delta.active ?? active;
  }
  return { version: deltas.length, active, health, facts: deltas.at(-1)?.facts ?? {} };
}

/** Everything that is rolled up, recounted from the snapshot and the entries that there are. */
function checkSums(world: SlowWorld): void {
  const { control } = world;
  const { registry } = control;
  expect(fold(world.deltas)).toEqual(control.snapshot());

  const entries = new Map<string, number>();
  for (const { identity: of } of control.saintEntries().entries) {
    entries.set(of, (entries.get(of) ?? 0) + 1);
  }
  for (const one of registry.ids('backend')) {
    expect(control.saintCount(one as Identity), one).toBe(entries.get(one as Identity) ?? 0);
  }
  for (const one of entries.keys()) expect(registry.snapshot('backend', one), one).toBeDefined();

  const isHealthy = (config: string, target: string): boolean => {
    const description = control.description(config as ConfigKey);
    const backend = description?.backends.find((one) => one.name === target);
    if (backend !== undefined) {
      return isUsable(world.health(backend.identity), backend.probe !== undefined);
    }
    const saintmode = description?.saintmodes.find((one) => one.name === target);
    if (saintmode !== undefined) {
      const wrapped = description?.backends.find((one) => one.name === saintmode.backend);
      if (wrapped === undefined || !isHealthy(config, wrapped.name)) return false;
      return (entries.get(wrapped.identity) ?? 0) < saintmode.threshold;
    }
    const members: { target: string }[] =
      registry.snapshot('director', `${config}/${target}`)?.context.members ?? [];
    return members.some((member) => isHealthy(config, member.target));
  };
  for (const kind of ['saintmode', 'director'] as const) {
    for (const id of registry.ids(kind)) {
      const { config, name: target } = registry.snapshot(kind, id)?.context ?? {};
      expect(registry.snapshot(kind, id)?.value === 'healthy', id).toBe(isHealthy(config, target));
    }
  }
}

test('whenever all is quiet, deltas fold to the snapshot and what is rolled up equals a recount; in the end nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = new SlowWorld({ configs, drainsAtOnce: false, closesAtOnce: false });
      await world.load('a');
      await world.load('b');
      for (const step of sequence) {
        carryOut(world, step);
        await settle();
        if (step.do === 'pass') checkSums(world);
      }
      void world.control.stop();
      for (;;) {
        await settle();
        world.settle();
        const owed = world.owed();
        if (owed.length === 0) break;
        for (const report of owed) report();
      }
      checkSums(world);
      const left = Object.entries(world.control.sizes()).filter(([, size]) => size > 0);
      expect(left).toEqual([]);
      expect(world.control.snapshot().health.size).toBe(0);
      expect(world.running.size).toBe(0);
      expect(world.faults).toEqual([]);
      world.clock.advance(60_000);
      expect(world.clock.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
});
