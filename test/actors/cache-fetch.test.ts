/** One fetch for many: what becomes of it, of those who wait, and of what has come. */
import { expect, test } from 'vitest';
import { type CacheFetchEvent, cacheFetchMachine } from '../../src/actors/cache-fetch.ts';
import {
  type CacheFetchAction,
  CacheFetchLife,
  cacheFetchEvents,
} from '../../src/compact/cache-fetch-table.ts';
import { allOf, lintMachine } from '../support/machine-lint.ts';

type EventName = CacheFetchEvent['type'];
const names = allOf<EventName>()([
  'fetch.kept',
  'fetch.not-kept',
  'fetch.ended',
  'fetch.broke',
  'fetch.outgrown',
  'object.purge',
  'fetch.deserted',
  'fetch.abandoned',
]);
const numbers: Record<EventName, number> = {
  'fetch.kept': cacheFetchEvents.kept,
  'fetch.not-kept': cacheFetchEvents.notKept,
  'fetch.ended': cacheFetchEvents.ended,
  'fetch.broke': cacheFetchEvents.broke,
  'fetch.outgrown': cacheFetchEvents.outgrown,
  'object.purge': cacheFetchEvents.purge,
  'fetch.deserted': cacheFetchEvents.deserted,
  'fetch.abandoned': cacheFetchEvents.abandoned,
};

function life(readers: number) {
  const done: CacheFetchAction[] = [];
  const record = new CacheFetchLife({ isDeserted: readers === 0, act: (action) => done.push(action) });
  const send = (...events: EventName[]) => {
    for (const event of events) record.send(numbers[event]);
    return { state: record.state, done };
  };
  return { record, done, send };
}

test('says all that the compiler does not see', () => {
  lintMachine(cacheFetchMachine, names);
});

test.each([
  [1, ['fetch.kept', 'fetch.ended'], 'stored', ['share', 'keep', 'finish']],
  [0, ['fetch.kept', 'fetch.ended'], 'stored', ['share', 'keep', 'finish']],
  // Nobody is there any more: what may be kept is worth fetching to its end.
  [
    0,
    ['fetch.deserted', 'fetch.kept', 'fetch.deserted', 'fetch.ended'],
    'stored',
    ['share', 'keep', 'finish'],
  ],
  [0, ['fetch.deserted', 'fetch.abandoned'], 'stopped', ['stop']],
  [1, ['fetch.not-kept', 'fetch.ended'], 'done', ['remember', 'release', 'finish']],
  [0, ['fetch.not-kept'], 'stopped', ['remember', 'release', 'stop']],
  [1, ['fetch.broke'], 'failed', ['fail']],
  [1, ['fetch.kept', 'fetch.broke'], 'failed', ['share', 'discard', 'fail']],
  [1, ['object.purge', 'fetch.kept', 'fetch.ended'], 'done', ['release', 'finish']],
  [0, ['object.purge', 'fetch.kept'], 'stopped', ['release', 'stop']],
  [1, ['fetch.kept', 'object.purge', 'fetch.ended'], 'done', ['share', 'discard', 'finish']],
  [0, ['fetch.kept', 'object.purge'], 'stopped', ['share', 'discard', 'stop']],
  [
    1,
    ['fetch.kept', 'fetch.outgrown', 'fetch.deserted'],
    'stopped',
    ['share', 'discard', 'remember', 'stop'],
  ],
] as const)('with %i readers: %j is %s', (readers, events, state, done) => {
  expect(life(readers).send(...events)).toEqual({ state, done });
});
