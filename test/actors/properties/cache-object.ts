/** A stored answer as a machine, and the record that stands for it at run time: the same, whatever happens to both. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { cacheObjectMachine } from '../../../src/actors/cache-object.ts';
import { endsOf, ObjectLife } from '../../../src/proxy/cache/object-life.ts';
import { checkMachine, given, type Observer } from '../../../src/testing/index.ts';

/** What an answer says of itself; `age`: how old it was when it came. Milliseconds. */
const terms = fc.record({
  ttl: fc.integer({ min: -20, max: 100 }),
  grace: fc.nat({ max: 50 }),
  keep: fc.nat({ max: 50 }),
  age: fc.nat({ max: 30 }),
});

function deadlines(
  { ttl, grace, keep, age }: { ttl: number; grace: number; keep: number; age: number },
  at: number,
) {
  return { ...endsOf({ origin: at - age, ttl, grace, keep }), at };
}

function observe(): Observer<typeof cacheObjectMachine> {
  let life = new ObjectLife({ freshUntil: 0, graceUntil: 0, keepUntil: 0 });
  return {
    at({ now, event, timers, snapshot: { context, value, status } }, before) {
      if (before === undefined || event?.type === 'object.freshened') life = new ObjectLife(context);
      if (event?.type === 'object.expire' && before?.snapshot.value === 'fresh') life.expire(now);
      const isRemoved = event?.type === 'object.purge' || event?.type === 'object.evict';
      if (isRemoved) expect({ value, status }).toEqual({ value: 'removed', status: 'done' });
      // What is due now has its turn next.
      else if (timers[0]?.due !== now) expect(life.stage(now)).toBe(value);
    },
  };
}

export const cacheObject = {
  invariant: 'the record is in the state of the machine, whatever happens to both',
  check: () =>
    checkMachine(cacheObjectMachine, {
      input: terms.map((one) => deadlines(one, 0)),
      events: {
        'object.freshened': given(terms, (one, { now }) => deadlines(one, now)),
        // The record, which has no timers, knows at once what the machine learns in its next turn.
        'object.expire': given(fc.constant({}), (_, { now, timers }) =>
          timers[0]?.due === now ? undefined : { at: now },
        ),
      },
      weights: { wait: 4, 'object.purge': 0.2, 'object.evict': 0.2 },
      observe,
    }),
};
