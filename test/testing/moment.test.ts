/** A machine in simulated time does as an actor does whose clock is simulated: the same events, the same moments. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  assign,
  cancel,
  createActor,
  type EventObject,
  emit,
  fromPromise,
  raise,
  sendTo,
  setup,
} from 'xstate';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { MachineInTime, SimulatedClock } from '../../src/testing/index.ts';
import { startInTime } from '../support/actor-in-time.ts';

/** Everything that comes back to a machine by itself: delays of all kinds, events to itself, and what cancels them. */
const busy = setup({
  types: {
    context: {} as { readonly rounds: number; readonly lengthMs: number },
    events: {} as
      | { type: 'go'; lengthMs: number }
      | { type: 'stop' }
      | { type: 'tick' }
      | { type: 'self' }
      | { type: 'echo' }
      | { type: 'late' },
    emitted: {} as { type: 'round'; rounds: number },
    input: {} as { lengthMs: number },
  },
  delays: { length: ({ context }) => context.lengthMs },
  guards: { isLong: ({ context }) => context.lengthMs > 10 },
  actions: {
    count: assign({ rounds: ({ context }) => context.rounds + 1 }),
    tell: emit(({ context }) => ({ type: 'round' as const, rounds: context.rounds })),
  },
}).createMachine({
  id: 'busy',
  context: ({ input }) => ({ rounds: 0, lengthMs: input.lengthMs }),
  initial: 'idle',
  on: {
    tick: { actions: ['count', 'tell'] },
    // First in, first out: the echo comes after the tick that was sent before it.
    self: { actions: ['tell', sendTo(({ self }) => self, { type: 'echo' })] },
    echo: { actions: emit({ type: 'round', rounds: -1 }) },
  },
  states: {
    idle: {
      on: {
        go: {
          target: 'round',
          actions: assign({ lengthMs: ({ event }) => event.lengthMs }),
        },
      },
    },
    round: {
      type: 'parallel',
      entry: [
        raise({ type: 'tick' }),
        raise({ type: 'late' }, { delay: 25, id: 'late' }),
        sendTo(({ self }) => self, { type: 'self' }),
        sendTo(({ self }) => self, { type: 'tick' }),
        sendTo(({ self }) => self, { type: 'tick' }, { delay: 7, id: 'tick' }),
      ],
      exit: cancel('late'),
      on: { stop: { target: 'idle', actions: cancel('tick') }, late: { actions: 'tell' } },
      states: {
        short: {
          initial: 'on',
          states: {
            on: { after: { 5: 'off' } },
            off: { after: { 3: [{ guard: 'isLong', target: 'on' }, { target: 'over' }] } },
            over: { type: 'final' },
          },
        },
        long: {
          initial: 'on',
          states: { on: { after: { length: 'over' } }, over: { type: 'final' } },
        },
      },
      onDone: 'checking',
    },
    checking: { always: [{ guard: 'isLong', target: 'idle' }, { target: 'ended' }] },
    ended: { type: 'final' },
  },
});

type Step = EventObject | { readonly ms: number };

/** What a follower of either sees. */
function seen(snapshot: AnyMachineSnapshot, emitted: readonly unknown[]) {
  const { value, context, status } = snapshot;
  return { value, context, status, emitted };
}

function liveMoments(machine: AnyStateMachine, input: unknown, steps: readonly Step[]) {
  const { actor, clock, said } = startInTime(machine, input as never, new SimulatedClock());
  const heard = () => said.splice(0).map(({ at: _, ...event }) => event);
  const moments = [{ at: 0, ...seen(actor.getSnapshot(), heard()) }];
  for (const step of steps) {
    // XState warns of an event to an actor that has come to its end; it is lost.
    if ('type' in step && actor.getSnapshot().status === 'active') actor.send(step as never);
    else if ('ms' in step) clock.advance(step.ms);
    moments.push({ at: clock.now(), ...seen(actor.getSnapshot(), heard()) });
  }
  return moments;
}

function pureMoments(machine: AnyStateMachine, input: unknown, steps: readonly Step[]) {
  const inTime = new MachineInTime(machine);
  let moment = inTime.start(input);
  const moments = [{ at: 0, ...seen(moment.snapshot, moment.emitted) }];
  for (const step of steps) {
    const next = 'type' in step ? [inTime.send(moment, step)] : inTime.advance(moment, moment.now + step.ms);
    moment = next.at(-1) ?? moment;
    moments.push({
      at: moment.now,
      ...seen(
        moment.snapshot,
        next.flatMap(({ emitted }) => emitted),
      ),
    });
  }
  return moments;
}

const wait = fc.record({ ms: fc.constantFrom(0, 1, 3, 5, 8, 20, 100) });

