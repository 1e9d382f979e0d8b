/** The publisher: what follows from one cause is one delta, and all deltas together are the snapshot. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConfigKey, configKeyOf } from '../../src/config-key.ts';
import { type Identity, identityOf } from '../../src/identity.ts';
import type { BackendHealth, Override, PolledHealth, Snapshot, SnapshotDelta } from '../../src/snapshot.ts';
import { Bus } from '../../src/streams/bus.ts';
import { Publisher } from '../../src/streams/publisher.ts';
import { routes } from '../../src/streams/routes.ts';

const identities = ['b1', 'b2', 'b3'].map((name) =>
  identityOf(name, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 }),
);
const [b1, b2] = identities as [Identity, Identity];
const [a, b] = [configKeyOf('a', 1), configKeyOf('b', 2)];
const up: BackendHealth = { polled: 'healthy', passing: true, override: 'auto', changedAt: 0 };

/** Milliseconds of the clock. */
let now = 0;

function makePublisher() {
  now = 0;
  const deltas: SnapshotDelta[] = [];
  const bus: Bus = new Bus({
    routes,
    actors: { deliver: () => false, ensure: () => {}, followers: () => [], fire: () => false },
    now: () => 0,
    onIdle: () => publisher.publish(),
    onFault: (error) => {
      throw error;
    },
  });
  const publisher = new Publisher(
    bus,
    (delta) => deltas.push(delta),
    () => now,
  );
  for (const other of ['topics', 'saints'] as const) bus.attach(other, () => {});
  return {
    bus,
    publisher,
    deltas,
    use: (key: ConfigKey) => bus.say('supervisor', { type: 'config.used', key, name: 'any' }),
    health: (identity: Identity, health: BackendHealth) =>
      bus.say('backend', { type: 'backend.health', identity, ...health }),
    retire: (identity: Identity) => bus.say('backend', { type: 'backend.retired', identity }),
    lift: (identity: Identity, object?: string) =>
      bus.say('saints', { type: 'saint.lifted', identity, object }),
  };
}

const nothing: Snapshot = { version: 0, active: undefined, health: new Map(), facts: {} };

/** A data plane's view after one more delta. */
function fold(view: Snapshot, { version, active, health, retired, facts }: SnapshotDelta): Snapshot {
  const after = new Map([...view.health, ...health]);
  for (const identity of retired) after.delete(identity);
  return { version, active: active ?? view.active, health: after, facts };
}

test('a switch and the health that changed with it are in one delta', () => {
  const { bus, use, health, deltas } = makePublisher();
  bus.batch(() => {
    use(a);
    health(b1, up);
  });
  expect(deltas).toEqual([{ version: 1, active: a, health: new Map([[b1, up]]), retired: [], facts: {} }]);
});

test('says nothing if nothing has changed', () => {
  const { bus, publisher, deltas } = makePublisher();
  bus.batch(() => {});
  publisher.publish();
  expect(deltas).toEqual([]);
});

test('an identity that retires and comes back within one cause was never gone', () => {
  const { bus, retire, health, deltas } = makePublisher();
  health(b1, up);
  bus.batch(() => {
    retire(b1);
    retire(b2);
    health(b1, { ...up, override: 'drain' });
  });
  expect(deltas.at(-1)).toMatchObject({
    health: new Map([[b1, { ...up, override: 'drain' }]]),
    retired: [b2],
  });
});

test('one that came and went within one cause is told to be retired all the same: the planes answer that', () => {
  const { bus, retire, health, deltas } = makePublisher();
  bus.batch(() => {
    health(b1, up);
    retire(b1);
  });
  expect(deltas).toMatchObject([{ health: new Map(), retired: [b1] }]);
});

test('lifted saint entries are told once: one, or all of an identity', () => {
  const { bus, lift, use, deltas } = makePublisher();
  bus.batch(() => {
    lift(b1, 'abc');
    lift(b2);
  });
  use(a);
  expect(deltas[0]?.lifted).toStrictEqual([{ identity: b1, object: 'abc' }, { identity: b2 }]);
  expect(deltas[1]).not.toHaveProperty('lifted');
});

test('what was published does not change later', () => {
  const { health, deltas, publisher } = makePublisher();
  health(b1, up);
  const before = publisher.snapshot();
  publisher.contains('p0', 5);
  health(b1, { ...up, override: 'sick' });
  expect(deltas[0]).toMatchObject({ health: new Map([[b1, up]]), facts: {} });
  expect(before.health.get(b1)).toEqual(up);
});

test('says when a backend last became usable or not, which news of the same kind do not change', () => {
  const { health, publisher } = makePublisher();
  const changedAt = () => publisher.snapshot().health.get(b1)?.changedAt;
  const say = (at: number, said: Partial<BackendHealth>) => {
    now = at;
    health(b1, { ...up, ...said });
    return changedAt();
  };
  expect(say(10, { polled: 'unprobed' })).toBe(10);
  expect(say(20, { polled: 'healthy' })).toBe(10);
  expect(say(30, { polled: 'sick', passing: false })).toBe(30);
  expect(say(40, { override: 'drain' })).toBe(40);
});

test('who subscribes gets the present view, then each new one, until it closes', () => {
  const { use, publisher } = makePublisher();
  use(a);
  const seen: unknown[] = [];
  publisher.snapshots$.subscribe({
    next: ({ version, active }) => seen.push([version, active]),
    complete: () => seen.push('closed'),
  });
  use(b);
  publisher.close();
  expect(seen).toEqual([[1, a], [2, b], 'closed']);
});

const health = fc.record({
  polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
  passing: fc.boolean(),
  override: fc.constantFrom<Override>('auto', 'drain'),
});
const identity = fc.constantFrom(...identities);
const message = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('health' as const), identity, health }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retire' as const), identity }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('use' as const), key: fc.constantFrom(a, b) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('contains' as const),
      plane: fc.constantFrom('p0', 'p1'),
      fact: fc.nat(99),
    }),
  },
);

test('one delta for each cause that changes anything, versions without gaps, and all deltas folded are the snapshot', () => {
  fc.assert(
    fc.property(fc.array(fc.array(message, { maxLength: 8 }), { maxLength: 12 }), (causes) => {
      const { bus, publisher, deltas, ...says } = makePublisher();
      const known = new Map<Identity, BackendHealth>();
      const facts: Record<string, number> = {};
      let active: ConfigKey | undefined;
      let view = nothing;
      let published = 0;
      for (const cause of causes) {
        now++;
        const before = new Map(known);
        bus.batch(() => {
          for (const one of cause) {
            if (one.do === 'health') {
              says.health(one.identity, one.health);
              const last = known.get(one.identity) ?? before.get(one.identity);
              const isSame = last?.passing === one.health.passing && last.override === one.health.override;
              const changedAt = (isSame ? last.changedAt : undefined) ?? now;
              known.set(one.identity, { ...one.health, changedAt });
            } else if (one.do === 'retire') {
              says.retire(one.identity);
              known.delete(one.identity);
            } else if (one.do === 'use') {
              says.use(one.key);
              active = one.key;
            } else {
              publisher.contains(one.plane, one.fact);
              facts[one.plane] = one.fact;
            }
          }
        });
        if (cause.length > 0) published++;
        expect(deltas.map(({ version }) => version)).toEqual(
          Array.from({ length: published }, (_, i) => i + 1),
        );
        view = deltas.reduce(fold, nothing);
        expect(view).toEqual({ version: published, active, health: known, facts });
        expect(publisher.snapshot()).toEqual(view);
      }
    }),
  );
});
