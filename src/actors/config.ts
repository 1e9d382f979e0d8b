/**
 * Config: one loading of a configuration, from the command to load it until the last request on it has ended.
 *
 *   loading --loaded--> warm <--> active      warm <--> cold      warm, cold --discarded--> draining --> discarded
 *   loading --failed--> failed
 *
 * What it declares is announced to (and withdrawn from) the other actors in slices, so that no turn of the
 * event loop is long, however many backends there are.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { ErrorCode } from '../errors.ts';
import {
  announceSlice,
  countItems,
  SLICE_LENGTH,
  withdrawSlice,
  withMember,
  withoutMember,
} from './announcement.ts';
import type { BackendCommand, BackendInput } from './backend.ts';
import type { DirectorInput, MemberKnown } from './director.ts';
import type { SaintmodeInput } from './saintmode.ts';

/** Why a config could not be loaded: code, and the sentence for people. */
export interface LoadFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

export type ConfigCommand =
  | { readonly type: 'config.activate' }
  | { readonly type: 'config.deactivate' }
  | { readonly type: 'config.warm' }
  | { readonly type: 'config.cool' }
  | { readonly type: 'config.discard' };

export type ConfigReply =
  /** It failed and was replaced: its timer and what it asked for are lost. */
  | { readonly type: 'actor.restored'; readonly at: number }
  | { readonly type: 'config.loaded'; readonly description: ConfigDescription }
  | { readonly type: 'config.load-failed'; readonly failure: LoadFailure }
  /** Permission to do one slice of work. */
  | { readonly type: 'slice.granted' }
  /** From the data planes: no request is left on it. */
  | { readonly type: 'config.drained' }
  /** From the data planes: request code changed a director. It counts when the director is declared again. */
  | { readonly type: 'member.added'; readonly director: string; readonly member: MemberKnown }
  | {
      readonly type: 'member.removed';
      readonly director: string;
      readonly target: string;
      readonly ident?: string;
    };

export type ConfigEmitted =
  | { readonly type: 'load.wanted'; readonly key: ConfigKey; readonly name: string }
  | {
      readonly type: 'config.failed';
      readonly key: ConfigKey;
      readonly name: string;
      readonly failure: LoadFailure;
    }
  | { readonly type: 'slice.wanted'; readonly key: ConfigKey }
  /** All that it declares has been announced, and so has its health, as far as it is known. */
  | { readonly type: 'config.announced'; readonly key: ConfigKey; readonly name: string }
  | (BackendCommand & { readonly type: 'backend.declare' } & BackendInput)
  | (BackendCommand & { readonly type: 'backend.withdraw' })
  | ({ readonly type: 'director.declare' } & DirectorInput)
  | ({ readonly type: 'saintmode.declare' } & SaintmodeInput)
  | { readonly type: 'director.end' | 'saintmode.end'; readonly config: ConfigKey; readonly name: string }
  | { readonly type: 'drain.wanted'; readonly key: ConfigKey }
  | { readonly type: 'config.discarded'; readonly key: ConfigKey; readonly name: string };

export interface ConfigInput {
  readonly key: ConfigKey;
  readonly name: string;
  /** Milliseconds that requests in flight get to end after a discard. */
  readonly drainTimeoutMs: number;
}

export interface ConfigContext extends ConfigInput {
  readonly description: ConfigDescription | undefined;
  /** How many of the items (see announcement) are done in the round of announcing or withdrawing under way. */
  readonly cursor: number;
  /** How many of the items, from the first on, other actors may know. */
  readonly reach: number;
  /** Whether all of them are. */
  readonly announced: boolean;
  readonly drained: boolean;
  /** Meaningful in state `failed` only. */
  readonly failure: LoadFailure;
}

/**
 * Where a round of announcing ends. Once all of it is known, only backends are announced again: it matters to
 * them alone which config is the active one.
 */
function endOfRound({ description, announced }: ConfigContext): number {
  if (description === undefined) return 0;
  return announced ? description.backends.length : countItems(description);
}

/** One slice of announcing or withdrawing, from the cursor on. */
function sliceOf(context: ConfigContext, what: 'announce-active' | 'announce-passive' | 'withdraw') {
  const { key, description, cursor, reach } = context;
  if (description === undefined) return [];
  if (what === 'withdraw') return withdrawSlice(key, description, cursor, reach);
  return announceSlice(key, description, cursor, endOfRound(context), what === 'announce-active');
}

