/** What a compiled table does is what XState does; what cannot be compiled is refused by name. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, assign, fromPromise, setup } from 'xstate';
import { compileMachine, eventNumber } from '../../src/compact/compile-machine.ts';
import { beginRecord, delayPassed, type RecordOwner, sendToRecord } from '../../src/compact/run-table.ts';
import { startInTime } from '../support/actor-in-time.ts';

const DELAY_MS = 10;
const EVENTS = ['e0', 'e1', 'e2'] as const;
const ACTIONS = ['a0', 'a1', 'a2', 'a3'] as const;
const GUARDS = ['isEven', 'isThird'] as const;

const holds = { isEven: (seen: number) => seen % 2 === 0, isThird: (seen: number) => seen % 3 === 0 };

/** Its actions write down that they ran; its guards depend on how many have. */
const kit = setup({
  types: { context: {} as { readonly log: readonly string[] } },
  delays: { pause: DELAY_MS },
  guards: {
    isEven: ({ context }) => holds.isEven(context.log.length),
    isThird: ({ context }) => holds.isThird(context.log.length),
  },
  actions: {
    a0: assign({ log: ({ context }) => [...context.log, 'a0'] }),
    a1: assign({ log: ({ context }) => [...context.log, 'a1'] }),
    a2: assign({ log: ({ context }) => [...context.log, 'a2'] }),
    a3: assign({ log: ({ context }) => [...context.log, 'a3'] }),
  },
});

const vocabulary = { guards: GUARDS, actions: ACTIONS, delays: ['pause'] } as const;

/** One record that does what the machine does. */
class OneRecord implements RecordOwner<string, string, string> {
  readonly log: string[] = [];
  state = -1;
  due: number | undefined;
  ended = false;
  now = 0;

  stateOf(): number {
    return this.state;
  }
  setState(_record: number, state: number): void {
    this.state = state;
  }
  allows(guard: string): boolean {
    return holds[guard as keyof typeof holds](this.log.length);
  }
  act(action: string): void {
    this.log.push(action);
  }
  startTimer(): void {
    expect(this.due).toBeUndefined();
    this.due = this.now + DELAY_MS;
  }
  stopTimer(): void {
    expect(this.due).toBeDefined();
    this.due = undefined;
  }
  end(): void {
    this.ended = true;
  }
}

const states = ['s0', 's1', 's2', 'last'] as const;
const actions = fc.array(fc.constantFrom(...ACTIONS), { maxLength: 2 });
const way = (targets: readonly string[], reenter: fc.Arbitrary<boolean>) =>
  fc.record(
    {
      guard: fc.constantFrom(...GUARDS),
      target: fc.constantFrom(...targets),
      reenter,
      actions,
    },
    { requiredKeys: [] },
  );
const ways = (targets: readonly string[], reenter: fc.Arbitrary<boolean>) =>
  fc.dictionary(fc.constantFrom(...EVENTS), fc.array(way(targets, reenter), { minLength: 1, maxLength: 3 }), {
    maxKeys: 3,
  });
const stateConfig = fc.record(
  {
    entry: actions,
    exit: actions,
    on: ways(states, fc.boolean()),
    after: fc.record({
      pause: fc.record({ target: fc.constantFrom(...states), reenter: fc.constant(true), actions }),
    }),
  },
  { requiredKeys: [] },
);
const machineConfig = fc.record({
  entry: actions,
  on: ways(
    states.map((name) => `.${name}`),
    fc.constant(false),
  ),
  initial: fc.constantFrom(...states),
  states: fc.record({
    s0: stateConfig,
    s1: stateConfig,
    s2: stateConfig,
    last: fc.record({ type: fc.constant('final' as const), entry: actions }),
  }),
});
const step = fc.constantFrom(...EVENTS, 'pass' as const);

test('a record goes the way of an actor: states, actions in their order, timers and the end', () => {
  fc.assert(
    fc.property(machineConfig, fc.array(step, { maxLength: 25 }), (config, steps) => {
      const machine = kit.createMachine({
        id: 'any',
        context: { log: [] },
        ...config,
      } as never) as unknown as AnyStateMachine;
      const text = JSON.stringify(config);
      const used = <Word extends string>(words: readonly Word[]) => words.filter((one) => text.includes(one));
      const table = compileMachine(machine, {
        guards: used(GUARDS),
        actions: used(ACTIONS),
        delays: used(vocabulary.delays),
      });
      const record = new OneRecord();
      const { actor, clock } = startInTime(machine, undefined);
      const check = () => {
        const { value, context, status } = actor.getSnapshot() as unknown as {
          value: string;
          context: { log: string[] };
          status: string;
        };
        expect(table.states[record.state]).toBe(value);
        expect(record.log).toEqual(context.log);
        expect(record.ended).toBe(status === 'done');
        expect(record.due === undefined ? 0 : 1).toBe(clock.pending);
      };
      beginRecord(table, record, 0);
      check();
      for (const one of steps) {
        if (record.ended) break;
        if (one === 'pass') {
          record.now += DELAY_MS / 2;
          clock.advance(DELAY_MS / 2);
          if (record.due === record.now) {
            record.due = undefined;
            delayPassed(table, record, 0);
          }
        } else {
          actor.send({ type: one });
          if (table.events.includes(one)) sendToRecord(table, record, 0, eventNumber(table, one));
          else expect(() => eventNumber(table, one)).toThrow(`no event "${one}"`);
        }
        check();
      }
    }),
  );
});

