/**
 * Peer pool: how many worker threads one peer of one config has. Their number follows the load between the
 * limits that vmod_peer's set_threads sets: up as soon as operations wait, down after an idle time.
 *
 *   level <--(more threads than work)--> spare --(10 s)--> level         any --closed--> closing --> closed
 *
 * Operations never come here: the data plane hands them to threads by itself, and tells its load a few times a
 * second. A worker that dies keeps its place (peer-worker.ts), so it changes nothing here but a count.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { ConfigKey } from '../config-key.ts';
import { leavers, type PoolLoad, spareThreads, wantedThreads } from './peer-scaling.ts';

export type PeerPoolReport =
  | { readonly type: 'peer.threads-set'; readonly min: number; readonly max: number }
  | { readonly type: 'peer.load'; readonly pending: number; readonly busy: readonly number[] }
  | { readonly type: 'peer.closed' }
  | { readonly type: 'worker.started'; readonly thread: number }
  | { readonly type: 'worker.died'; readonly thread: number }
  | { readonly type: 'worker.ended'; readonly thread: number }
  /** It failed and was replaced: its timer is lost. */
  | { readonly type: 'actor.restored' };

export type PeerPoolEmitted = {
  readonly type: 'worker.wanted' | 'worker.unwanted';
  readonly config: ConfigKey;
  readonly peer: string;
  readonly thread: number;
};

export interface PeerPoolInput {
  readonly config: ConfigKey;
  readonly peer: string;
  /** Threads: at least 1, and at most `max`. */
  readonly min: number;
  readonly max: number;
}

export interface PeerPoolContext extends PeerPoolInput, PoolLoad {
  /** Told to end, and not gone yet. */
  readonly leaving: readonly number[];
  /** Threads that take operations. */
  readonly started: readonly number[];
  /** Numbers threads, and never gives the same number twice. */
  readonly last: number;
  readonly died: number;
}

/** Milliseconds that threads without work are kept. */
export const THREAD_IDLE_MS = 10_000;

const without = (list: readonly number[], gone: number) => list.filter((one) => one !== gone);

/** The chart alone: what is drawn, and tested without effects. */
export const peerPoolMachine = setup({
  types: {
    context: {} as PeerPoolContext,
    events: {} as PeerPoolReport,
    emitted: {} as PeerPoolEmitted,
    input: {} as PeerPoolInput,
  },
  delays: { idle: THREAD_IDLE_MS },
  guards: {
    hasSpare: ({ context }) => spareThreads(context) > 0,
    hasNoSpare: ({ context }) => spareThreads(context) === 0,
    isEmpty: ({ context }) => context.threads.length === 0 && context.leaving.length === 0,
  },
  actions: {
    takeLimits: assign(({ event }) =>
      event.type === 'peer.threads-set' ? { min: event.min, max: event.max } : {},
    ),
    takeLoad: assign(({ event }) =>
      event.type === 'peer.load' ? { pending: event.pending, busy: event.busy } : {},
    ),
    /** Starts what is missing, ends what is too much. */
    scale: enqueueActions(({ context, enqueue }) => {
      const { config, peer, threads, leaving } = context;
      const wanted = wantedThreads(context);
      const added = Array.from({ length: wanted - threads.length }, (_, i) => context.last + 1 + i);
      for (const thread of added) enqueue.emit({ type: 'worker.wanted', config, peer, thread });
      const ended = leavers(context, Math.max(0, threads.length - wanted));
      for (const thread of ended) enqueue.emit({ type: 'worker.unwanted', config, peer, thread });
      enqueue.assign({
        threads: [...threads.filter((thread) => !ended.includes(thread)), ...added],
        leaving: [...leaving, ...ended],
        last: context.last + added.length,
      });
    }),
    shrink: enqueueActions(({ context, enqueue }) => {
      const { config, peer, threads, leaving } = context;
      const ended = leavers(context, spareThreads(context));
      for (const thread of ended) enqueue.emit({ type: 'worker.unwanted', config, peer, thread });
      enqueue.assign({
        threads: threads.filter((thread) => !ended.includes(thread)),
        leaving: [...leaving, ...ended],
      });
    }),
    endAll: enqueueActions(({ context, enqueue }) => {
      const { config, peer, threads, leaving } = context;
      for (const thread of threads) enqueue.emit({ type: 'worker.unwanted', config, peer, thread });
      enqueue.assign({ threads: [], leaving: [...leaving, ...threads] });
    }),
    noteStarted: assign(({ context, event }) =>
      event.type === 'worker.started' ? { started: [...context.started, event.thread] } : {},
    ),
    noteDied: assign(({ context, event }) =>
      event.type === 'worker.died'
        ? { started: without(context.started, event.thread), died: context.died + 1 }
        : {},
    ),
    noteEnded: assign(({ context, event }) =>
      event.type === 'worker.ended'
        ? {
            leaving: without(context.leaving, event.thread),
            started: without(context.started, event.thread),
          }
        : {},
    ),
  },
}).createMachine({
  id: 'peerPool',
  description: 'Decides how many worker threads a peer has.',
  context: ({ input }) => ({
    ...input,
    threads: [],
    leaving: [],
    started: [],
    pending: 0,
    busy: [],
    last: 0,
    died: 0,
  }),
  initial: 'open',
  on: {
    'worker.started': { actions: 'noteStarted', description: 'A thread takes operations.' },
    'worker.died': { actions: 'noteDied', description: 'A thread died; its worker replaces it.' },
    'worker.ended': { actions: 'noteEnded', description: 'A thread that was not needed has ended.' },
  },
  states: {
    open: {
      description: 'Its config is loaded.',
      entry: 'scale',
      initial: 'level',
      on: {
        'peer.threads-set': {
          actions: ['takeLimits', 'scale'],
          description: 'Request code has changed the limits.',
        },
        'peer.load': { actions: ['takeLoad', 'scale'], description: 'What there is to do now.' },
        'peer.closed': { target: 'closing', description: 'Its config is gone.' },
      },
      states: {
        level: {
          description: 'As many threads as there is work for, or as there must be.',
          always: { guard: 'hasSpare', target: 'spare', description: 'There is less to do.' },
        },
        spare: {
          description: 'More threads than there is work for.',
          always: { guard: 'hasNoSpare', target: 'level', description: 'There is more to do again.' },
          after: {
            idle: { target: 'level', actions: 'shrink', description: 'It stayed so: the spare ones end.' },
          },
          on: {
            'actor.restored': { target: 'spare', reenter: true, description: 'Its timer was lost.' },
          },
        },
      },
    },
    closing: {
      description: 'Its threads end.',
      entry: 'endAll',
      always: { guard: 'isEmpty', target: 'closed', description: 'The last one has ended.' },
    },
    closed: { type: 'final', description: 'Gone.' },
  },
});
