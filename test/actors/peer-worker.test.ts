import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type EventFromLogic, initialTransition, transition } from 'xstate';
import { type PeerWorkerEmitted, peerWorkerMachine } from '../../src/actors/peer-worker.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { lintMachine } from '../support/machine-lint.ts';

type Event = EventFromLogic<typeof peerWorkerMachine>;
const input = { config: configKeyOf('boot', 1), peer: 'neighbour', thread: 1 };
const started: Event = { type: 'peer.thread-started' };
const died: Event = { type: 'peer.thread-ended', reason: 'it died' };
const unwanted: Event = { type: 'worker.unwanted' };
const rested = { type: 'xstate.after.rest.peerWorker.resting' } as unknown as Event;

/** Where a worker comes to, and what it says on its way. */
function come(...events: Event[]) {
  const said: string[] = [];
  const take = (actions: readonly { type: string; params?: unknown }[]) => {
    for (const { type, params } of actions) {
      if (type === 'xstate.emit') said.push((params as { event: PeerWorkerEmitted }).event.type);
    }
  };
  let [snapshot, actions] = initialTransition(peerWorkerMachine, input);
  take(actions);
  for (const event of events) {
    [snapshot, actions] = transition(peerWorkerMachine, snapshot, event);
    take(actions);
  }
  return { state: snapshot.value, said };
}

test('hears what it declares', () => {
  lintMachine(peerWorkerMachine, [
    'worker.unwanted',
    'peer.thread-started',
    'peer.thread-ended',
    'actor.restored',
  ]);
});

test('asks for a thread, and says when that takes operations', () => {
  expect(come(started)).toEqual({ state: 'working', said: ['thread.wanted', 'worker.started'] });
});

test('replaces a thread that dies at work at once', () => {
  const { state, said } = come(started, died);
  expect(state).toBe('starting');
  expect(said.slice(2)).toEqual(['worker.died', 'thread.wanted']);
});

test('pauses before it tries again to start one that could not', () => {
  expect(come(died)).toEqual({ state: 'resting', said: ['thread.wanted', 'worker.died'] });
  expect(come(died, rested).said.at(-1)).toBe('thread.wanted');
  expect(come(died, { type: 'actor.restored' }).state).toBe('starting');
});

test('ends when its thread has ended', () => {
  expect(come(started, unwanted).said.at(-1)).toBe('thread.unwanted');
  expect(come(started, unwanted, died)).toMatchObject({ state: 'ended' });
  expect(come(died, unwanted).said).toEqual(['thread.wanted', 'worker.died', 'worker.ended']);
});

property.prop([fc.array(fc.constantFrom(started, died, rested, unwanted), { maxLength: 30 })])(
  'never asks for a thread while it has one, and for none once it is unwanted',
  (events) => {
    let isWanted = true;
    let has = 0;
    for (let i = 0; i <= events.length; i++) {
      const { state, said } = come(...events.slice(0, i));
      const wanted = said.filter((type) => type === 'thread.wanted').length;
      if (!isWanted) expect(wanted).toBe(has);
      has = wanted;
      if (events[i]?.type === 'worker.unwanted') isWanted = false;
      if (state === 'ended') expect(said.filter((type) => type === 'worker.ended')).toHaveLength(1);
    }
  },
);