describe('refuses, and names', () => {
  const two = { on: { e0: 'b' } };
  const rest = { b: { type: 'final' } };
  test.each<[string, object, object, string]>([
    [
      'a state in a state',
      {},
      { a: { initial: 'c', states: { c: {} } }, ...rest },
      'state "a": a state of type compound',
    ],
    [
      'regions',
      {},
      { a: { type: 'parallel', states: { c: {}, d: {} } }, ...rest },
      'a state of type parallel',
    ],
    [
      'a root of regions',
      { type: 'parallel', initial: undefined },
      { a: {}, ...rest },
      'a root of type parallel',
    ],
    ['invoked actors', {}, { a: { invoke: { src: 'job' } }, ...rest }, 'state "a": "invoke"'],
    ['an actor of the root', { invoke: { src: 'job' } }, { a: two, ...rest }, 'any: "invoke"'],
    ['eventless transitions', {}, { a: { always: 'b' }, ...rest }, '"always"'],
    [
      'a guard written in place',
      {},
      { a: { on: { e0: { guard: () => true, target: 'b' } } }, ...rest },
      'a guard written in place',
    ],
    ['an action written in place', {}, { a: { entry: () => {} }, ...rest }, 'an action written in place'],
    ['an assign written in place', {}, { a: { exit: assign({}) }, ...rest }, 'an action written in place'],
    [
      'parameters',
      {},
      { a: { entry: { type: 'a0', params: { n: 1 } } }, ...rest },
      'action {"type":"a0","params":{"n":1}}, with parameters',
    ],
    [
      'an unknown action',
      {},
      { a: { entry: 'a3' }, ...rest },
      'the action "a3", which is not in the vocabulary',
    ],
    [
      'an unknown guard',
      {},
      { a: { on: { e0: { guard: 'isThird' } } }, ...rest },
      'the guard "isThird", which is not',
    ],
    ['a delay in numbers', {}, { a: { after: { 5: 'b' } }, ...rest }, 'a delay written in place'],
    ['two delays', {}, { a: { after: { pause: 'b', other: 'b' } }, ...rest }, 'several delays'],
    [
      'a delay with a guard',
      {},
      { a: { after: { pause: { guard: 'isEven', target: 'b' } } }, ...rest },
      'a delay with a guard',
    ],
    [
      'a delay without a target',
      {},
      { a: { after: { pause: { actions: 'a0' } } }, ...rest },
      'a delay without a target',
    ],
    ['a delay of the root', { after: { pause: '.b' } }, { a: two, ...rest }, '"after" of the root'],
    ['a wildcard', {}, { a: { on: { '*': 'b' } }, ...rest }, 'the wildcard event "*"'],
    ['a wildcard at the end', { on: { 'e.*': '.b' } }, { a: two, ...rest }, 'the wildcard event "e.*"'],
    ['what happens when it is done', {}, { a: { ...two, onDone: 'b' }, ...rest }, '"onDone"'],
    ['output', {}, { a: two, b: { type: 'final', output: 1 } }, '"output"'],
    ['output of the root', { output: 1 }, { a: two, ...rest }, 'any: "output"'],
    [
      'exit of a final state',
      {},
      { a: two, b: { type: 'final', exit: 'a0' } },
      'state "b": "exit" of a final state',
    ],
    [
      'a root that is entered anew',
      { on: { e1: { target: '.a', reenter: true } } },
      { a: two, ...rest },
      '"reenter" of the root',
    ],
    ['exit of the root', { exit: 'a0' }, { a: two, ...rest }, '"exit" of the root'],
    [
      'a word that is not used',
      {},
      { a: two, ...rest },
      'the vocabulary has the guard "isEven", which the machine does not use',
    ],
  ])('%s', (_, root, config, message) => {
    const machine = setup({
      actors: { job: fromPromise(async () => {}) },
      guards: { isEven: () => true, isThird: () => true },
      actions: { a0: () => {}, a3: () => {} },
      delays: { pause: 1, other: 2 },
    }).createMachine({
      id: 'any',
      initial: 'a',
      states: config,
      ...root,
    } as never) as unknown as AnyStateMachine;
    const words = { guards: ['isEven'], actions: ['a0'], delays: ['pause'] };
    expect(() => compileMachine(machine, words)).toThrow(
      expect.objectContaining({ code: 'troupe.internal', message: expect.stringContaining(message) }),
    );
  });
});
