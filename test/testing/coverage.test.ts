/** What was reached of a machine, and what was missed: by names that a person finds in the definition. */
import { expect, test } from 'vitest';
import { and, createActor, fromPromise, not, setup } from 'xstate';
import { Coverage, coverageTable, MachineInTime } from '../../src/testing/index.ts';
import { turnstile } from '../support/turnstile.ts';

test('each transition is named as in the definition, and by no name twice', () => {
  const machine = setup({
    types: { events: {} as { type: 'go' } | { type: 'order.paid' } },
    actors: { charge: fromPromise(() => Promise.resolve()) },
    delays: { patience: 10 },
    guards: { isOpen: () => true, isFull: () => true, isAbove: (_, _limit: number) => true },
  }).createMachine({
    id: 'm',
    initial: 'a',
    on: { 'order.*': '.a', '*': { actions: () => {} } },
    states: {
      a: {
        initial: 'inner',
        on: {
          go: [
            { guard: and(['isOpen', not('isFull')]), target: 'b' },
            { guard: { type: 'isAbove', params: 5 }, target: 'b' },
            { guard: () => true, target: 'b' },
            { guard: () => false, target: 'b' },
            { target: 'a', reenter: true },
          ],
        },
        states: { inner: { type: 'final' } },
        onDone: 'b',
      },
      b: {
        invoke: { src: 'charge', onDone: 'c', onError: 'a', onSnapshot: {} },
        after: { 500: 'c', patience: 'a' },
        always: { guard: 'isFull', target: 'c' },
      },
      c: { type: 'parallel', states: { x: {}, y: {} } },
    },
  });
  const { states, transitions } = new Coverage(machine);
  expect([...states.keys()]).toEqual(['a', 'a.inner', 'b', 'c', 'c.x', 'c.y']);
  expect([...transitions.keys()]).toEqual([
    'm: order.* → a',
    'm: * stays',
    'a: go [isOpen and not isFull] → b',
    'a: go [isAbove 5] → b',
    'a: go → b',
    'a: go → b (2)',
    'a: go ↻ a',
    'a: done → b',
    'b: charge done → c',
    'b: charge failed → a',
    'b: charge snapshot stays',
    'b: after 500 → c',
    'b: after patience → a',
    'b: always [isFull] → c',
  ]);
});

test('a history state can be gone to, but not been in; what it leads to is entered', () => {
  const machine = setup({ types: { events: {} as { type: 'back' } } }).createMachine({
    initial: 'off',
    states: {
      off: { on: { back: 'on.last' } },
      on: { initial: 'one', states: { one: {}, two: {}, last: { type: 'history' } } },
    },
  });
  const coverage = new Coverage(machine);
  const inTime = new MachineInTime(machine);
  const off = inTime.start(undefined);
  coverage.add(off);
  coverage.add(inTime.send(off, { type: 'back' }));
  expect(Object.fromEntries(coverage.states)).toEqual({ off: 1, on: 1, 'on.one': 1, 'on.two': 0 });
});

const pushed = { type: 'arm.pushed' } as const;
const paid = { type: 'coin.inserted', cents: 100 } as const;

test('a live actor is followed as a simulated one is, and other actors are not', () => {
  const live = new Coverage(turnstile);
  const elsewhere = setup({}).createMachine({ initial: 'locked', states: { locked: {} } });
  createActor(elsewhere, { inspect: live.inspect }).start().stop();
  expect(live.states.get('locked')).toBe(0);
  // A copy with other effects is the same machine.
  const actor = createActor(turnstile.provide({ delays: { patience: 1 } }), {
    inspect: live.inspect,
  }).start();
  actor.send(paid);
  actor.send(pushed);
  actor.stop();

  const simulated = new Coverage(turnstile);
  const machine = new MachineInTime(turnstile);
  const moments = [machine.start(undefined)];
  for (const event of [paid, pushed])
    moments.push(machine.send(moments.at(-1) ?? machine.start(undefined), event));
  for (const moment of moments) simulated.add(moment);
  expect(live.transitions).toEqual(simulated.transitions);
  expect(live.missed).toEqual(simulated.missed);
});

test('what is missing is named; what was excepted must be missing', () => {
  const coverage = new Coverage(turnstile);
  const machine = new MachineInTime(turnstile);
  const locked = machine.start(undefined);
  for (const moment of [locked, machine.send(locked, paid)]) coverage.add(moment);
  const missing = [
    'locked: coin.inserted stays',
    'locked: coin.returned stays',
    'unlocked: coin.inserted stays',
    'unlocked: arm.pushed → locked',
    'unlocked: after patience → locked',
  ];
  expect(coverage.missed).toEqual(missing);
  expect(() => coverage.assertComplete({ except: missing })).not.toThrow();
  expect(() => coverage.assertComplete({ except: missing.slice(1) })).toThrow(
    'turnstile:\n  not reached: locked: coin.inserted stays',
  );
  expect(() => coverage.assertComplete({ except: [...missing, 'unlocked', 'nowhere'] })).toThrow(
    'turnstile:\n  excepted, but reached: unlocked\n  excepted, but not in the machine: nowhere',
  );
});

test('one table for several machines, and only all of it is 100 %', () => {
  const many = setup({}).createMachine({
    id: 'many',
    initial: 's0',
    states: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`s${i}`, {}])),
  });
  const coverage = new Coverage(many);
  coverage.add({ entered: Array.from({ length: 200 }, (_, i) => `s${i}`), taken: [] });
  expect(
    coverageTable([new Coverage(turnstile), coverage])
      .split('\n')
      .slice(0, 3),
  ).toEqual([
    'machine     states        transitions',
    'turnstile      0/2   0 %          0/6    0 %',
    'many       200/201  99 %          0/0  100 %',
  ]);
  expect(String(coverage)).toContain('not reached in many: s200');
});
