/** The life of a stored answer. That the record which stands for it at run time does the same: properties/cache-object.ts. */
import { expect, test } from 'vitest';
import { cacheObjectMachine } from '../../src/actors/cache-object.ts';
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
