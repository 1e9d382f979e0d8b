/** The life of a stored answer, and the record that stands for it at run time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cacheObjectMachine } from '../../src/actors/cache-object.ts';
import { ObjectLife } from '../../src/proxy/cache/object-life.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { lintMachine } from '../support/machine-lint.ts';

test('says all that the compiler does not see', () => {
  lintMachine(cacheObjectMachine, ['object.freshened', 'object.expire', 'object.purge', 'object.evict']);
});

test('is fresh, then graced, then kept, then of no use', () => {
  const input = { freshUntil: 10, graceUntil: 15, keepUntil: 35, at: 0 };
  const { actor, clock } = startInTime(cacheObjectMachine, input);
  const seen = [9, 1, 4, 1, 19, 1].map((ms) => {
    clock.advance(ms);
    return actor.getSnapshot().value;
  });
  expect(seen).toEqual(['fresh', 'graced', 'graced', 'kept', 'kept', 'expired']);
});

test.each(['object.purge', 'object.evict'] as const)('%s ends it at once', (type) => {
  const { actor, clock } = startInTime(cacheObjectMachine, {
    freshUntil: 10,
    graceUntil: 15,
    keepUntil: 35,
    at: 0,
  });
  actor.send({ type });
  expect(actor.getSnapshot()).toMatchObject({ value: 'removed', status: 'done' });
  expect(clock.pending).toBe(0);
});

const terms = fc.record({
  ttl: fc.integer({ min: -20, max: 100 }),
  grace: fc.nat({ max: 50 }),
  keep: fc.nat({ max: 50 }),
  /** How old it was when it came. */
  age: fc.nat({ max: 30 }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('freshen' as const), terms }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
);

test('the record is in the state of the machine, whatever happens to both', () => {
  fc.assert(
    fc.property(terms, fc.array(step, { maxLength: 30 }), (first, steps) => {
      const life = new ObjectLife();
      const begin = ({ age, ...rest }: typeof first, now: number) => {
        life.begin({ origin: now - age, ...rest });
        const { freshUntil, graceUntil, keepUntil } = life;
        return { freshUntil, graceUntil, keepUntil, at: now };
      };
      const { actor, clock } = startInTime(cacheObjectMachine, begin(first, 0));
      for (const one of steps) {
        clock.advance(0);
        const { value, status } = actor.getSnapshot();
        expect(life.stage(clock.now())).toBe(value);
        if (status === 'done') return;
        const at = clock.now();
        if (one.do === 'pass') clock.advance(one.ms);
        else if (one.do === 'freshen') actor.send({ type: 'object.freshened', ...begin(one.terms, at) });
        else {
          life.expire(at);
          actor.send({ type: 'object.expire', at });
        }
      }
    }),
  );
});
