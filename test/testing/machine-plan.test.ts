/** What may happen: events as the machine's definition and its types say, replies of its actors, time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import {
  checkMachine,
  eventsOf,
  given,
  MachineInTime,
  type MachinePlan,
  play,
  timelines,
} from '../../src/testing/index.ts';

const machine = setup({
  types: {
    context: {} as { readonly size: number },
    events: {} as
      | { type: 'sized'; size: number }
      | { type: 'named'; name?: string }
      | { type: 'cleared' }
      | { type: 'order.paid'; cents: number }
      | { type: 'order.lost' },
    input: {} as { size: number },
  },
  actors: { measure: fromPromise(async (): Promise<number> => 1) },
}).createMachine({
  id: 'm',
  context: ({ input }) => input,
  initial: 'a',
  on: { sized: {}, named: {}, cleared: {}, 'order.*': {} },
  states: { a: { invoke: { src: 'measure', onDone: {} }, after: { 1000: { target: 'a', reenter: true } } } },
});
type Plan = MachinePlan<typeof machine>;

const input = fc.constant({ size: 1 });
const sized = fc.record({ size: fc.nat() });
const paid = fc.record({ cents: fc.nat() });

test('the types say what a plan needs, and what it may not say', () => {
  const right: Plan[] = [
    { input, events: { sized, 'order.paid': paid } },
    { input, events: { sized: false, 'order.paid': false, cleared: false } },
    { input, events: { sized, 'order.paid': paid, named: fc.constant({ name: 'a' }) } },
    { input, events: { sized, 'order.paid': paid }, replies: { measure: { output: fc.nat() } } },
    {
      input,
      events: {
        sized: given(fc.nat(), (n, { snapshot, now }) => ({ size: snapshot.context.size + n + now })),
        'order.paid': paid,
      },
    },
  ];
  // @ts-expect-error an event with a payload is left out
  right.push({ input, events: { sized } });
  // @ts-expect-error a payload of another type
  right.push({ input, events: { sized: fc.record({ size: fc.string() }), 'order.paid': paid } });
  // @ts-expect-error the machine has no such event
  right.push({ input, events: { sized, 'order.paid': paid, melted: fc.constant({}) } });
  // @ts-expect-error the machine needs an input
  right.push({ events: { sized, 'order.paid': paid } });
  // @ts-expect-error the actor is done with a number
  right.push({ input, events: { sized, 'order.paid': paid }, replies: { measure: { output: fc.string() } } });
  // @ts-expect-error the machine has no such actor
  right.push({ input, events: { sized, 'order.paid': paid }, replies: { guess: { output: fc.nat() } } });
  expect(right).toHaveLength(11);
  // A machine whose types say nothing of events takes any.
  checkMachine(createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }), {
    parameters: { numRuns: 1 },
  }).coverage.assertComplete();
});

/** Kinds of events that happen in many runs. */
function happening(plan: Plan): string[] {
  const inTime = new MachineInTime(machine);
  const types = fc
    .sample(timelines(machine, plan), { seed: 1, numRuns: 50 })
    .flatMap((timeline) => [...play(inTime, timeline)])
    .flatMap(({ event }) => (event === undefined ? [] : [event.type as string]));
  return [...new Set(types)].toSorted();
}

const own = ['xstate.after.1000.m.a', 'xstate.done.actor.0.m.a', 'xstate.error.actor.0.m.a'];

test('every event of the definition happens, those of a pattern if they are planned, and what actors reply', () => {
  const events = { sized, 'order.paid': paid };
  expect(happening({ input, events })).toEqual(['cleared', 'named', 'order.paid', 'sized', own[0]]);
  const replies = { measure: { output: fc.nat() } };
  expect(happening({ input, events: { ...events, sized: false }, replies })).toEqual(
    ['cleared', 'named', 'order.paid', own[0], own[1]].toSorted(),
  );
});

test('a payload that cannot be given now is no event; one that can is made of the moment', () => {
  const inTime = new MachineInTime(machine);
  const plan: Plan = {
    input: fc.record({ size: fc.nat(100) }),
    events: {
      sized: given(fc.nat(9), (n, { snapshot, now }) =>
        now === 0 ? undefined : { size: now + snapshot.context.size + n },
      ),
      'order.paid': false,
    },
  };
  for (const timeline of fc.sample(timelines(machine, plan), { seed: 1, numRuns: 50 })) {
    for (const { event, now } of play(inTime, timeline)) {
      if (event?.type !== 'sized') continue;
      expect(now).toBeGreaterThan(0);
      expect(event.size - now - timeline.input.size).toBeLessThan(10);
    }
  }
});

test('waits that are planned are as long as planned, and stop at each due time', () => {
  const inTime = new MachineInTime(machine);
  const events = { sized: false, 'order.paid': false } as const;
  const weights = { named: 0, cleared: 0 };
  const plan: Plan = { input, events, weights, waits: fc.constant(2_500), maxSteps: 2 };
  const runs = fc.sample(timelines(machine, plan), { seed: 1, numRuns: 20 });
  const whole = runs.find(({ steps }) => steps.length === 2);
  expect(whole === undefined ? [] : [...play(inTime, whole)].map(({ now }) => now)).toEqual([
    0, 1_000, 2_000, 2_500, 3_000, 4_000, 5_000,
  ]);
});

test('single events are those of the plan, too', () => {
  const events = { sized, 'order.paid': paid, cleared: false } as const;
  const drawn = fc.sample(eventsOf(machine, { events, weights: { named: 0 } }), { seed: 1, numRuns: 50 });
  expect(new Set(drawn.map(({ type }) => type))).toEqual(new Set(['sized', 'order.paid']));
  for (const event of drawn) expect(event).toHaveProperty(event.type === 'sized' ? 'size' : 'cents');
  const late = given(fc.nat(), (size) => ({ size }));
  expect(() => eventsOf(machine, { events: { sized: late, 'order.paid': paid } })).toThrow(
    'The payload of sized depends on the moment',
  );
});
