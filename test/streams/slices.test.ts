/** Slices: who waits gets its turn, and no turn of the event loop is long. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configKeyOf } from '../../src/config-key.ts';
import { Bus } from '../../src/streams/bus.ts';
import { routes } from '../../src/streams/routes.ts';
import { Slices } from '../../src/streams/slices.ts';
import { TurnClock } from '../support/turn-clock.ts';

/** Milliseconds; see slices.ts. */
const SHARE = 1;

/** Askers by id: what each of its slices takes. */
function makeSlices(costs: Readonly<Record<string, readonly number[]>>) {
  const clock = new TurnClock();
  const granted: string[] = [];
  const left = new Map(Object.entries(costs).map(([id, all]) => [id, [...all]]));
  const bus: Bus = new Bus({
    routes,
    actors: {
      deliver: (_kind, id) => {
        granted.push(id);
        const mine = left.get(id) ?? [];
        clock.work(mine.shift() ?? 0);
        if (mine.length > 0) ask(id);
        return true;
      },
      ensure: () => {},
      followers: () => [],
      fire: () => false,
    },
    now: () => clock.now(),
    onIdle: () => {},
    onFault: (error) => {
      throw error;
    },
  });
  const slices = new Slices(clock, bus);
  const ask = (id: string) =>
    bus.say(
      'config',
      { type: 'slice.wanted', key: configKeyOf(id, 1) },
      { kind: 'config', id, generation: 1 },
    );
  return { clock, granted, slices, ask };
}

const costs = fc
  .array(fc.array(fc.constantFrom(0, 0.3, 1, 1.9, 2, 5), { minLength: 1, maxLength: 12 }), {
    maxLength: 5,
  })
  .map((all) => Object.fromEntries(all.map((slices, i) => [`c${i}`, slices])));

test('slices are granted in turn, as many in one turn of the event loop as begin within its share', () => {
  fc.assert(
    fc.property(costs, (all) => {
      const { clock, granted, ask } = makeSlices(all);
      for (const id of Object.keys(all)) ask(id);
      expect(granted, 'never at once').toEqual([]);

      const queue = Object.entries(all).map(([id, slices]) => ({ id, slices: [...slices] }));
      while (queue.length > 0) {
        const expected: string[] = [];
        let spent = 0;
        do {
          const next = queue.shift();
          if (next === undefined) break;
          expected.push(next.id);
          spent += next.slices.shift() ?? 0;
          if (next.slices.length > 0) queue.push(next);
        } while (spent < SHARE);
        const before = granted.length;
        expect(clock.turn()).toBeCloseTo(spent);
        expect(granted.slice(before)).toEqual(expected);
      }
      expect(clock.isIdle).toBe(true);
    }),
  );
});

test('who asks while nobody waits is granted in the next turn', () => {
  const { clock, granted, ask } = makeSlices({ a: [1], b: [1] });
  ask('a');
  clock.turn();
  expect(clock.isIdle).toBe(true);
  ask('b');
  clock.turn();
  expect(granted).toEqual(['a', 'b']);
});

test('closed, it grants nothing more', () => {
  const { clock, granted, ask, slices } = makeSlices({ a: [5, 5, 5] });
  ask('a');
  clock.turn();
  slices.close();
  ask('a');
  expect(clock.isIdle).toBe(true);
  expect(granted).toEqual(['a']);
});
