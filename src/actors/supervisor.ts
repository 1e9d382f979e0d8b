/**
 * Supervisor: decides which configs are loaded, used and discarded, and answers every command exactly once.
 *
 *   running --stop--> stopping --(last config gone)--> stopped
 *
 * Names, states and refusals follow varnish-cli(7): vcl.load, vcl.use, vcl.state, vcl.discard.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { ConfigKey } from '../config-key.ts';
import type { ErrorCode } from '../errors.ts';
import { decide, onFailed, onReady, refuseStopping } from './command-decision.ts';
import type { LoadFailure } from './config.ts';

/** `id`: chosen by whoever asks, returned with the answer. */
export type SupervisorCommand =
  | { readonly type: 'config.load'; readonly id: string; readonly name: string }
  | { readonly type: 'config.use'; readonly id: string; readonly name: string }
  | {
      readonly type: 'config.set-state';
      readonly id: string;
      readonly name: string;
      readonly state: 'warm' | 'cold';
    }
  | { readonly type: 'config.discard'; readonly id: string; readonly name: string }
  | { readonly type: 'proxy.stop'; readonly id: string };

export type SupervisorReport =
  | { readonly type: 'config.announced'; readonly key: ConfigKey; readonly name: string }
  | {
      readonly type: 'config.failed';
      readonly key: ConfigKey;
      readonly name: string;
      readonly failure: LoadFailure;
    }
  | { readonly type: 'config.discarded'; readonly key: ConfigKey; readonly name: string };

export type SupervisorEmitted =
  | {
      readonly type: 'config.wanted';
      readonly key: ConfigKey;
      readonly name: string;
      readonly drainTimeoutMs: number;
    }
  | {
      readonly type:
        | 'config.activate'
        | 'config.deactivate'
        | 'config.warm'
        | 'config.cool'
        | 'config.discard';
      readonly key: ConfigKey;
    }
  /** The data planes switch to it. */
  | { readonly type: 'config.used'; readonly key: ConfigKey; readonly name: string }
  | { readonly type: 'command.done'; readonly id: string }
  | {
      readonly type: 'command.refused';
      readonly id: string;
      readonly code: ErrorCode;
      readonly message: string;
    };

export interface SupervisorInput {
  /** Milliseconds that requests in flight get to end after a discard. */
  readonly drainTimeoutMs: number;
}

export interface ConfigEntry {
  readonly key: ConfigKey;
  /** `loading`: until it is loaded, or warmed up again, and all of it is known. */
  readonly state: 'loading' | 'warm' | 'cold' | 'active';
  /** The command that waits for that. */
  readonly waiting: string | undefined;
}

export interface SupervisorContext extends SupervisorInput {
  /** By name. A discarded config is not here any more, so its name is free at once. */
  readonly configs: Readonly<Record<string, ConfigEntry>>;
  /** Discarded, but not gone yet. */
  readonly leaving: readonly ConfigKey[];
  /** Counts loadings, and so never gives the same key twice. */
  readonly loadings: number;
  /** The command that waits for everything to be gone. */
  readonly stopWaiting: string | undefined;
}

function isCommand(event: SupervisorCommand | SupervisorReport): event is SupervisorCommand {
  return 'id' in event;
}

/** The chart alone: what is drawn, and tested without effects. */
export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorCommand | SupervisorReport,
    emitted: {} as SupervisorEmitted,
    input: {} as SupervisorInput,
  },
  guards: {
    isEmpty: ({ context: { configs, leaving } }) => leaving.length === 0 && Object.keys(configs).length === 0,
  },
  actions: {
    carryOut: enqueueActions(({ context, event, enqueue }) => {
      if (!isCommand(event)) return;
      const { changes, emitted } = decide(context, event);
      enqueue.assign(changes);
      for (const one of emitted) enqueue.emit(one);
    }),
    refuse: enqueueActions(({ event, enqueue }) => {
      if (!isCommand(event)) return;
      for (const one of refuseStopping(event).emitted) enqueue.emit(one);
    }),
    welcome: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'config.announced') return;
      const { changes, emitted } = onReady(context, event.key, event.name, false);
      enqueue.assign(changes);
      for (const one of emitted) enqueue.emit(one);
    }),
    turnAway: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'config.announced') return;
      const { changes, emitted } = onReady(context, event.key, event.name, true);
      enqueue.assign(changes);
      for (const one of emitted) enqueue.emit(one);
    }),
    reportFailure: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'config.failed') return;
      const { changes, emitted } = onFailed(context, event.key, event.name, event.failure);
      enqueue.assign(changes);
      for (const one of emitted) enqueue.emit(one);
    }),
    forget: assign(({ context, event }) =>
      event.type === 'config.discarded'
        ? { leaving: context.leaving.filter((key) => key !== event.key) }
        : {},
    ),
    tellStopped: emit(
      ({ context }): SupervisorEmitted => ({ type: 'command.done', id: context.stopWaiting ?? '' }),
    ),
  },
}).createMachine({
  id: 'supervisor',
  description: 'Decides which configs are loaded, used and discarded.',
  context: ({ input }) => ({ ...input, configs: {}, leaving: [], loadings: 0, stopWaiting: undefined }),
  initial: 'running',
  on: {
    'config.failed': { actions: 'reportFailure', description: 'A config could not be loaded.' },
    'config.discarded': {
      actions: 'forget',
      description: 'The last request on a discarded config has ended.',
    },
  },
  states: {
    running: {
      description: 'Takes commands.',
      on: {
        'config.load': { actions: 'carryOut', description: 'An operator loads a config.' },
        'config.use': { actions: 'carryOut', description: 'An operator switches to a config.' },
        'config.set-state': {
          actions: 'carryOut',
          description: 'An operator warms a config up, or cools it.',
        },
        'config.discard': { actions: 'carryOut', description: 'An operator discards a config.' },
        'config.announced': { actions: 'welcome', description: 'All of a config is known.' },
        'proxy.stop': { target: 'stopping', actions: 'carryOut', description: 'Troupe is to stop.' },
      },
    },
    stopping: {
      description: 'Takes no more commands; every config is being discarded.',
      always: { guard: 'isEmpty', target: 'stopped', description: 'The last config has gone.' },
      on: {
        'config.load': { actions: 'refuse', description: 'Too late.' },
        'config.use': { actions: 'refuse', description: 'Too late.' },
        'config.set-state': { actions: 'refuse', description: 'Too late.' },
        'config.discard': { actions: 'refuse', description: 'Too late.' },
        'proxy.stop': { actions: 'refuse', description: 'Too late.' },
        'config.announced': { actions: 'turnAway', description: 'A config got warm too late.' },
      },
    },
    stopped: { type: 'final', description: 'Nothing is left.', entry: 'tellStopped' },
  },
});
