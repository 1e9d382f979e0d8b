/** Fact intake: in order, a turn's share at a time, and a snapshot says exactly what it contains. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configKeyOf } from '../../src/config-key.ts';
import type { Fact } from '../../src/facts.ts';
import { identityOf } from '../../src/identity.ts';
import type { SnapshotDelta } from '../../src/snapshot.ts';
import { Bus, type BusEvent } from '../../src/streams/bus.ts';
import { FactIntake } from '../../src/streams/fact-intake.ts';
import { Publisher } from '../../src/streams/publisher.ts';
import { type Route, routes } from '../../src/streams/routes.ts';
import { backendOf, describeConfig, probeOf } from '../support/control-world.ts';
import { TurnClock } from '../support/turn-clock.ts';

/** Facts taken in between two looks at the clock, and milliseconds of a turn; see fact-intake.ts. */
const STRIDE = 8;
const SHARE = 1;

const config = configKeyOf('a', 1);
const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
const description = describeConfig({ backends: [backendOf('b1', 8080, probeOf())] });

const firstRows = new Map<string, Route>();
for (const row of routes)
  if (row.from === 'planes' && !firstRows.has(row.event)) firstRows.set(row.event, row);
/** The publisher knows which backends are retired. */
const retirement = routes.filter(({ event, to }) => event === 'backend.retired' && to === 'publisher');

/** What is said is written down; each report takes `cost` milliseconds. */
function makeIntake(cost = 0) {
  const clock = new TurnClock();
  const said: (BusEvent & Record<string, unknown>)[] = [];
  /** With each delta: how many facts had been said. */
  const published: { delta: SnapshotDelta; said: number }[] = [];
  const bus: Bus = new Bus({
    // One row for each event, so that each is heard once.
    routes: [...firstRows.values(), ...retirement],
    actors: {
      deliver: (_kind, _id, _generation, event) => {
        said.push(event as (typeof said)[number]);
        clock.work(cost);
        return true;
      },
      ensure: () => {},
      followers: () => [],
      fire: () => false,
    },
    now: () => clock.now(),
    onIdle: () => publisher.publish(),
    onFault: (error) => {
      throw error;
    },
  });
  bus.attach('saints', (event) => {
    said.push(event as (typeof said)[number]);
    clock.work(cost);
  });
  const publisher = new Publisher(
    bus,
    (delta) => published.push({ delta, said: said.length }),
    () => 0,
  );
  const intake = new FactIntake({
    clock,
    bus,
    publisher,
    describe: (key) => (key === config ? description : undefined),
  });
  return { bus, clock, intake, said, published, publisher };
}

const denied = (object: string): Fact => ({ type: 'saint.denied', identity, object, deadline: 1_000 });

test('facts come in the words of the control plane: a member with its identity, a denial with the time', () => {
  const { bus, clock, intake, said } = makeIntake();
  bus.say('backend', { type: 'backend.retired', identity });
  clock.work(50);
  intake.take({
    plane: 'p0',
    first: 1,
    facts: [
      { type: 'member.added', config, director: 'd', target: 'b1', weight: 2 },
      { type: 'member.added', config, director: 'd', target: 'inner', weight: 1 },
      denied('x'),
      { type: 'connections.closed', identity, retiredIn: 1 },
      { type: 'connections.closed', identity, retiredIn: 1 },
    ],
  });
  expect(said, 'never at once').toEqual([]);
  clock.turn();
  expect(said).toEqual([
    {
      type: 'member.added',
      config,
      director: 'd',
      member: { target: 'b1', weight: 2, backend: { identity, probed: true } },
    },
    { type: 'member.added', config, director: 'd', member: { target: 'inner', weight: 1 } },
    { type: 'saint.denied', identity, object: 'x', deadline: 1_000, at: 50 },
    { type: 'connections.closed', identity },
  ]);
});

test('a fact of a config that is gone is left out, and counts as contained', () => {
  const { clock, intake, said, publisher } = makeIntake();
  const gone = configKeyOf('gone', 9);
  intake.take({
    plane: 'p0',
    first: 4,
    facts: [{ type: 'member.added', config: gone, director: 'd', target: 'b1', weight: 1 }],
  });
  clock.turn();
  expect(said).toEqual([]);
  expect(publisher.snapshot().facts).toEqual({ p0: 4 });
});

test('an empty batch is harmless', () => {
  const { clock, intake, publisher } = makeIntake();
  intake.take({ plane: 'p0', first: 3, facts: [] });
  clock.turn();
  expect(publisher.snapshot().facts).toEqual({ p0: 2 });
  expect(clock.isIdle).toBe(true);
});

test('closed, it takes nothing more in', () => {
  const { clock, intake, said } = makeIntake(5);
  intake.take({ plane: 'p0', first: 1, facts: Array.from({ length: 20 }, (_, i) => denied(`x${i}`)) });
  clock.turn();
  intake.close();
  const before = said.length;
  intake.take({ plane: 'p0', first: 21, facts: [denied('late')] });
  expect(clock.isIdle).toBe(true);
  expect(said).toHaveLength(before);
});

test('facts are said in order, each once; a snapshot contains exactly what it says; a turn ends with the stride that fills its share', () => {
  const sizes = fc.array(fc.record({ plane: fc.constantFrom('p0', 'p1'), size: fc.nat(30) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(sizes, fc.constantFrom(0, 0.1, 0.5, 3), (batches, cost) => {
      const { clock, intake, said, published } = makeIntake(cost);
      const expected: string[] = [];
      const numbers: Record<string, number> = {};
      for (const { plane, size } of batches) {
        const first = (numbers[plane] ?? 0) + 1;
        numbers[plane] = first + size - 1;
        const objects = Array.from({ length: size }, (_, i) => `${plane} ${first + i}`);
        expected.push(...objects);
        intake.take({ plane, first, facts: objects.map(denied) });
      }
      while (!clock.isIdle) expect(clock.turn()).toBeLessThan(SHARE + STRIDE * cost + 0.001);
      expect(said.map(({ object }) => object)).toEqual(expected);
      for (const { delta, said: count } of published) {
        const contained: Record<string, number> = {};
        for (const object of expected.slice(0, count)) {
          const [plane, number] = object.split(' ') as [string, string];
          contained[plane] = Number(number);
        }
        for (const [plane, number] of Object.entries(contained)) expect(delta.facts[plane]).toBe(number);
      }
      if (batches.length > 0) expect(published.at(-1)?.delta.facts).toEqual(numbers);
    }),
  );
});
