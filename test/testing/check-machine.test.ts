/** Checking a machine as a user does: what is found, how it is told, and that a right machine passes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, emit, setup } from 'xstate';
import { checkMachine, given } from '../../src/testing/index.ts';

type Event = { type: 'coin.inserted'; cents: number } | { type: 'arm.pushed' } | { type: 'coin.returned' };

/** A turnstile that lets one person pass for 100 cents, and locks again after 5 s. */
const turnstile = setup({
  types: {
    context: {} as { readonly credit: number; readonly paid: number; readonly passed: number },
    events: {} as Event,
    emitted: {} as { type: 'passed' },
  },
  delays: { patience: 5_000 },
  guards: {
    isEnough: ({ context, event }) => event.type === 'coin.inserted' && context.credit + event.cents >= 100,
  },
  actions: {
    take: assign(({ context, event }) =>
      event.type === 'coin.inserted'
        ? { credit: context.credit + event.cents, paid: context.paid + event.cents }
        : {},
    ),
    charge: assign(({ context }) => ({ credit: context.credit - 100, passed: context.passed + 1 })),
    forfeit: assign({ credit: 0 }),
  },
}).createMachine({
  id: 'turnstile',
  context: { credit: 0, paid: 0, passed: 0 },
  initial: 'locked',
  states: {
    locked: {
      on: {
        'coin.inserted': [{ guard: 'isEnough', target: 'unlocked', actions: 'take' }, { actions: 'take' }],
        'coin.returned': { actions: 'forfeit' },
      },
    },
    unlocked: {
      after: { patience: { target: 'locked', actions: 'forfeit' } },
      on: {
        'coin.inserted': { actions: 'take' },
        'arm.pushed': { target: 'locked', actions: ['charge', emit({ type: 'passed' })] },
      },
    },
  },
});

const events = { 'coin.inserted': fc.record({ cents: fc.constantFrom(10, 50, 100, 200) }) };

test('what holds is checked at each moment of each run, and all of the machine is reached', () => {
  const { coverage, runs } = checkMachine(turnstile, {
    events,
    invariants: {
      'nobody passes for less than 100 cents': ({ snapshot: { context } }) =>
        context.paid >= 100 * context.passed,
    },
  });
  expect(runs).toBeGreaterThan(100);
  expect(coverage.missed).toEqual([]);
  coverage.assertComplete();
});

test('what does not hold is shrunk, and told as a story with the way to repeat it', () => {
  const check = () =>
    checkMachine(turnstile, {
      events,
      parameters: { seed: 7 },
      tries: 0,
      invariants: { 'credit is never above 250 cents': ({ snapshot }) => snapshot.context.credit <= 250 },
    });
  expect(check).toThrowErrorMatchingInlineSnapshot(`
    [Error: turnstile: Does not hold: credit is never above 250 cents

    0 ms  (start)                      locked
    0 ms  coin.inserted {"cents":10}   locked
    0 ms  coin.inserted {"cents":50}   locked
    0 ms  coin.inserted {"cents":200}  locked → unlocked

    Property failed after 8 tests
    { seed: 7, path: "7:2:1:8:16:17:6", endOnFailure: true }
    Counterexample: [{"input":undefined,"steps":[coin.inserted {"cents":10},coin.inserted {"cents":50},coin.inserted {"cents":200}]}]
    Shrunk 6 time(s)

    Hint: Enable verbose mode in order to have the list of all failing values encountered during the run]
  `);
});

test('a payload may depend on the moment', () => {
  checkMachine(turnstile, {
    events: {
      'coin.inserted': given(fc.constantFrom(10, 100), (cents, { snapshot, now }) =>
        snapshot.context.credit > 300 || now < 0 ? undefined : { cents },
      ),
    },
    invariants: { 'credit stays below 401': ({ snapshot }) => snapshot.context.credit <= 400 },
  });
});
