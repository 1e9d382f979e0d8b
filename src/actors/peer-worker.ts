/**
 * Peer worker: one place of a peer's pool for a worker thread, which it keeps filled.
 *
 *   starting --started--> working --died--> starting        starting --died--> resting --(1 s)--> starting
 *   starting, working --unwanted--> ending --ended--> ended           resting --unwanted--> ended
 *
 * A thread that dies at work is replaced at once: what killed it went with it. One that cannot even start would
 * do so for ever, so that is tried once a second.
 */
import { emit, setup } from 'xstate';
import type { ConfigKey } from '../config-key.ts';

export type PeerWorkerCommand = { readonly type: 'worker.unwanted' };

export type PeerWorkerReply =
  | { readonly type: 'peer.thread-started' }
  /** `reason`: why, if nobody told it to. */
  | { readonly type: 'peer.thread-ended'; readonly reason: string | undefined }
  /** It failed and was replaced: its timer is lost. */
  | { readonly type: 'actor.restored' };

interface OfThread {
  readonly config: ConfigKey;
  readonly peer: string;
  readonly thread: number;
}

export type PeerWorkerEmitted = OfThread & {
  readonly type:
    | 'thread.wanted'
    | 'thread.unwanted'
    /** It takes operations. */
    | 'worker.started'
    /** Its thread ended by itself; another takes its place. */
    | 'worker.died'
    | 'worker.ended';
};

export type PeerWorkerInput = OfThread;

/** Milliseconds. */
const THREAD_REST_MS = 1_000;

const say = (context: OfThread, type: PeerWorkerEmitted['type']): PeerWorkerEmitted => ({
  type,
  config: context.config,
  peer: context.peer,
  thread: context.thread,
});

/** The chart alone: what is drawn, and tested without effects. */
export const peerWorkerMachine = setup({
  types: {
    context: {} as OfThread,
    events: {} as PeerWorkerCommand | PeerWorkerReply,
    emitted: {} as PeerWorkerEmitted,
    input: {} as PeerWorkerInput,
  },
  delays: { rest: THREAD_REST_MS },
  actions: {
    askForThread: emit(({ context }): PeerWorkerEmitted => say(context, 'thread.wanted')),
    askToEnd: emit(({ context }): PeerWorkerEmitted => say(context, 'thread.unwanted')),
    tellStarted: emit(({ context }): PeerWorkerEmitted => say(context, 'worker.started')),
    tellDied: emit(({ context }): PeerWorkerEmitted => say(context, 'worker.died')),
    tellEnded: emit(({ context }): PeerWorkerEmitted => say(context, 'worker.ended')),
  },
}).createMachine({
  id: 'peerWorker',
  description: "Keeps one place of a peer's pool filled with a worker thread.",
  context: ({ input }) => ({ ...input }),
  initial: 'starting',
  states: {
    starting: {
      description: 'A thread is being started.',
      entry: 'askForThread',
      on: {
        'peer.thread-started': { target: 'working', description: 'It takes operations.' },
        'peer.thread-ended': { target: 'resting', actions: 'tellDied', description: 'It could not start.' },
        'worker.unwanted': { target: 'ending', description: 'The pool does not need it any more.' },
      },
    },
    working: {
      description: 'Its thread performs operations, or waits for one.',
      entry: 'tellStarted',
      on: {
        'peer.thread-ended': { target: 'starting', actions: 'tellDied', description: 'Its thread died.' },
        'worker.unwanted': { target: 'ending', description: 'The pool does not need it any more.' },
      },
    },
    resting: {
      description: 'No thread could be started; another is tried a little later.',
      after: { rest: { target: 'starting', description: 'Tries again.' } },
      on: {
        'actor.restored': { target: 'starting', description: 'The timer was lost: tries again.' },
        'worker.unwanted': { target: 'ended', description: 'The pool does not need it any more.' },
      },
    },
    ending: {
      description: 'Its thread ends, after the operation that it has in hand.',
      entry: 'askToEnd',
      on: { 'peer.thread-ended': { target: 'ended', description: 'It has ended.' } },
    },
    ended: { type: 'final', description: 'Gone.', entry: 'tellEnded' },
  },
});
