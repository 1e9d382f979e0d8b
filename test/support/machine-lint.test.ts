/** The lint itself: each mistake that the compiler lets pass is found. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { lintMachine } from './machine-lint.ts';

type Event = { type: 'door.opened' } | { type: 'door.closed' };

const parts = setup({ types: { events: {} as Event }, delays: { patience: 10 } });
const opened = { target: 'open', description: 'Somebody came.' } as const;
const closed = { target: 'shut', description: 'Somebody left.' } as const;

test('accepts a machine that says everything', () => {
  const machine = parts.createMachine({
    description: 'A door.',
    initial: 'shut',
    states: {
      shut: { description: 'Nobody comes in.', on: { 'door.opened': opened } },
      open: {
        description: 'Anybody comes in.',
        on: { 'door.closed': closed },
        after: { patience: { target: 'shut', description: 'Closes by itself.' } },
      },
    },
  });
  lintMachine(machine, ['door.opened', 'door.closed']);
});

test('finds an event that is handled nowhere', () => {
  const machine = parts.createMachine({
    description: 'A door.',
    initial: 'open',
    states: { open: { description: 'Open.', on: { 'door.opened': opened } } },
  });
  expect(() => lintMachine(machine, ['door.opened', 'door.closed'])).toThrow(/declared union/);
});

test('finds a delay without implementation', () => {
  const machine = parts.createMachine({
    description: 'A door.',
    initial: 'shut',
    states: {
      shut: { description: 'Shut.', on: { 'door.opened': opened } },
      open: {
        description: 'Open.',
        on: { 'door.closed': closed },
        after: { patiense: { target: 'shut', description: 'Closes by itself.' } },
      },
    },
  });
  expect(() => lintMachine(machine, ['door.opened', 'door.closed'])).toThrow(/delay of `after`/);
});

test('finds a state and a transition that say nothing', () => {
  const dumbState = parts.createMachine({
    description: 'A door.',
    initial: 'shut',
    states: {
      shut: { on: { 'door.opened': opened } },
      open: { description: 'Open.', on: { 'door.closed': closed } },
    },
  });
  expect(() => lintMachine(dumbState, ['door.opened', 'door.closed'])).toThrow(/description of state/);
  const dumbTransition = parts.createMachine({
    description: 'A door.',
    initial: 'shut',
    states: {
      shut: { description: 'Shut.', on: { 'door.opened': 'open' } },
      open: { description: 'Open.', on: { 'door.closed': closed } },
    },
  });
  expect(() => lintMachine(dumbTransition, ['door.opened', 'door.closed'])).toThrow(
    /description of door.opened/,
  );
});

test('finds a state that nothing leads to', () => {
  const machine = parts.createMachine({
    description: 'A door.',
    initial: 'shut',
    states: {
      shut: { description: 'Shut.', on: { 'door.opened': opened } },
      open: { description: 'Open.', on: { 'door.closed': closed } },
      ajar: { description: 'Nobody knows how.' },
    },
  });
  expect(() => lintMachine(machine, ['door.opened', 'door.closed'])).toThrow(/nothing leads to/);
});
