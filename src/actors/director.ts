/**
 * Director: a group of backends, saintmode objects and other directors of one config; this actor knows its
 * membership and rolls its members' health up. The picking is the data plane's.
 *
 *   empty | healthy (some member is) | sick (no member is)
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { MemberDeclaration, PolicyDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import { isUsable, type Override, type PolledHealth } from '../snapshot.ts';
import { targetTopic } from './topic.ts';

/** How a director hears of a member: a backend by identity, anything else by name. */
export interface MemberKnown extends MemberDeclaration {
  /** Present for a backend. */
  readonly backend?: { readonly identity: Identity; readonly probed: boolean };
}

interface BackendSpoke {
  readonly type: 'backend.health';
  readonly identity: Identity;
  readonly polled: PolledHealth;
  readonly passing: boolean;
  readonly override: Override;
}

interface TargetSpoke {
  readonly type: 'target.health';
  readonly config: ConfigKey;
  readonly name: string;
  readonly healthy: boolean;
}

export type DirectorCommand =
  | { readonly type: 'member.added'; readonly member: MemberKnown }
  | { readonly type: 'member.removed'; readonly target: string }
  | BackendSpoke
  | TargetSpoke
  /** What was last said under the topics just followed. */
  | { readonly type: 'topic.retained'; readonly said: readonly (BackendSpoke | TargetSpoke)[] }
  | { readonly type: 'director.end' };

export type DirectorEmitted =
  | { readonly type: 'topic.follow' | 'topic.leave'; readonly topics: readonly string[] }
  | TargetSpoke;

export interface DirectorInput {
  readonly config: ConfigKey;
  readonly name: string;
  readonly policy: PolicyDeclaration;
  readonly members: readonly MemberKnown[];
}

export interface DirectorContext extends DirectorInput {
  /** Topics of the members that are healthy for a request about which nothing special is known. */
  readonly healthy: readonly string[];
  readonly told: boolean | undefined;
}

function topicOf(config: ConfigKey, member: MemberKnown): string {
  return member.backend?.identity ?? targetTopic(config, member.target);
}

function withHealth(healthy: readonly string[], topic: string, isHealthy: boolean): readonly string[] {
  if (healthy.includes(topic) === isHealthy) return healthy;
  return isHealthy ? [...healthy, topic] : healthy.filter((one) => one !== topic);
}

/** Folds everything that was said in, in one pass over the members. */
function withAllSaid(
  { config, members, healthy }: DirectorContext,
  said: readonly (BackendSpoke | TargetSpoke)[],
): readonly string[] {
  const probed = new Map(members.map((member) => [topicOf(config, member), member.backend?.probed]));
  const after = new Set(healthy);
  for (const one of said) {
    const topic = one.type === 'backend.health' ? one.identity : targetTopic(one.config, one.name);
    if (!probed.has(topic)) continue;
    const usable = one.type === 'backend.health' ? isUsable(one, probed.get(topic) ?? false) : one.healthy;
    if (usable) after.add(topic);
    else after.delete(topic);
  }
  return [...after];
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
function canPick({ policy, config, members, healthy }: DirectorContext): boolean {
  if (policy.kind !== 'random' && policy.kind !== 'hash') return healthy.length > 0;
  return members.some((member) => member.weight > 0 && healthy.includes(topicOf(config, member)));
}

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
      enqueue.emit({ type: 'topic.follow', topics: [topicOf(context.config, event.member)] });
    }),
    removeMember: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'member.removed') return;
      const members = withoutFirst(context.members, event.target);
      const removed = context.members.find((member) => member.target === event.target);
      if (removed === undefined) return;
      const topic = topicOf(context.config, removed);
      const isStillMember = members.some((member) => member.target === event.target);
      const healthy = isStillMember ? context.healthy : withHealth(context.healthy, topic, false);
      enqueue.assign({ members, healthy });
      if (!isStillMember) enqueue.emit({ type: 'topic.leave', topics: [topic] });
    }),
    takeRetained: assign(({ context, event }) =>
      event.type === 'topic.retained' ? { healthy: withAllSaid(context, event.said) } : {},
    ),
    takeBackendHealth: assign(({ context, event }) => {
      if (event.type !== 'backend.health') return {};
      const member = context.members.find((one) => one.backend?.identity === event.identity);
      if (member?.backend === undefined) return {};
      const usable = isUsable(event, member.backend.probed);
      return { healthy: withHealth(context.healthy, event.identity, usable) };
    }),
    takeTargetHealth: assign(({ context, event }) => {
      if (event.type !== 'target.health') return {};
      // It may have been removed while this was under way.
      if (!context.members.some((one) => one.target === event.name)) return {};
      const topic = targetTopic(event.config, event.name);
      return { healthy: withHealth(context.healthy, topic, event.healthy) };
    }),
    followMembers: enqueueActions(({ context: { config, members }, enqueue }) => {
      if (members.length === 0) return;
      const topics = new Set(members.map((member) => topicOf(config, member)));
      enqueue.emit({ type: 'topic.follow', topics: [...topics] });
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
  context: ({ input }) => ({ ...input, healthy: [], told: undefined }),
  entry: 'followMembers',
  initial: 'sick',
  on: {
    'member.added': { actions: 'addMember', description: 'A hook or an init added a member.' },
    'member.removed': { actions: 'removeMember', description: 'A hook or an init removed a member.' },
    'backend.health': {
      actions: 'takeBackendHealth',
      description: 'Health or order of a member backend changed.',
    },
    'target.health': { actions: 'takeTargetHealth', description: 'Health of another member changed.' },
    'topic.retained': {
      actions: 'takeRetained',
      description: 'What was known of its members before it came.',
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
