/**
 * Director: a group of backends, saintmode objects and other directors of one config; this actor knows its
 * membership, and whether a member can be asked. The members are counted elsewhere (streams/tallies.ts): a
 * health change among thousands must not take a step of each director. The picking is the data plane's.
 *
 *   empty | healthy (some member is) | sick (no member is)
 */
import { assign, enqueueActions, setup } from 'xstate';
import { type MemberDeclaration, type PolicyDeclaration, sharesByWeight } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import { targetTopic } from './topic.ts';

/** How a director hears of a member: a backend by identity, anything else by name. */
export interface MemberKnown extends MemberDeclaration {
  /** Present for a backend. */
  readonly backend?: { readonly identity: Identity; readonly probed: boolean };
}

export type DirectorCommand =
  | { readonly type: 'member.added'; readonly member: MemberKnown }
  | { readonly type: 'member.removed'; readonly target: string }
  /** Whether some of the members counted for it is healthy, for a request about which nothing special is known. */
  | { readonly type: 'members.health'; readonly healthy: boolean }
  | { readonly type: 'director.end' };

/** A member as it is counted: under which topic its health is spoken of. */
export interface MemberCounted {
  readonly topic: string;
  /** Whether this config's declaration of a backend has a probe; of anything else, no matter. */
  readonly probed: boolean;
}

export type DirectorEmitted =
  /** Members to be counted for it from now on, or no longer; one that is a member twice is counted twice. */
  | {
      readonly type: 'members.count' | 'members.uncount';
      readonly config: ConfigKey;
      readonly name: string;
      readonly members: readonly MemberCounted[];
    }
  | {
      readonly type: 'target.health';
      readonly config: ConfigKey;
      readonly name: string;
      readonly healthy: boolean;
    };

export interface DirectorInput {
  readonly config: ConfigKey;
  readonly name: string;
  readonly policy: PolicyDeclaration;
  readonly members: readonly MemberKnown[];
}

export interface DirectorContext extends DirectorInput {
  /** What was last heard of the members that are counted. */
  readonly healthy: boolean;
  readonly told: boolean | undefined;
}

/** vdir.remove_backend() takes the first of several equal members away. */
export function withoutFirst<Member extends MemberDeclaration>(
  members: readonly Member[],
  target: string,
): readonly Member[] {
  const index = members.findIndex((member) => member.target === target);
  return index < 0 ? members : members.filter((_, i) => i !== index);
}

/** Under a policy that shares by weight, a member of weight 0 is never picked, however healthy it is. */
function canBePicked(policy: PolicyDeclaration, member: MemberDeclaration): boolean {
  return member.weight > 0 || !sharesByWeight(policy);
}

/** What of these members is to be counted. */
function counted({ config, policy }: DirectorContext, members: readonly MemberKnown[]): MemberCounted[] {
  return members
    .filter((member) => canBePicked(policy, member))
    .map(({ target, backend }) => ({
      topic: backend?.identity ?? targetTopic(config, target),
      probed: backend?.probed ?? true,
    }));
}

const canPick = ({ members, healthy }: DirectorContext) => members.length > 0 && healthy;

/** The chart alone: what is drawn, and tested without effects. */
export const directorMachine = setup({
  types: {
    context: {} as DirectorContext,
    events: {} as DirectorCommand,
    emitted: {} as DirectorEmitted,
    input: {} as DirectorInput,
  },
  guards: {
    isEmpty: ({ context }) => context.members.length === 0,
    isHealthy: ({ context }) => canPick(context),
    isSick: ({ context }) => context.members.length > 0 && !canPick(context),
  },
  actions: {
    addMember: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'member.added') return;
      enqueue.assign({ members: [...context.members, event.member] });
      const { config, name } = context;
      const members = counted(context, [event.member]);
      if (members.length > 0) enqueue.emit({ type: 'members.count', config, name, members });
    }),
    removeMember: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'member.removed') return;
      const removed = context.members.find((member) => member.target === event.target);
      if (removed === undefined) return;
      enqueue.assign({ members: withoutFirst(context.members, event.target) });
      const { config, name } = context;
      const members = counted(context, [removed]);
      if (members.length > 0) enqueue.emit({ type: 'members.uncount', config, name, members });
    }),
    takeHealth: assign(({ event }) => (event.type === 'members.health' ? { healthy: event.healthy } : {})),
    countMembers: enqueueActions(({ context, enqueue }) => {
      const { config, name } = context;
      const members = counted(context, context.members);
      if (members.length > 0) enqueue.emit({ type: 'members.count', config, name, members });
    }),
    tellHealth: enqueueActions(({ context, enqueue }) => {
      const { config, name, told } = context;
      const now = canPick(context);
      if (told === now) return;
      enqueue.assign({ told: now });
      enqueue.emit({ type: 'target.health', config, name, healthy: now });
    }),
  },
}).createMachine({
  id: 'director',
  description: 'A group of backends, saintmode objects and directors: its membership, its health rolled up.',
  context: ({ input }) => ({ ...input, healthy: false, told: undefined }),
  entry: 'countMembers',
  initial: 'sick',
  on: {
    'member.added': { actions: 'addMember', description: 'A hook or an init added a member.' },
    'member.removed': { actions: 'removeMember', description: 'A hook or an init removed a member.' },
    'members.health': {
      actions: 'takeHealth',
      description: 'The first of its members came up, or the last of them fell sick.',
    },
    'director.end': { target: '.ended', description: 'Its config was discarded or turned cold.' },
  },
  states: {
    empty: {
      description: 'Has no members: legal, and picks none.',
      entry: 'tellHealth',
      always: [
        { guard: 'isHealthy', target: 'healthy', description: 'Its first member is healthy.' },
        { guard: 'isSick', target: 'sick', description: 'Its first member is sick.' },
      ],
    },
    healthy: {
      description: 'At least one member can be asked.',
      entry: 'tellHealth',
      always: [
        { guard: 'isEmpty', target: 'empty', description: 'The last member was removed.' },
        { guard: 'isSick', target: 'sick', description: 'The last healthy member went sick.' },
      ],
    },
    sick: {
      description: 'Has members, but none can be asked.',
      entry: 'tellHealth',
      always: [
        { guard: 'isEmpty', target: 'empty', description: 'The last member was removed.' },
        { guard: 'isHealthy', target: 'healthy', description: 'A member came back.' },
      ],
    },
    ended: { type: 'final', description: 'Gone with its config.' },
  },
});
