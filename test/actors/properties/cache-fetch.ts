/** A fetch as a machine, and the record that stands for it at run time. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type CacheFetchEvent, cacheFetchMachine } from '../../../src/actors/cache-fetch.ts';
import {
  type CacheFetchAction,
  CacheFetchLife,
  cacheFetchEvents,
} from '../../../src/compact/cache-fetch-table.ts';
import { checkMachine, type Observer } from '../../../src/testing/index.ts';

const numbers: Readonly<Record<CacheFetchEvent['type'], number>> = {
  'fetch.kept': cacheFetchEvents.kept,
  'fetch.not-kept': cacheFetchEvents.notKept,
  'fetch.ended': cacheFetchEvents.ended,
  'fetch.broke': cacheFetchEvents.broke,
  'fetch.outgrown': cacheFetchEvents.outgrown,
  'object.purge': cacheFetchEvents.purge,
  'fetch.deserted': cacheFetchEvents.deserted,
  'fetch.abandoned': cacheFetchEvents.abandoned,
};

function observe(): Observer<typeof cacheFetchMachine> {
  const done: CacheFetchAction[] = [];
  const acted: string[] = [];
  let record: CacheFetchLife | undefined;
  let isPurged = false;
  return {
    at({ event, actions, snapshot: { context, value, status } }) {
      record ??= new CacheFetchLife({
        isDeserted: context.readers === 0,
        act: (action) => done.push(action),
      });
      if (event !== undefined) record.send(numbers[event.type]);
      if (event?.type === 'object.purge') isPurged = true;
      acted.push(...actions.map(({ type }) => type));
      expect(record.state).toBe(value);
      expect(record.isOver).toBe(status === 'done');
      expect(done).toEqual(acted);
      if (isPurged) expect(done).not.toContain('keep');
      const decisions = done.filter((action) => action === 'share' || action === 'release');
      expect(decisions.length).toBeLessThanOrEqual(1);
      if (!record.isOver) return;
      const times = (...names: CacheFetchAction[]) => done.filter((action) => names.includes(action)).length;
      expect(times('keep', 'discard'), 'what was stored is kept or taken out').toBe(times('share'));
      expect(times('finish', 'fail', 'stop'), 'it ends one way').toBe(1);
    },
  };
}

export const cacheFetch = {
  invariant:
    'its record does as the machine does, whatever comes, and what is purged or broken is never kept',
  check: () =>
    checkMachine(cacheFetchMachine, {
      input: fc.record({ readers: fc.nat({ max: 1 }) }),
      maxSteps: 8,
      weights: { wait: 0 },
      observe,
    }),
};
