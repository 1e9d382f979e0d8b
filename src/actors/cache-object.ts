/**
 * Cache object: one stored answer, from when it is whole until it is of no use any more.
 *
 *   fresh --(ttl)--> graced --(grace)--> kept --(keep)--> expired
 *   fresh, graced, kept --freshened--> fresh     --expired softly--> graced     --purged, evicted--> removed
 *
 * fresh: served. graced: served once more while it is fetched anew. kept: its origin is asked whether it has
 * changed. There are as many as the store holds, and nobody waits for their deadlines: at run time an object is a
 * record whose deadlines are compared on reading (src/proxy/cache/object-life.ts), held against this definition by a
 * property test.
 */
import { assign, setup } from 'xstate';

/** Milliseconds of the clock; each is at least as late as the one before. */
interface CacheObjectDeadlines {
  readonly freshUntil: number;
  readonly graceUntil: number;
  readonly keepUntil: number;
}

export type CacheObjectEvent =
  /** The origin has confirmed it. */
  | ({ readonly type: 'object.freshened'; readonly at: number } & CacheObjectDeadlines)
  /** Purged softly: from now on it is stale, and its grace and keep begin. */
  | { readonly type: 'object.expire'; readonly at: number }
  | { readonly type: 'object.purge' }
  /** The store needs its place, or has a newer one. */
  | { readonly type: 'object.evict' };

export interface CacheObjectContext extends CacheObjectDeadlines {
  /** When the present state was entered by an event, which may be later than deadlines. */
  readonly at: number;
}

const gone = {
  'object.purge': { target: 'removed', description: 'Nobody gets it any more.' },
  'object.evict': { target: 'removed', description: 'Its place is needed, or a newer one has come.' },
} as const;

const freshen = {
  'object.freshened': {
    target: 'fresh',
    reenter: true,
    actions: 'takeDeadlines',
    description: 'Its origin says that it has not changed.',
  },
} as const;

/** The chart alone: what is drawn, and tested without effects. */
export const cacheObjectMachine = setup({
  types: {
    context: {} as CacheObjectContext,
    events: {} as CacheObjectEvent,
    input: {} as CacheObjectContext,
  },
  delays: {
    ttl: ({ context: { freshUntil, at } }) => Math.max(0, freshUntil - at),
    grace: ({ context: { freshUntil, graceUntil, at } }) =>
      Math.max(0, graceUntil - Math.max(freshUntil, at)),
    keep: ({ context: { graceUntil, keepUntil, at } }) => Math.max(0, keepUntil - Math.max(graceUntil, at)),
  },
  actions: {
    takeDeadlines: assign(({ event }) => {
      if (event.type !== 'object.freshened') return {};
      const { freshUntil, graceUntil, keepUntil, at } = event;
      return { freshUntil, graceUntil, keepUntil, at };
    }),
    endFreshness: assign(({ context, event }) => {
      if (event.type !== 'object.expire') return {};
      const { freshUntil, graceUntil, keepUntil } = context;
      const sooner = freshUntil - event.at;
      return {
        freshUntil: event.at,
        graceUntil: graceUntil - sooner,
        keepUntil: keepUntil - sooner,
        at: event.at,
      };
    }),
  },
}).createMachine({
  id: 'cacheObject',
  description: 'One stored answer, from when it is whole until it is of no use any more.',
  context: ({ input }) => input,
  initial: 'fresh',
  states: {
    fresh: {
      description: 'It is served.',
      after: { ttl: { target: 'graced', description: 'Its ttl has ended.' } },
      on: {
        ...gone,
        ...freshen,
        'object.expire': {
          target: 'graced',
          actions: 'endFreshness',
          description: 'Purged softly: its grace and its keep begin now.',
        },
      },
    },
    graced: {
      description: 'It is served while one fetch in the background brings a newer one.',
      after: { grace: { target: 'kept', description: 'Its grace has ended.' } },
      on: { ...gone, ...freshen },
    },
    kept: {
      description: 'Its origin is asked whether it has changed.',
      after: { keep: { target: 'expired', description: 'Its keep has ended.' } },
      on: { ...gone, ...freshen },
    },
    expired: { type: 'final', description: 'It is of no use any more.' },
    removed: { type: 'final', description: 'It was taken out before its time.' },
  },
});
