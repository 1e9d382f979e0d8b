/**
 * Poller: the one actor that probes a backend identity, with the probe of one elected config.
 *
 *   idle --elected--> scheduled --(due)--> probing --answered--> scheduled      any --dismissed--> idle
 *
 * It owns the health record, so that the backend can retire without asking it anything. Its time between
 * two probes is counted from the end of one to the start of the next, as varnishd does; a re-election in
 * between keeps the history and the schedule, and applies the new window and threshold at once.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Addresses, Identity } from '../identity.ts';
import type { ProbeResult } from '../probe-result.ts';
import type { PolledHealth } from '../snapshot.ts';
import { type Conclusion, conclude, type ProbeHistory, unprobedHistory, withRecord } from './probe-window.ts';

/** What its backend sends. `at`: milliseconds of the clock. */
export type PollerCommand =
  | {
      readonly type: 'poller.elect';
      readonly config: ConfigKey;
      readonly probe: ProbeDeclaration;
      readonly hostHeader: string;
      readonly at: number;
    }
  | { readonly type: 'poller.dismiss'; readonly at: number }
  /** It failed and was replaced: its timer and its probe are lost. */
  | { readonly type: 'actor.restored'; readonly at: number }
  | { readonly type: 'poller.retire' };

/** What its own effect replies. */
export type ProbeReply = {
  readonly type: 'probe.answered';
  readonly attempt: number;
  readonly result: ProbeResult;
  readonly at: number;
};

export type PollerEmitted =
  | {
      readonly type: 'probe.wanted';
      readonly identity: Identity;
      readonly addresses: Addresses;
      readonly config: ConfigKey;
      readonly probe: ProbeDeclaration;
      readonly hostHeader: string;
      readonly attempt: number;
    }
  | { readonly type: 'probe.unwanted'; readonly identity: Identity; readonly attempt: number }
  /** Every result, for logs and pages. */
  | {
      readonly type: 'probe.recorded';
      readonly identity: Identity;
      readonly config: ConfigKey;
      readonly result: ProbeResult;
      readonly conclusion: Conclusion;
      readonly averageMs: number;
    }
  /** Only when it differs from what was said before. */
  | {
      readonly type: 'health.concluded';
      readonly identity: Identity;
      readonly polled: PolledHealth;
      readonly passing: boolean;
    };

export interface PollerInput {
  readonly identity: Identity;
  readonly addresses: Addresses;
}

interface Election {
  readonly config: ConfigKey;
  readonly probe: ProbeDeclaration;
  readonly hostHeader: string;
}

export interface PollerContext extends PollerInput {
  readonly elected: Election | undefined;
  readonly history: ProbeHistory | undefined;
  readonly conclusion: Conclusion | undefined;
  /** What the backend was last told. */
  readonly told: Conclusion | undefined;
  /** When the last probe ended, by an answer or by being called off; undefined before the first. */
  readonly probedAt: number | undefined;
  /** Length of the wait that begins with the next entry to `scheduled`, in milliseconds. */
  readonly waitMs: number;
  /** Number of the last probe asked for; an answer to an older one is ignored. */
  readonly attempt: number;
}

/** Milliseconds from `at` until the next probe is due: none if there was no probe yet. */
function waitFrom(at: number, probedAt: number | undefined, probe: ProbeDeclaration): number {
  return probedAt === undefined ? 0 : Math.max(0, probedAt + probe.intervalMs - at);
}

/** Takes over a probe. A backend without a result yet starts from that probe's own `initial`. */
function elect(context: PollerContext, event: PollerCommand & { type: 'poller.elect' }) {
  const { probe, hostHeader, config } = event;
  const { history: before } = context;
  const history = before === undefined || before.ring.length === 0 ? unprobedHistory(probe) : before;
  return {
    elected: { config, probe, hostHeader },
    history,
    conclusion: conclude(history, probe),
    waitMs: waitFrom(event.at, context.probedAt, probe),
  };
}

function record({ history: before }: PollerContext, { probe }: Election, event: ProbeReply) {
  if (before === undefined) return undefined;
  const history = withRecord(before, { ...event.result, at: event.at });
  return { history, conclusion: conclude(history, probe), probedAt: event.at, waitMs: probe.intervalMs };
}

/** What the backend is to be told, unless it was told just that before. */
function newVerdict({ identity, told }: PollerContext, { polled, passing }: Conclusion) {
  if (told?.polled === polled && told.passing === passing) return undefined;
  return { type: 'health.concluded', identity, polled, passing } satisfies PollerEmitted;
}

