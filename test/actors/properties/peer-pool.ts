/** Load that rises and falls, limits that change, and workers that start, die and end. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { peerPoolMachine } from '../../../src/actors/peer-pool.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { checkMachine, given, type Moment, type Observer } from '../../../src/testing/index.ts';

const limits = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 4 }))
  .map(([min, more]) => ({ min, max: min + more }));

/** One of the workers that there are, whether wanted still or not. */
const worker = given(
  fc.nat({ max: 7 }),
  (which, { snapshot: { context } }: Moment<typeof peerPoolMachine>) => {
    const all = [...context.threads, ...context.leaving];
    const thread = all[which % Math.max(1, all.length)];
    return thread === undefined ? undefined : { thread };
  },
);

function observe(): Observer<typeof peerPoolMachine> {
  /** By number: whether it has been told to end. */
  const workers = new Map<number, boolean>();
  const started = new Set<number>();
  let isClosed = false;
  return {
    at({ event, emitted, snapshot: { context, status } }) {
      if (event?.type === 'worker.started') started.add(event.thread);
      if (event?.type === 'worker.died' || event?.type === 'worker.ended') started.delete(event.thread);
      expect(new Set(context.started), 'those that take operations').toEqual(started);
      if (event?.type === 'peer.closed') isClosed = true;
      for (const { type, thread } of emitted) {
        if (type === 'worker.wanted') {
          expect(workers.has(thread), 'a number is given once').toBe(false);
          expect(isClosed, 'none is wanted of a closed pool').toBe(false);
          workers.set(thread, false);
        } else {
          expect(workers.get(thread), 'told to end once, and only if it was wanted').toBe(false);
          workers.set(thread, true);
        }
      }
      const wanted = [...workers.values()].filter((isLeaving) => !isLeaving).length;
      if (status === 'active' && !isClosed) {
        expect(wanted).toBeGreaterThanOrEqual(context.min);
        expect(wanted).toBe(context.threads.length);
      }
      if (isClosed) expect(wanted).toBe(0);
    },
    atEnd(last, machine) {
      let moment = machine.send(last, { type: 'peer.closed' });
      for (const thread of moment.snapshot.context.leaving) {
        expect(machine.isOver(moment), 'it waits for all of them').toBe(false);
        moment = machine.send(moment, { type: 'worker.ended', thread });
      }
      expect(moment.snapshot.value).toBe('closed');
    },
  };
}

export const peerPool = {
  invariant:
    'there are never fewer workers than the minimum, each is told to end at most once, and it closes when the last has ended',
  check: () =>
    checkMachine(peerPoolMachine, {
      input: limits.map((one) => ({ config: configKeyOf('boot', 1), peer: 'neighbour', ...one })),
      events: {
        'peer.threads-set': limits,
        'peer.load': given(
          fc.record({ pending: fc.nat({ max: 10 }), busy: fc.nat({ max: 8 }) }),
          ({ pending, busy }, { snapshot: { context } }) => ({
            pending,
            busy: context.started.slice(0, busy),
          }),
        ),
        'worker.started': worker,
        'worker.died': worker,
        'worker.ended': given(fc.nat({ max: 7 }), (which, { snapshot: { context } }) => {
          const thread = context.leaving[which % Math.max(1, context.leaving.length)];
          return thread === undefined ? undefined : { thread };
        }),
      },
      weights: { 'peer.closed': 0.1, 'peer.load': 3 },
      observe,
    }),
};
