import { describe, expect, test } from 'vitest';
import { and, createMachine, not, or, stateIn } from 'xstate';
import { machineWords } from '../../src/diagram/machine-words.ts';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { chartOf, statesOf } from '../../src/diagram/state-chart.ts';

/** The words on the transitions of a machine with one state. */
function said(on: object, after: object = {}, delays: Record<string, number> = {}): string[] {
  const machine = createMachine({ id: 'one', on, after } as object).provide({ delays } as never);
  return chartOf(machine).root.transitions.map(({ cause, condition }) =>
    [cause, condition].filter(Boolean).join(' '),
  );
}

describe('words for transitions', () => {
  test.each([
    ['isLastStraw', 'go when last straw'],
    ['readsHTTPHeaders', 'go when reads http headers'],
    ['a b', 'go when a b'],
    [{ type: 'isFull', params: { x: 1 } }, 'go when full'],
    [not('isFull'), 'go when not full'],
    [and(['isFull', not('isOpen')]), 'go when full and not open'],
    [and(['isFull', or(['isOpen', 'isNew'])]), 'go when full and (open or new)'],
    [stateIn('#one'), 'go when in #one'],
    [() => true, 'go when a condition holds'],
  ])('%o', (guard, words) => {
    expect(said({ go: { guard } })).toEqual([words]);
  });

  test('say what happens otherwise', () => {
    expect(said({ go: [{ guard: 'isFull' }, { actions: 'x' }] })).toEqual(['go when full', 'go otherwise']);
  });

  test('say any other event', () => {
    expect(said({ '*': { actions: 'x' } })).toEqual(['any other event']);
  });

  test('say delays with their units, or by their names', () => {
    const after = {
      500: { actions: 'x' },
      90000: { actions: 'x' },
      shortPause: { actions: 'x' },
      rest: { actions: 'x' },
    };
    expect(said({}, after, { rest: 1500 })).toEqual([
      'after 500 ms',
      'after 90 s',
      'after short pause',
      'after 1.5 s',
    ]);
  });
});

test.each(Object.values(ownMachines).map((machine) => [machine.id, machine] as const))(
  'each guard of %s has words, and none has that is no more',
  (id, machine) => {
    const words = Object.keys(machineWords[id]?.guards ?? {});
    expect(words.toSorted()).toEqual(Object.keys(machine.implementations.guards).toSorted());
  },
);

test.each(Object.values(ownMachines).map((machine) => [machine.id, machine] as const))(
  'no words of %s are for a delay that is no more',
  (id, machine) => {
    const names = statesOf(chartOf(machine).root).flatMap(({ transitions }) =>
      transitions.flatMap(({ trigger }) => (trigger.kind === 'after' ? [trigger.name] : [])),
    );
    for (const delay of Object.keys(machineWords[id]?.delays ?? {})) expect(names).toContain(delay);
  },
);

test('no words are for a machine that is no more', () => {
  const ids = Object.values(ownMachines).map(({ id }) => id);
  for (const id of Object.keys(machineWords)) expect(ids).toContain(id);
});
