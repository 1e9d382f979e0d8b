/** Threads that start, fail to, and die, for a worker that may not be wanted any more. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { peerWorkerMachine } from '../../../src/actors/peer-worker.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { checkMachine, type Observer } from '../../../src/testing/index.ts';

function observe(): Observer<typeof peerWorkerMachine> {
  let isWanted = true;
  /** Asked for, and not ended yet. */
  let threads = 0;
  let ended = 0;
  return {
    at({ event, emitted, snapshot: { status } }, before) {
      const isOver = before?.snapshot.status === 'done';
      if (event?.type === 'peer.thread-ended' && threads > 0) threads--;
      if (event?.type === 'worker.unwanted') isWanted = false;
      for (const { type } of emitted) {
        expect(isOver, 'says nothing once it has ended').toBe(false);
        if (type === 'thread.wanted') {
          threads++;
          expect(isWanted, 'asks for no thread once it is unwanted').toBe(true);
          expect(threads, 'one thread at a time').toBe(1);
        }
        if (type === 'worker.ended') ended++;
      }
      expect(ended).toBe(status === 'done' ? 1 : 0);
    },
    atEnd(last, machine) {
      let moment = machine.send(last, { type: 'worker.unwanted' });
      if (threads > 0) moment = machine.send(moment, { type: 'peer.thread-ended', reason: undefined });
      expect(moment.snapshot.value, 'ends with its thread').toBe('ended');
    },
  };
}

export const peerWorker = {
  invariant: 'never asks for a thread while it has one, and for none once it is unwanted; then it ends',
  check: () =>
    checkMachine(peerWorkerMachine, {
      input: fc.constant({ config: configKeyOf('boot', 1), peer: 'neighbour', thread: 1 }),
      events: { 'peer.thread-ended': fc.record({ reason: fc.constantFrom('it died', undefined) }) },
      weights: { 'worker.unwanted': 0.3, 'peer.thread-ended': 2 },
      observe,
    }),
};
