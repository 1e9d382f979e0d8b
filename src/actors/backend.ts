/**
 * Backend: what is known of one backend identity, shared by every config that declares it. Three things
 * at once: what polling says, what the operator ordered, and whether any config still counts.
 *
 *   health    unpolled | unprobed | healthy | sick
 *   override  auto | healthy | sick | drain
 *   life      live --(last declaration withdrawn)--> retiring --(connections closed)--> retired
 *
 * It elects the config whose probe is used (see election.ts) and tells its poller.
 */
import { emit, enqueueActions, setup } from 'xstate';
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Addresses, Identity } from '../identity.ts';
import type { BackendHealth, Override, PolledHealth } from '../snapshot.ts';
import { type Declaration, elect, withDeclaration } from './election.ts';

export type BackendCommand =
  | ({ readonly type: 'backend.declare'; readonly identity: Identity } & Declaration)
  | { readonly type: 'backend.withdraw'; readonly identity: Identity; readonly config: ConfigKey }
  | { readonly type: 'backend.set-health'; readonly identity: Identity; readonly override: Override };

/** What its poller and the data planes report. */
export type BackendReport =
  | {
      readonly type: 'health.concluded';
      readonly identity: Identity;
      readonly polled: PolledHealth;
      readonly passing: boolean;
    }
  | { readonly type: 'connections.closed'; readonly identity: Identity };

export type BackendEmitted =
  | {
      readonly type: 'poller.elect';
      readonly identity: Identity;
      readonly addresses: Addresses;
      readonly config: ConfigKey;
      readonly probe: ProbeDeclaration;
      readonly hostHeader: string;
    }
  | { readonly type: 'poller.dismiss'; readonly identity: Identity }
  | { readonly type: 'poller.retire'; readonly identity: Identity }
  /** Told when it appears, and when any of it changes. */
  | {
      readonly type: 'backend.health';
      readonly identity: Identity;
      readonly polled: PolledHealth;
      readonly passing: boolean;
      readonly override: Override;
    }
  | { readonly type: 'backend.retired'; readonly identity: Identity };

export interface BackendInput {
  readonly identity: Identity;
  readonly addresses: Addresses;
}

export interface BackendContext extends BackendInput {
  /** One for each config that counts, in the order in which they were first heard of. */
  readonly declarations: readonly Declaration[];
  readonly elected: Declaration | undefined;
  readonly polled: PolledHealth;
  readonly passing: boolean;
  readonly override: Override;
  /** What was last told since it appeared; undefined while no config declares it. */
  readonly told: BackendHealth | undefined;
}

/** Tells the poller what follows from the declarations, if it differs from what it was told before. */
function electionOf(context: BackendContext, declarations: readonly Declaration[]) {
  const { elected: before, identity, addresses } = context;
  const elected = elect(declarations, before?.config);
  const emitted: BackendEmitted[] = [];
  if (elected?.probe !== undefined && elected !== before) {
    const { config, probe, hostHeader } = elected;
    const isNews = before?.config !== config || before.probe !== probe || before.hostHeader !== hostHeader;
    if (isNews) emitted.push({ type: 'poller.elect', identity, addresses, config, probe, hostHeader });
  }
  if (elected === undefined && before !== undefined) emitted.push({ type: 'poller.dismiss', identity });
  return { elected, emitted };
}

/** What is to be told of its health. Silent once nobody declares it: what was said to be retired must not reappear. */
function newsOf({ identity, declarations, polled, passing, override, told }: BackendContext) {
  const isTold = told?.polled === polled && told.passing === passing && told.override === override;
  if (declarations.length === 0 || isTold) return undefined;
  const health: BackendHealth = { polled, passing, override };
  const news: BackendEmitted = { type: 'backend.health', identity, ...health };
  return { changes: { told: health }, told: news };
}

/** Shared by the states of region `health`: what a poller may conclude in any of them. */
const concluded = {
  'health.concluded': [
    {
      guard: 'concludesHealthy',
      target: 'healthy',
      actions: 'takeConclusion',
      description: 'Good probes in the window reach the threshold.',
    },
    {
      guard: 'concludesSick',
      target: 'sick',
      actions: 'takeConclusion',
      description: 'Good probes in the window are below the threshold.',
    },
    {
      guard: 'concludesUnprobed',
      target: 'unprobed',
      actions: 'takeConclusion',
      description: 'Another probe was elected before the first result.',
    },
  ],
} as const;

const unpolledAgain = {
  guard: 'isUnpolled',
  target: 'unpolled',
  actions: 'forgetConclusion',
  description: 'No config is left that gives it a probe.',
} as const;

/** Shared by the states of region `override`: an operator may order anything at any time. */
const ordered = {
  'backend.set-health': [
    {
      guard: 'ordersAuto',
      target: 'auto',
      actions: 'takeOrder',
      description: 'Set to auto.',
    },
    {
      guard: 'ordersHealthy',
      target: 'healthy',
      actions: 'takeOrder',
      description: 'Set to healthy.',
    },
    {
      guard: 'ordersSick',
      target: 'sick',
      actions: 'takeOrder',
      description: 'Set to sick.',
    },
    {
      guard: 'ordersDrain',
      target: 'drain',
      actions: 'takeOrder',
      description: 'Set to drain.',
    },
  ],
} as const;

