/**
 * Saintmode: one saintmode object of one config, which stands for a backend and counts as sick for every
 * object once the backend's saint list has reached its threshold. Source: vmod_saintmode(3).
 *
 *   healthy | sick (its backend is) | full (the list has reached the threshold)
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import { type BackendHealth, isUsable, type Override, type PolledHealth } from '../snapshot.ts';

interface HealthSpoke {
  readonly type: 'backend.health';
  readonly identity: Identity;
  readonly polled: PolledHealth;
  readonly passing: boolean;
  readonly override: Override;
}

interface CountSpoke {
  readonly type: 'saint.count';
  readonly identity: Identity;
  readonly count: number;
}

export type SaintmodeCommand =
  | HealthSpoke
  | CountSpoke
  /** What was last said under the topic just followed. */
  | { readonly type: 'topic.retained'; readonly said: readonly (HealthSpoke | CountSpoke)[] }
  | { readonly type: 'saintmode.end' };

export type SaintmodeEmitted =
  | { readonly type: 'topic.follow'; readonly topics: readonly string[] }
  | {
      readonly type: 'target.health';
      readonly config: ConfigKey;
      readonly name: string;
      readonly healthy: boolean;
    };

export interface SaintmodeInput {
  readonly config: ConfigKey;
  readonly name: string;
  readonly identity: Identity;
  /** Whether this config's declaration of the backend has a probe. */
  readonly probed: boolean;
  /** 0: the list is ignored. */
  readonly threshold: number;
}

export interface SaintmodeContext extends SaintmodeInput {
  readonly backend: BackendHealth | undefined;
  readonly entries: number;
  readonly told: boolean | undefined;
}

const healthyBackend = (c: SaintmodeContext) => isUsable(c.backend, c.probed);
const reached = (c: SaintmodeContext) => c.threshold > 0 && c.entries >= c.threshold;

function heard(one: HealthSpoke | CountSpoke): Partial<SaintmodeContext> {
  if (one.type === 'saint.count') return { entries: one.count };
  const { polled, passing, override } = one;
  return { backend: { polled, passing, override } };
}

/** The chart alone: what is drawn, and tested without effects. */
export const saintmodeMachine = setup({
  types: {
    context: {} as SaintmodeContext,
    events: {} as SaintmodeCommand,
    emitted: {} as SaintmodeEmitted,
    input: {} as SaintmodeInput,
  },
  guards: {
    isFull: ({ context }) => healthyBackend(context) && reached(context),
    isHealthy: ({ context }) => healthyBackend(context) && !reached(context),
    isSick: ({ context }) => !healthyBackend(context),
  },
  actions: {
    takeHealth: assign(({ event }) => (event.type === 'backend.health' ? heard(event) : {})),
    takeCount: assign(({ event }) => (event.type === 'saint.count' ? heard(event) : {})),
    takeRetained: assign(({ event }) =>
      event.type === 'topic.retained' ? Object.assign({}, ...event.said.map(heard)) : {},
    ),
    follow: enqueueActions(({ context: { identity }, enqueue }) => {
      enqueue.emit({ type: 'topic.follow', topics: [identity] });
    }),
    tellHealth: enqueueActions(({ context, enqueue }) => {
      const healthy = healthyBackend(context) && !reached(context);
      if (context.told === healthy) return;
      enqueue.assign({ told: healthy });
      enqueue.emit({ type: 'target.health', config: context.config, name: context.name, healthy });
    }),
  },
}).createMachine({
  id: 'saintmode',
  description: 'Stands for a backend, and is sick for everything once too many objects are denied.',
  context: ({ input }) => ({ ...input, backend: undefined, entries: 0, told: undefined }),
  entry: 'follow',
  initial: 'sick',
  on: {
    'backend.health': { actions: 'takeHealth', description: 'Health or order of its backend changed.' },
    'saint.count': { actions: 'takeCount', description: "The length of the backend's saint list changed." },
    'topic.retained': {
      actions: 'takeRetained',
      description: 'What was known of its backend before it came.',
    },
    'saintmode.end': { target: '.ended', description: 'Its config was discarded or turned cold.' },
  },
  states: {
    healthy: {
      description: 'Its backend can be asked, but for the objects on the list.',
      entry: 'tellHealth',
      always: [
        { guard: 'isSick', target: 'sick', description: 'Its backend went sick.' },
        { guard: 'isFull', target: 'full', description: 'Entries reach the threshold.' },
      ],
    },
    full: {
      description: 'So many objects are denied that its backend counts as sick for all of them.',
      entry: 'tellHealth',
      always: [
        { guard: 'isSick', target: 'sick', description: 'Its backend went sick.' },
        { guard: 'isHealthy', target: 'healthy', description: 'Entries fell below the threshold.' },
      ],
    },
    sick: {
      description: 'Its backend cannot be asked.',
      entry: 'tellHealth',
      always: [
        { guard: 'isHealthy', target: 'healthy', description: 'Its backend came back.' },
        {
          guard: 'isFull',
          target: 'full',
          description: 'Its backend came back, but entries reach the threshold.',
        },
      ],
    },
    ended: { type: 'final', description: 'Gone with its config.' },
  },
});
