/**
 * Saint entry: one object that one backend must not be asked for until its TTL ends.
 *
 *   listed --(ttl)--> expired       listed --lifted, displaced--> lifted       listed --denied again--> listed, if later
 *
 * The same object denied twice is one entry with the later deadline. There can be a million of them, so they
 * run as records, by a table compiled from this definition (src/compact/saint-list.ts).
 */
import { assign, emit, setup } from 'xstate';
import type { Identity } from '../identity.ts';

export type SaintEntryCommand =
  /** `deadline`, `at`: milliseconds of the clock. */
  | { readonly type: 'saint.denied'; readonly deadline: number; readonly at: number }
  | { readonly type: 'saint.lift' }
  /** The list is full, and this entry would end soonest. */
  | { readonly type: 'saint.displaced' }
  | { readonly type: 'backend.retired' };

export type SaintEntryEmitted =
  | { readonly type: 'saint.listed'; readonly identity: Identity; readonly object: string }
  | { readonly type: 'saint.unlisted'; readonly identity: Identity; readonly object: string }
  /** By an operator, before its time. */
  | { readonly type: 'saint.lifted'; readonly identity: Identity; readonly object: string };

export interface SaintEntryInput {
  readonly identity: Identity;
  /** The request hash in hexadecimal. */
  readonly object: string;
  readonly deadline: number;
  /** When it was denied. */
  readonly at: number;
}

export interface SaintEntryContext {
  readonly identity: Identity;
  readonly object: string;
  readonly deadline: number;
  /** What is left of the TTL at each entry to `listed`. */
  readonly leftMs: number;
}

/** The chart alone: what is drawn, compiled, and tested without effects. */
export const saintEntryMachine = setup({
  types: {
    context: {} as SaintEntryContext,
    events: {} as SaintEntryCommand,
    emitted: {} as SaintEntryEmitted,
    input: {} as SaintEntryInput,
  },
  delays: { ttl: ({ context }) => context.leftMs },
  guards: {
    isLater: ({ context, event }) => event.type === 'saint.denied' && event.deadline > context.deadline,
  },
  actions: {
    prolong: assign(({ event }) =>
      event.type === 'saint.denied'
        ? { deadline: event.deadline, leftMs: Math.max(0, event.deadline - event.at) }
        : {},
    ),
    tellLifted: emit(
      ({ context: c }): SaintEntryEmitted => ({
        type: 'saint.lifted',
        identity: c.identity,
        object: c.object,
      }),
    ),
    tellListed: emit(
      ({ context: c }): SaintEntryEmitted => ({
        type: 'saint.listed',
        identity: c.identity,
        object: c.object,
      }),
    ),
    tellUnlisted: emit(
      ({ context: c }): SaintEntryEmitted => ({
        type: 'saint.unlisted',
        identity: c.identity,
        object: c.object,
      }),
    ),
  },
}).createMachine({
  id: 'saintEntry',
  description: 'One object that one backend must not be asked for until its TTL ends.',
  context: ({ input: { identity, object, deadline, at } }) => ({
    identity,
    object,
    deadline,
    leftMs: Math.max(0, deadline - at),
  }),
  entry: 'tellListed',
  initial: 'listed',
  states: {
    listed: {
      description: 'The backend is sick for this object.',
      after: { ttl: { target: 'expired', description: 'Its TTL has ended.' } },
      on: {
        'saint.denied': {
          guard: 'isLater',
          target: 'listed',
          reenter: true,
          actions: 'prolong',
          description: 'Denied again, with a later deadline.',
        },
        'saint.lift': { target: 'lifted', actions: 'tellLifted', description: 'An operator lifted it.' },
        'saint.displaced': {
          target: 'lifted',
          description: 'The list is full, and it gives way to an entry that ends later.',
        },
        'backend.retired': { target: 'lifted', description: 'Its backend is gone, and its list with it.' },
      },
    },
    expired: { type: 'final', description: 'The backend may be asked again.', entry: 'tellUnlisted' },
    lifted: {
      type: 'final',
      description: 'The backend may be asked again before its time.',
      entry: 'tellUnlisted',
    },
  },
});