/** The chart alone: what is drawn, and tested without effects. */
export const backendMachine = setup({
  types: {
    context: {} as BackendContext,
    events: {} as BackendCommand | BackendReport,
    emitted: {} as BackendEmitted,
    input: {} as BackendInput,
  },
  guards: {
    isPolled: ({ context }) => context.elected !== undefined,
    isUnpolled: ({ context }) => context.elected === undefined,
    concludesUnprobed: ({ event }) => event.type === 'health.concluded' && event.polled === 'unprobed',
    concludesHealthy: ({ event }) => event.type === 'health.concluded' && event.polled === 'healthy',
    concludesSick: ({ event }) => event.type === 'health.concluded' && event.polled === 'sick',
    ordersAuto: ({ event }) => event.type === 'backend.set-health' && event.override === 'auto',
    ordersHealthy: ({ event }) => event.type === 'backend.set-health' && event.override === 'healthy',
    ordersSick: ({ event }) => event.type === 'backend.set-health' && event.override === 'sick',
    ordersDrain: ({ event }) => event.type === 'backend.set-health' && event.override === 'drain',
    withdrawsLast: ({ context: { declarations }, event }) =>
      event.type === 'backend.withdraw' && declarations.every((one) => one.config === event.config),
  },
  actions: {
    // One action for what is taken in and what is told because of it: two would cost a quarter of the step more.
    takeDeclaration: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'backend.declare') return;
      const { config, probe, hostHeader, active } = event;
      const declarations = withDeclaration(context.declarations, { config, probe, hostHeader, active });
      const { elected, emitted } = electionOf(context, declarations);
      const news = newsOf({ ...context, declarations });
      enqueue.assign({ declarations, elected, ...news?.changes });
      for (const one of emitted) enqueue.emit(one);
      if (news !== undefined) enqueue.emit(news.told);
    }),
    dropDeclaration: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'backend.withdraw') return;
      const declarations = context.declarations.filter((one) => one.config !== event.config);
      const { elected, emitted } = electionOf(context, declarations);
      enqueue.assign({
        declarations,
        elected,
        ...(declarations.length === 0 ? { told: undefined } : {}),
      });
      for (const one of emitted) enqueue.emit(one);
    }),
    takeConclusion: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'health.concluded') return;
      const { polled, passing } = event;
      const news = newsOf({ ...context, polled, passing });
      enqueue.assign({ polled, passing, ...news?.changes });
      if (news !== undefined) enqueue.emit(news.told);
    }),
    forgetConclusion: enqueueActions(({ context, enqueue }) => {
      const forgotten = { polled: 'unprobed', passing: false } as const;
      const news = newsOf({ ...context, ...forgotten });
      enqueue.assign({ ...forgotten, ...news?.changes });
      if (news !== undefined) enqueue.emit(news.told);
    }),
    takeOrder: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'backend.set-health') return;
      const { override } = event;
      const news = newsOf({ ...context, override });
      enqueue.assign({ override, ...news?.changes });
      if (news !== undefined) enqueue.emit(news.told);
    }),
    tellRetired: emit(
      ({ context: c }): BackendEmitted => ({ type: 'backend.retired', identity: c.identity }),
    ),
    retirePoller: emit(({ context: c }): BackendEmitted => ({ type: 'poller.retire', identity: c.identity })),
  },
}).createMachine({
  id: 'backend',
  description: 'What is known of one backend identity, shared by every config that declares it.',
  context: ({ input }) => ({
    ...input,
    declarations: [],
    elected: undefined,
    polled: 'unprobed',
    passing: false,
    override: 'auto',
    told: undefined,
  }),
  initial: 'present',
  states: {
    present: {
      description: 'Known to the data planes.',
      type: 'parallel',
      states: {
        health: {
          description: 'What polling says.',
          initial: 'unpolled',
          states: {
            unpolled: {
              description: 'No config gives it a probe.',
              always: {
                guard: 'isPolled',
                target: 'unprobed',
                description: 'A config with a probe was elected.',
              },
            },
            unprobed: {
              description: 'It has a probe, but no result yet.',
              always: unpolledAgain,
              on: concluded,
            },
            healthy: {
              description: 'Enough of the latest probes were good.',
              always: unpolledAgain,
              on: concluded,
            },
            sick: {
              description: 'Too few of the latest probes were good.',
              always: unpolledAgain,
              on: concluded,
            },
          },
        },
        override: {
          description: 'What an operator ordered.',
          initial: 'auto',
          states: {
            auto: { description: 'Polling decides.', on: ordered },
            healthy: { description: 'Used, whatever polling says.', on: ordered },
            sick: { description: 'Not used, whatever polling says.', on: ordered },
            drain: { description: 'Takes no new requests; running ones live.', on: ordered },
          },
        },
        life: {
          description: 'Whether any config still counts.',
          initial: 'live',
          states: {
            live: {
              description: 'At least one warm or active config declares it.',
              on: {
                'backend.declare': {
                  actions: 'takeDeclaration',
                  description: 'A config declares it, or declares it anew as the active one.',
                },
                'backend.withdraw': [
                  {
                    guard: 'withdrawsLast',
                    target: 'retiring',
                    actions: 'dropDeclaration',
                    description: 'The last config that counted was discarded or turned cold.',
                  },
                  {
                    actions: 'dropDeclaration',
                    description: 'One of several configs was discarded or turned cold.',
                  },
                ],
              },
            },
            retiring: {
              description: 'No config counts any more; connections are being closed.',
              entry: 'tellRetired',
              on: {
                'backend.declare': {
                  target: 'live',
                  actions: 'takeDeclaration',
                  description: 'A config declares it again in time: what is known of it is kept.',
                },
                'connections.closed': {
                  target: '#backend.retired',
                  description: 'The last connection to it has closed.',
                },
              },
            },
          },
        },
      },
    },
    retired: {
      description: 'Gone, and its poller with it.',
      type: 'final',
      entry: 'retirePoller',
    },
  },
});