function afterAnnouncing({ cursor, reach }: ConfigContext): Partial<ConfigContext> {
  return { cursor: cursor + SLICE_LENGTH, reach: Math.max(reach, cursor + SLICE_LENGTH) };
}

/** The chart alone: what is drawn, and tested without effects. */
export const configMachine = setup({
  types: {
    context: {} as ConfigContext,
    events: {} as ConfigCommand | ConfigReply,
    emitted: {} as ConfigEmitted,
    input: {} as ConfigInput,
  },
  delays: { drainTimeout: ({ context }) => context.drainTimeoutMs },
  guards: {
    isLastSlice: ({ context }) => context.cursor + SLICE_LENGTH >= endOfRound(context),
    isLastToWithdraw: ({ context: { reach, cursor } }) => cursor + SLICE_LENGTH >= reach,
    isAnnounced: ({ context }) => context.announced,
    isUnknown: ({ context }) => context.reach === 0,
    isDrained: ({ context }) => context.drained,
  },
  actions: {
    askToLoad: emit(({ context: { key, name } }): ConfigEmitted => ({ type: 'load.wanted', key, name })),
    takeDescription: assign(({ event }) =>
      event.type === 'config.loaded' ? { description: event.description } : {},
    ),
    takeFailure: assign(({ event }) =>
      event.type === 'config.load-failed' ? { failure: event.failure } : {},
    ),
    tellFailed: emit(
      ({ context: { key, name, failure } }): ConfigEmitted => ({ type: 'config.failed', key, name, failure }),
    ),
    beginRound: assign({ cursor: 0 }),
    askForSlice: emit(({ context: { key } }): ConfigEmitted => ({ type: 'slice.wanted', key })),
    announceAsActive: enqueueActions(({ context, enqueue }) => {
      for (const one of sliceOf(context, 'announce-active')) enqueue.emit(one);
      enqueue.assign(afterAnnouncing(context));
    }),
    announce: enqueueActions(({ context, enqueue }) => {
      for (const one of sliceOf(context, 'announce-passive')) enqueue.emit(one);
      enqueue.assign(afterAnnouncing(context));
    }),
    withdraw: enqueueActions(({ context, enqueue }) => {
      for (const one of sliceOf(context, 'withdraw')) enqueue.emit(one);
      enqueue.assign({ cursor: context.cursor + SLICE_LENGTH });
    }),
    noteAnnounced: assign({ announced: true }),
    noteWithdrawing: assign({ announced: false }),
    noteWithdrawn: assign({ reach: 0 }),
    addMember: assign(({ context: { description }, event }) =>
      event.type === 'member.added' && description !== undefined
        ? { description: withMember(description, event.director, event.member) }
        : {},
    ),
    removeMember: assign(({ context: { description }, event }) =>
      event.type === 'member.removed' && description !== undefined
        ? { description: withoutMember(description, event.director, event.target, event.ident) }
        : {},
    ),
    noteDrained: assign({ drained: true }),
    tellAnnounced: emit(
      ({ context: { key, name } }): ConfigEmitted => ({ type: 'config.announced', key, name }),
    ),
    askToDrain: emit(({ context: { key } }): ConfigEmitted => ({ type: 'drain.wanted', key })),
    tellDiscarded: emit(
      ({ context: { key, name } }): ConfigEmitted => ({ type: 'config.discarded', key, name }),
    ),
  },
}).createMachine({
  id: 'config',
  description: 'One loading of a configuration.',
  context: ({ input }) => ({
    ...input,
    description: undefined,
    failure: { code: 'troupe.internal', message: '' },
    cursor: 0,
    reach: 0,
    announced: false,
    drained: false,
  }),
  initial: 'loading',
  on: {
    'member.added': { actions: 'addMember', description: 'Request code added a member to a director.' },
    'member.removed': {
      actions: 'removeMember',
      description: 'Request code removed a member from a director.',
    },
  },
  states: {
    loading: {
      description: 'The file is read, its hosts resolved, its init hook run.',
      entry: 'askToLoad',
      on: {
        'actor.restored': { target: 'loading', reenter: true, description: 'Asks anew.' },
        'config.loaded': {
          target: 'warm',
          actions: 'takeDescription',
          description: 'Every data plane has it.',
        },
        'config.load-failed': {
          target: 'failed',
          actions: 'takeFailure',
          description: 'Something in it is wrong.',
        },
      },
    },
    warm: {
      description: 'Loaded; its backends are kept known and polled, but it serves no requests.',
      initial: 'announcing',
      on: {
        'actor.restored': { target: 'warm', reenter: true, description: 'Begins the round anew.' },
        'config.activate': { target: 'active', description: 'An operator uses it.' },
        'config.cool': { target: 'cold', description: 'An operator turns it cold.' },
        'config.discard': { target: 'draining', description: 'An operator discards it.' },
      },
      states: {
        announcing: {
          description: 'Declares its backends and directors, a slice at a time.',
          entry: ['beginRound', 'askForSlice'],
          on: {
            'slice.granted': [
              {
                guard: 'isLastSlice',
                target: 'announced',
                actions: ['announce', 'noteAnnounced', 'tellAnnounced'],
                description: 'The last slice.',
              },
              { actions: ['announce', 'askForSlice'], description: 'One slice, and more to come.' },
            ],
          },
        },
        announced: { description: 'All of it is known to the other actors.' },
      },
    },
    active: {
      description: 'New requests run on it, and its probes are preferred.',
      initial: 'announcing',
      on: {
        'actor.restored': { target: 'active', reenter: true, description: 'Begins the round anew.' },
        'config.deactivate': [
          { guard: 'isAnnounced', target: 'warm.announced', description: 'Another config is used.' },
          { target: 'warm', description: 'Another config is used before all of this one was declared.' },
        ],
      },
      states: {
        announcing: {
          description: 'Declares its backends as those of the active config, a slice at a time.',
          entry: ['beginRound', 'askForSlice'],
          on: {
            'slice.granted': [
              {
                guard: 'isLastSlice',
                target: 'announced',
                actions: ['announceAsActive', 'noteAnnounced', 'tellAnnounced'],
                description: 'The last slice.',
              },
              { actions: ['announceAsActive', 'askForSlice'], description: 'One slice, and more to come.' },
            ],
          },
        },
        announced: { description: 'Its probes have been elected.' },
      },
    },
    cold: {
      description: 'Loaded, but its backends do not count.',
      initial: 'withdrawing',
      entry: 'noteWithdrawing',
      on: {
        'actor.restored': { target: 'cold', reenter: true, description: 'Begins the round anew.' },
        'config.warm': { target: 'warm', description: 'An operator warms it up again.' },
        'config.discard': { target: 'draining', description: 'An operator discards it.' },
      },
      states: {
        withdrawing: {
          description: 'Takes its declarations back, a slice at a time.',
          entry: ['beginRound', 'askForSlice'],
          always: { guard: 'isUnknown', target: 'withdrawn', description: 'Nothing was declared.' },
          on: {
            'slice.granted': [
              {
                guard: 'isLastToWithdraw',
                target: 'withdrawn',
                actions: ['withdraw', 'noteWithdrawn'],
                description: 'The last slice.',
              },
              { actions: ['withdraw', 'askForSlice'], description: 'One slice, and more to come.' },
            ],
          },
        },
        withdrawn: { description: 'Nothing of it counts.' },
      },
    },
    draining: {
      description: 'Discarded: it stopped counting, and its last requests run to their end.',
      initial: 'withdrawing',
      entry: ['noteWithdrawing', 'askToDrain'],
      after: {
        // Not `discarded` at once: what it declared must be withdrawn first, or it would count for ever.
        drainTimeout: { actions: 'noteDrained', description: 'What is still running is cut.' },
      },
      on: {
        'actor.restored': { target: 'draining', reenter: true, description: 'Begins the round anew.' },
        'config.drained': { actions: 'noteDrained', description: 'The last request on it has ended.' },
      },
      states: {
        withdrawing: {
          description: 'Takes its declarations back, a slice at a time.',
          entry: ['beginRound', 'askForSlice'],
          always: { guard: 'isUnknown', target: 'withdrawn', description: 'Nothing was declared.' },
          on: {
            'slice.granted': [
              {
                guard: 'isLastToWithdraw',
                target: 'withdrawn',
                actions: ['withdraw', 'noteWithdrawn'],
                description: 'The last slice.',
              },
              { actions: ['withdraw', 'askForSlice'], description: 'One slice, and more to come.' },
            ],
          },
        },
        withdrawn: {
          description: 'Nothing of it counts; requests may still be running.',
          always: {
            guard: 'isDrained',
            target: '#config.discarded',
            description: 'The last request on it has ended.',
          },
        },
      },
    },
    discarded: { type: 'final', description: 'Gone.', entry: 'tellDiscarded' },
    failed: { type: 'final', description: 'It never came to be.', entry: 'tellFailed' },
  },
});