test('with delays of all kinds, and events to itself, it does as an actor does', () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('go'), lengthMs: fc.constantFrom(1, 8, 30) }),
    fc.constantFrom({ type: 'stop' }, { type: 'tick' }, { type: 'self' }),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(event, wait), { maxLength: 20 }), (steps) => {
      const input = { lengthMs: 8 };
      expect(pureMoments(busy, input, steps)).toEqual(liveMoments(busy, input, steps));
    }),
    { numRuns: 300 },
  );
});

describe('what of an actor it does', () => {
  test('stops at each due time: a timer that sets another one is followed by it', () => {
    const machine = new MachineInTime(
      setup({ types: { context: {} as { n: number } } }).createMachine({
        context: { n: 0 },
        initial: 'on',
        states: {
          on: {
            after: {
              1000: { target: 'on', reenter: true, actions: assign({ n: ({ context }) => context.n + 1 }) },
            },
          },
        },
      }),
    );
    const moments = machine.advance(machine.start(undefined), 10_500);
    expect(moments.map(({ now }) => now)).toEqual([
      1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000, 10_500,
    ]);
    expect(moments.at(-1)?.snapshot.context).toEqual({ n: 10 });
  });

  test('an actor that it invokes runs until it has answered, or is left', () => {
    const machine = new MachineInTime(
      setup({
        actors: { charge: fromPromise<string, { cents: number }>(() => new Promise(() => {})) },
      }).createMachine({
        initial: 'paying',
        states: {
          paying: {
            invoke: {
              src: 'charge',
              input: { cents: 5 },
              onDone: { target: 'paid' },
              onError: { target: 'declined' },
            },
            after: { 30000: 'declined' },
          },
          paid: {},
          declined: {},
        },
      }),
    );
    const first = machine.start(undefined);
    const [actor] = first.running;
    expect(first.running).toMatchObject([{ src: 'charge' }]);
    const paid = machine.answer(first, actor?.id ?? '', { output: 'receipt' });
    expect(paid).toMatchObject({ running: [], event: { output: 'receipt' }, entered: ['paid'] });
    expect(machine.answer(first, actor?.id ?? '', { error: new Error('no') }).snapshot.value).toBe(
      'declined',
    );
    expect(machine.advance(first, 30_000).at(-1)).toMatchObject({ running: [], entered: ['declined'] });
    expect(machine.answer(paid, actor?.id ?? '', { output: 'again' }).event).toBeUndefined();
  });

  test('a moment stays as it is: two futures can follow from it', () => {
    const machine = new MachineInTime(busy);
    const first = machine.start({ lengthMs: 1 });
    const round = machine.send(first, { type: 'go', lengthMs: 8 });
    const timers = round.timers.length;
    machine.advance(round, 100);
    machine.send(round, { type: 'stop' });
    expect(round.timers).toHaveLength(timers);
    expect(round.snapshot.matches('round')).toBe(true);
    expect(first.snapshot.value).toBe('idle');
  });

  test('a delay that has no implementation, which an actor would not wait for, is refused', () => {
    const machine = setup({ delays: { patience: 10 } }).createMachine({
      id: 'door',
      initial: 'open',
      states: { open: { after: { patiense: 'shut' } }, shut: {} },
    });
    expect(() => new MachineInTime(machine)).toThrow(/door\.open waits for a delay "patiense"/);
  });

  test('a machine that sends itself events without end is told, not followed', () => {
    const again = setup({ types: { events: {} as { type: 'again' } } });
    const byTimer = again.createMachine({
      id: 'restless',
      initial: 'on',
      states: { on: { after: { 5: 'over' } }, over: { after: { 0: { target: 'over', reenter: true } } } },
    });
    const inTime = new MachineInTime(byTimer);
    expect(() => inTime.advance(inTime.start(undefined), 10)).toThrow(/restless sends itself .* without end/);
    const byItself = again.createMachine({
      id: 'restless',
      on: { again: { actions: sendTo(({ self }) => self, { type: 'again' }) } },
    });
    const other = new MachineInTime(byItself);
    expect(() => other.send(other.start(undefined), { type: 'again' })).toThrow(
      /restless sends itself again/,
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a delay of %d is refused', (ms) => {
    const machine = setup({ delays: { odd: () => ms } }).createMachine({
      initial: 'a',
      states: { a: { after: { odd: 'b' } }, b: {} },
    });
    expect(() => new MachineInTime(machine).start(undefined)).toThrow(/an actor would not wait at all/);
  });

  test("the user's machine is not touched", () => {
    const machine = setup({}).createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' }, after: { 5: 'b' } }, b: {} },
    });
    const before = JSON.stringify(machine);
    const inTime = new MachineInTime(machine);
    inTime.send(inTime.start(undefined), { type: 'go' });
    expect(JSON.stringify(machine)).toBe(before);
    const actor = createActor(machine).start();
    expect(actor.getSnapshot().value).toBe('a');
    actor.stop();
  });
});

test("each of the project's machines can be followed", () => {
  for (const machine of Object.values(ownMachines)) expect(() => new MachineInTime(machine)).not.toThrow();
});