/** The chart alone: what is drawn, and tested without effects. */
export const pollerMachine = setup({
  types: {
    context: {} as PollerContext,
    events: {} as PollerCommand | ProbeReply,
    emitted: {} as PollerEmitted,
    input: {} as PollerInput,
  },
  delays: { untilDue: ({ context }) => context.waitMs },
  guards: {
    /** Then the probe is due when it was due before. */
    keepsInterval: ({ context, event }) =>
      event.type === 'poller.elect' && event.probe.intervalMs === context.elected?.probe.intervalMs,
    answersLastProbe: ({ context, event }) =>
      event.type === 'probe.answered' && event.attempt === context.attempt,
  },
  actions: {
    // One action for what is taken in and what is told because of it: two would cost a quarter of the step more.
    takeOverProbe: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'poller.elect') return;
      const changes = elect(context, event);
      const verdict = newVerdict(context, changes.conclusion);
      enqueue.assign(verdict === undefined ? changes : { ...changes, told: changes.conclusion });
      if (verdict !== undefined) enqueue.emit(verdict);
    }),
    /** A probe without an answer counts for the interval, or switching to and fro would flood the backend. */
    noteProbeLost: assign(({ event }) =>
      event.type === 'poller.dismiss' || event.type === 'actor.restored' ? { probedAt: event.at } : {},
    ),
    waitForTheRest: assign(({ context: { elected, probedAt }, event }) =>
      event.type === 'actor.restored' && elected !== undefined
        ? { waitMs: waitFrom(event.at, probedAt, elected.probe) }
        : {},
    ),
    forgetElection: assign({ elected: undefined, conclusion: undefined, told: undefined }),
    askForProbe: enqueueActions(({ context: c, enqueue }) => {
      if (c.elected === undefined) return;
      const attempt = c.attempt + 1;
      enqueue.assign({ attempt });
      const { identity, addresses } = c;
      enqueue.emit({ type: 'probe.wanted', identity, addresses, attempt, ...c.elected });
    }),
    callOffProbe: emit(
      ({ context: c }): PollerEmitted => ({
        type: 'probe.unwanted',
        identity: c.identity,
        attempt: c.attempt,
      }),
    ),
    recordResult: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'probe.answered' || context.elected === undefined) return;
      const changes = record(context, context.elected, event);
      if (changes === undefined) return;
      const { conclusion, history } = changes;
      const { identity, elected } = context;
      const verdict = newVerdict(context, conclusion);
      enqueue.assign(verdict === undefined ? changes : { ...changes, told: conclusion });
      enqueue.emit({
        type: 'probe.recorded',
        identity,
        config: elected.config,
        result: event.result,
        conclusion,
        averageMs: history.averageMs,
      });
      if (verdict !== undefined) enqueue.emit(verdict);
    }),
  },
}).createMachine({
  id: 'poller',
  description: 'Probes one backend identity with the probe of one elected config.',
  context: ({ input }) => ({
    ...input,
    elected: undefined,
    history: undefined,
    conclusion: undefined,
    told: undefined,
    probedAt: undefined,
    waitMs: 0,
    attempt: 0,
  }),
  initial: 'idle',
  on: {
    'poller.retire': { target: '.retired', description: 'The backend is gone.' },
  },
  states: {
    idle: {
      description: 'No config that counts gives this backend a probe.',
      on: {
        'poller.elect': {
          target: 'scheduled',
          actions: 'takeOverProbe',
          description: 'A config was elected: its probe is used from now on.',
        },
      },
    },
    scheduled: {
      description: 'Waits until the next probe is due.',
      after: { untilDue: { target: 'probing', description: 'One interval after the last probe ended.' } },
      on: {
        'poller.elect': [
          {
            guard: 'keepsInterval',
            actions: 'takeOverProbe',
            description: 'Another config was elected: history and schedule are kept.',
          },
          {
            target: 'scheduled',
            reenter: true,
            actions: 'takeOverProbe',
            description: 'Another config was elected whose interval differs: it counts from the last probe.',
          },
        ],
        'actor.restored': {
          target: 'scheduled',
          reenter: true,
          actions: 'waitForTheRest',
          description: 'Waits for what is left of the interval.',
        },
        'poller.dismiss': {
          target: 'idle',
          actions: 'forgetElection',
          description: 'No config is left whose probe could be used.',
        },
      },
    },
    probing: {
      description: 'A probe is under way.',
      entry: 'askForProbe',
      on: {
        'probe.answered': {
          guard: 'answersLastProbe',
          target: 'scheduled',
          actions: 'recordResult',
          description: 'The probe ended, well or not.',
        },
        'actor.restored': {
          target: 'scheduled',
          actions: ['noteProbeLost', 'waitForTheRest'],
          description: 'The probe under way is lost: waits one interval.',
        },
        'poller.elect': {
          actions: 'takeOverProbe',
          description: 'Another config was elected: the probe under way still counts.',
        },
        'poller.dismiss': {
          target: 'idle',
          actions: ['callOffProbe', 'noteProbeLost', 'forgetElection'],
          description: 'No config is left whose probe could be used.',
        },
        'poller.retire': {
          target: 'retired',
          actions: 'callOffProbe',
          description: 'The backend is gone.',
        },
      },
    },
    retired: { type: 'final', description: 'Never probes again.' },
  },
});
