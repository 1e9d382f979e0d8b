/** An object that is denied again and again, and let go. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { saintEntryMachine } from '../../../src/actors/saint-entry.ts';
import { identityOf } from '../../../src/identity.ts';
import { checkMachine, given, type Observer } from '../../../src/testing/index.ts';

const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });

function observe(): Observer<typeof saintEntryMachine> {
  let latest = Number.NEGATIVE_INFINITY;
  let isLetGo = false;
  let unlistedAt: number | undefined;
  return {
    at({ now, event, emitted, timers, snapshot: { context, value } }, before) {
      if (before === undefined) latest = context.deadline;
      if (event?.type === 'saint.denied') latest = Math.max(latest, event.deadline);
      else if (event !== undefined && !event.type.startsWith('xstate.')) isLetGo = true;
      const says = emitted.map(({ type }) => type);
      expect(says.includes('saint.listed')).toBe(before === undefined);
      expect(says.includes('saint.lifted')).toBe(event?.type === 'saint.lift');
      if (says.includes('saint.unlisted')) {
        expect(unlistedAt, 'once').toBeUndefined();
        unlistedAt = now;
        if (!isLetGo) expect(now).toBe(Math.max(0, latest));
      }
      // What is due now has its turn next.
      const isListed = !isLetGo && (now < latest || timers.length > 0);
      expect(value).toBe(isListed ? 'listed' : isLetGo ? 'lifted' : 'expired');
      expect(timers).toHaveLength(isListed ? 1 : 0);
    },
    atEnd(last, machine) {
      const end = machine.advance(last, last.now + 100_000).at(-1);
      expect(end?.snapshot.status, 'it ends, whatever was denied').toBe('done');
    },
  };
}

export const saintEntry = {
  invariant: 'is listed exactly until the latest deadline, or until it is let go, and says so once',
  check: () =>
    checkMachine(saintEntryMachine, {
      input: fc.record({
        identity: fc.constant(identity),
        object: fc.constant('abc123'),
        deadline: fc.integer({ min: -5, max: 300 }),
        at: fc.constant(0),
      }),
      events: {
        'saint.denied': given(fc.integer({ min: -10, max: 500 }), (ttl, { now }) => ({
          deadline: now + ttl,
          at: now,
        })),
      },
      weights: { 'saint.denied': 6, 'saint.lift': 0.2, 'saint.displaced': 0.2, 'backend.retired': 0.2 },
      waits: fc.nat({ max: 200 }),
      observe,
    }),
};
