/**
 * Cache fetch: one request to an origin on behalf of all who want the same object.
 *
 *   asking --kept--> storing --ended--> stored          asking --not kept--> passing --ended--> done
 *   asking --purged--> doomed --answered--> passing     storing --purged, outgrown--> passing
 *   asking, doomed, storing, passing --broke--> failed  doomed, passing --deserted--> stopped
 *   asking --abandoned--> stopped
 *
 * While it asks, others who want the object wait for it; what they get depends on the answer. One that is kept
 * is read by all of them while it comes, and its fetch goes on when all of them have gone. One that is not belongs to
 * whoever asked first; the others look for themselves, and do not wait for each other any more. An answer that
 * nobody has waited for in a long time is waited for no longer.
 *
 * It runs as a record, by a table compiled from this definition (src/compact/cache-fetch-table.ts).
 */
import { setup } from 'xstate';

export type CacheFetchEvent =
  /** The head of an answer has come that may be kept. */
  | { readonly type: 'fetch.kept' }
  /** The head of an answer has come that may not be kept, or is too large. */
  | { readonly type: 'fetch.not-kept' }
  /** The body has come to its end. */
  | { readonly type: 'fetch.ended' }
  /** There is no answer, or its body broke off. */
  | { readonly type: 'fetch.broke' }
  /** The store cannot hold the body. */
  | { readonly type: 'fetch.outgrown' }
  /** What it fetches was purged, or a ban is about it. */
  | { readonly type: 'object.purge' }
  /** Nobody who asked for it is there any more. */
  | { readonly type: 'fetch.deserted' }
  /** Nobody has waited for the answer in as long as it may take without. */
  | { readonly type: 'fetch.abandoned' };

export interface CacheFetchInput {
  /** How many want it now, who asked first included; 0: it refreshes an object in the background. */
  readonly readers: number;
}

/** The chart alone: what is drawn, compiled, and tested without effects. */
export const cacheFetchMachine = setup({
  types: {
    context: {} as CacheFetchInput,
    events: {} as CacheFetchEvent,
    input: {} as CacheFetchInput,
  },
  guards: {
    isDeserted: ({ context }) => context.readers === 0,
  },
  actions: {
    /** All who wait begin to read. */
    share: () => {},
    /** All who wait, but for who asked first, look for themselves. */
    release: () => {},
    /** That this cannot be kept is remembered for those who come. */
    remember: () => {},
    /** The object is whole: from now on it is found. */
    keep: () => {},
    /** What has come so far is taken out of the store; those who read it go on. */
    discard: () => {},
    /** The origin need not go on. */
    stop: () => {},
    /** All who wait or read are told that nothing more comes. */
    fail: () => {},
    /** Those who read are told that this was all. */
    finish: () => {},
  },
}).createMachine({
  id: 'cacheFetch',
  description: 'One request to an origin on behalf of all who want the same object.',
  context: ({ input }) => input,
  initial: 'asking',
  states: {
    asking: {
      description: 'There is no answer yet; who else wants the object waits.',
      on: {
        'fetch.kept': { target: 'storing', actions: 'share', description: 'All read it while it comes.' },
        'fetch.not-kept': [
          {
            guard: 'isDeserted',
            target: 'stopped',
            actions: ['remember', 'release', 'stop'],
            description: 'It may not be kept, and nobody wants it.',
          },
          {
            target: 'passing',
            actions: ['remember', 'release'],
            description: 'It is for who asked first; the others look for themselves.',
          },
        ],
        'fetch.broke': { target: 'failed', actions: 'fail', description: 'There is no answer.' },
        'object.purge': {
          target: 'doomed',
          actions: 'release',
          description: 'What comes was purged before it came.',
        },
        'fetch.abandoned': {
          target: 'stopped',
          actions: 'stop',
          description: 'Nobody has waited for it in a long time.',
        },
      },
    },
    doomed: {
      description: 'There is no answer yet; it is for who asked first, and not kept.',
      on: {
        'fetch.kept': [
          { guard: 'isDeserted', target: 'stopped', actions: 'stop', description: 'Nobody wants it.' },
          { target: 'passing', description: 'It is not kept all the same.' },
        ],
        'fetch.not-kept': [
          { guard: 'isDeserted', target: 'stopped', actions: 'stop', description: 'Nobody wants it.' },
          { target: 'passing', description: 'It would not have been kept.' },
        ],
        'fetch.broke': { target: 'failed', actions: 'fail', description: 'There is no answer.' },
        'fetch.deserted': { target: 'stopped', actions: 'stop', description: 'Nobody wants it.' },
      },
    },
    storing: {
      description: 'The body comes, is kept, and is read by all who want it.',
      on: {
        'fetch.ended': { target: 'stored', actions: ['keep', 'finish'], description: 'The object is whole.' },
        'fetch.broke': {
          target: 'failed',
          actions: ['discard', 'fail'],
          description: 'Half an object is none.',
        },
        'fetch.outgrown': [
          {
            guard: 'isDeserted',
            target: 'stopped',
            actions: ['discard', 'remember', 'stop'],
            description: 'The store cannot hold it, and nobody wants it.',
          },
          {
            target: 'passing',
            actions: ['discard', 'remember'],
            description: 'The store cannot hold it; those who read go on.',
          },
        ],
        'object.purge': [
          {
            guard: 'isDeserted',
            target: 'stopped',
            actions: ['discard', 'stop'],
            description: 'Purged, and nobody wants it.',
          },
          { target: 'passing', actions: 'discard', description: 'Purged; those who read go on.' },
        ],
      },
    },
    passing: {
      description: 'The body comes for those who read it already, at their pace, and is not kept.',
      on: {
        'fetch.ended': { target: 'done', actions: 'finish', description: 'They have got all of it.' },
        'fetch.broke': { target: 'failed', actions: 'fail', description: 'The body broke off.' },
        'fetch.deserted': { target: 'stopped', actions: 'stop', description: 'Nobody reads any more.' },
      },
    },
    stored: { type: 'final', description: 'The object lives on by itself.' },
    done: { type: 'final', description: 'Nothing is left of it.' },
    failed: { type: 'final', description: 'Nothing is left of it but what was said.' },
    stopped: { type: 'final', description: 'The connection to the origin was given up.' },
  },
});
