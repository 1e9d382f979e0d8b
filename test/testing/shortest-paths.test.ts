/** The shortest way to each state and transition, in simulated time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { Coverage, MachineInTime, play, shortestPaths } from '../../src/testing/index.ts';
import { coins, turnstile } from '../support/turnstile.ts';

/** What the steps of each way are, as a counterexample would show them. */
function ways(paths: ReturnType<typeof shortestPaths>): Record<string, string> {
  return Object.fromEntries(
    [...paths].map(([name, { steps }]) => [name, steps.map((step) => fc.stringify(step)).join(', ')]),
  );
}

test('every state and transition is reached by the fewest steps', () => {
  expect(ways(shortestPaths(turnstile, { events: coins }))).toEqual({
    locked: '',
    unlocked: 'coin.inserted {"cents":100}',
    'locked: coin.inserted [isEnough] → unlocked': 'coin.inserted {"cents":100}',
    'locked: coin.inserted stays': 'coin.inserted {"cents":10}',
    'locked: coin.returned stays': 'coin.returned',
    'unlocked: coin.inserted stays': 'coin.inserted {"cents":100}, coin.inserted {"cents":10}',
    'unlocked: arm.pushed → locked': 'coin.inserted {"cents":100}, arm.pushed',
    'unlocked: after patience → locked': 'coin.inserted {"cents":100}, wait until due',
  });
});

test('each way leads where it should, when it is gone', () => {
  const machine = new MachineInTime(turnstile);
  for (const [name, timeline] of shortestPaths(turnstile, { events: coins })) {
    const last = [...play(machine, timeline)].at(-1);
    expect([...(last?.entered ?? []), ...(last?.taken ?? [])]).toContain(name);
  }
});

test('a timer that another one always forestalls leads nowhere', () => {
  const machine = setup({}).createMachine({
    initial: 'a',
    states: { a: { after: { 10: 'b', 20: 'c' } }, b: {}, c: {} },
  });
  const found = shortestPaths(machine, {});
  expect([...found.keys()]).toEqual(['a', 'b', 'a: after 10 → b']);
  const coverage = new Coverage(machine);
  const inTime = new MachineInTime(machine);
  for (const timeline of found.values()) for (const moment of play(inTime, timeline)) coverage.add(moment);
  expect(coverage.missed).toEqual(['c', 'a: after 20 → c']);
});

test('what depends on the context is found, too, where it is near', () => {
  const machine = setup({
    types: { context: {} as { readonly n: number }, events: {} as { type: 'up' } | { type: 'check' } },
    guards: { isThree: ({ context }) => context.n === 3 },
  }).createMachine({
    context: { n: 0 },
    initial: 'counting',
    states: {
      counting: {
        on: {
          up: { actions: assign({ n: ({ context }) => context.n + 1 }) },
          check: { guard: 'isThree', target: 'three' },
        },
      },
      three: {},
    },
  });
  expect(ways(shortestPaths(machine, {}))['three']).toBe('up, up, up, check');
});

test('the input decides, too', () => {
  const machine = setup({
    types: {
      context: {} as { readonly size: number },
      input: {} as { size: number },
      events: {} as { type: 'go' },
    },
  }).createMachine({
    context: ({ input }) => input,
    initial: 'begin',
    states: {
      begin: {
        on: { go: [{ guard: ({ context }) => context.size > 90, target: 'large' }, { target: 'small' }] },
      },
      large: {},
      small: {},
    },
  });
  const found = shortestPaths(machine, { input: fc.record({ size: fc.nat(100) }) });
  expect(found.get('large')?.input.size).toBeGreaterThan(90);
  expect(found.get('small')?.input.size).toBeLessThanOrEqual(90);
});
