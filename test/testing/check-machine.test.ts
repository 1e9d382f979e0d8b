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

/** What `check` throws. */
function failureOf(check: () => unknown): Error {
  try {
    check();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It found nothing.');
}

test('what does not hold is shrunk, told as a story, and found again by seed and path', () => {
  const check = (parameters: object) =>
    failureOf(() =>
      checkMachine(turnstile, {
        events,
        parameters,
        tries: 0,
        invariants: {
          'credit is never above 250 cents': ({ snapshot }) => snapshot.context.credit <= 250,
          'nobody passes': ({ emitted }) => emitted.length === 0,
        },
      }),
    );
  const { message } = check({ seed: 7, numRuns: 1_000 });
  expect(message).toMatch(/^turnstile: Does not hold: (credit is never above 250 cents|nobody passes)\n/);
  const [, story = '', report = ''] = message.split('\n\n');
  const lines = story.split('\n');
  expect(lines[0]).toMatch(/^0 ms {2}\(start\) +locked$/);
  expect(lines[1]).toMatch(/^0 ms {2}coin\.inserted \{"cents":\d+\} +locked( → unlocked)?$/);
  // Too much needs two or three coins, passing two or three steps.
  expect(lines.length).toBeLessThanOrEqual(4);
  expect(report).toMatch(/^Property failed after \d+ tests\n\{ seed: 7, path: "[\d:]+"/);

  const [, path = ''] = /path: "([\d:]+)"/.exec(report) ?? [];
  const again = check({ seed: 7, path, endOnFailure: true });
  expect(again.message.split('\n\n')[1]).toBe(story);
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
