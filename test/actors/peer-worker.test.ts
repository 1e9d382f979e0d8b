import { expect, test } from 'vitest';
import type { EventFromLogic } from 'xstate';
import { peerWorkerMachine } from '../../src/actors/peer-worker.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { MachineInTime } from '../../src/testing/index.ts';
import { lintMachine } from '../support/machine-lint.ts';

type Event = EventFromLogic<typeof peerWorkerMachine>;
const input = { config: configKeyOf('boot', 1), peer: 'neighbour', thread: 1 };
const started: Event = { type: 'peer.thread-started' };
const died: Event = { type: 'peer.thread-ended', reason: 'it died' };
const unwanted: Event = { type: 'worker.unwanted' };

const worker = new MachineInTime(peerWorkerMachine);

/** Where a worker comes to, and what it says on its way. */
function come(...events: (Event | 'rest')[]) {
  const moments = [worker.start(input)];
  for (const event of events) {
    const last = moments.at(-1) ?? worker.start(input);
    moments.push(...(event === 'rest' ? worker.advance(last, last.now + 1_000) : [worker.send(last, event)]));
  }
  return {
    state: moments.at(-1)?.snapshot.value,
    said: moments.flatMap(({ emitted }) => emitted.map(({ type }) => type)),
  };
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
  expect(come(died, 'rest').said.at(-1)).toBe('thread.wanted');
  expect(come(died, { type: 'actor.restored' }).state).toBe('starting');
});

test('ends when its thread has ended', () => {
  expect(come(started, unwanted).said.at(-1)).toBe('thread.unwanted');
  expect(come(started, unwanted, died)).toMatchObject({ state: 'ended' });
  expect(come(died, unwanted).said).toEqual(['thread.wanted', 'worker.died', 'worker.ended']);
});
