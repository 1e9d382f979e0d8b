/** A poller that is elected, dismissed, answered in time or late, and restored, at any time. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type PollerEmitted, pollerMachine } from '../../../src/actors/poller.ts';
import { conclude, recordsOf } from '../../../src/actors/probe-window.ts';
import type { ProbeDeclaration } from '../../../src/config/declaration.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { type Addresses, identityOf } from '../../../src/identity.ts';
import { checkMachine, given, type Observer } from '../../../src/testing/index.ts';
import { probeOf, probeResult } from '../../support/control-world.ts';

const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 };
const identity = identityOf('b1', addresses);

const every = (intervalMs: number, changes: Partial<ProbeDeclaration>) =>
  probeOf({ intervalMs, window: 4, threshold: 2, initial: 0, ...changes });
const probes = [
  every(1_000, {}),
  // Another config's, which differs in what is asked only.
  every(1_000, { url: '/other' }),
  every(250, { window: 8, threshold: 3, initial: 2 }),
  every(4_000, { window: 1, threshold: 1, initial: 1 }),
];

/** What is known from outside: the elected probe, the probe under way, and when the last one ended. */
function observe(): Observer<typeof pollerMachine> {
  let elected: ProbeDeclaration | undefined;
  let underWay: number | undefined;
  let lastEnd = Number.NEGATIVE_INFINITY;
  let answered = 0;
  let lastAttempt = 0;
  let verdict: { polled: string; passing: boolean } | undefined;

  const listen = (event: PollerEmitted, now: number): void => {
    switch (event.type) {
      case 'probe.wanted':
        expect(underWay, 'one probe at a time').toBeUndefined();
        expect(event.probe, 'the elected probe').toBe(elected);
        expect(now - lastEnd).toBeGreaterThanOrEqual(event.probe.intervalMs);
        expect(event.attempt, 'a number of its own').toBeGreaterThan(lastAttempt);
        lastAttempt = event.attempt;
        underWay = event.attempt;
        return;
      case 'probe.unwanted':
        expect(event.attempt, 'calls off what is under way').toBe(underWay);
        underWay = undefined;
        lastEnd = now;
        return;
      case 'probe.recorded':
        underWay = undefined;
        lastEnd = now;
        answered++;
        return;
      case 'health.concluded': {
        const { polled, passing } = event;
        expect({ polled, passing }, 'only what is new').not.toEqual(verdict);
        verdict = { polled, passing };
        return;
      }
      default:
        event satisfies never;
    }
  };

  return {
    at({ now, event, emitted, timers, snapshot: { context, status } }) {
      if (event?.type === 'poller.elect') elected = event.probe;
      if (event?.type === 'poller.dismiss' || event?.type === 'poller.retire') elected = undefined;
      if (event?.type === 'actor.restored' && underWay !== undefined) {
        underWay = undefined;
        lastEnd = now;
      }
      if (event?.type === 'probe.answered' && event.attempt !== underWay) {
        expect(emitted, 'an answer to an older probe counts for nothing').toEqual([]);
      }
      for (const one of emitted) listen(one, now);
      if (event?.type === 'poller.dismiss') verdict = undefined;

      expect(timers.length + (underWay === undefined ? 0 : 1)).toBe(elected === undefined ? 0 : 1);
      const due = timers[0]?.due;
      if (elected !== undefined && due !== undefined) {
        expect(due).toBe(Math.max(lastEnd + elected.intervalMs, Math.min(due, now)));
      }
      expect(recordsOf(context.history).length, 'history kept').toBe(Math.min(64, answered));
      if (status === 'active' && context.elected !== undefined && context.history !== undefined) {
        const { polled, passing } = conclude(context.history, context.elected.probe);
        expect(verdict).toEqual({ polled, passing });
      }
    },
  };
}

export const poller = {
  invariant:
    'a probe is under way or scheduled exactly while a config is elected; it starts one interval of the elected probe after the last one ended, or at once if that has passed',
  check: () =>
    checkMachine(pollerMachine, {
      input: fc.constant({ identity, addresses }),
      events: {
        'poller.elect': given(fc.nat(probes.length - 1), (which, { now }) => ({
          config: configKeyOf(`config${which}`, 1),
          probe: probes[which] ?? probeOf(),
          hostHeader: 'example.org',
          at: now,
        })),
        'poller.dismiss': given(fc.constant({}), (_, { now }) => ({ at: now })),
        'actor.restored': given(fc.constant({}), (_, { now }) => ({ at: now })),
        'probe.answered': given(
          fc.record({ isHappy: fc.boolean(), isLate: fc.boolean() }),
          ({ isHappy, isLate }, { now, snapshot: { context } }) => ({
            attempt: isLate ? context.attempt - 1 : context.attempt,
            result: probeResult(isHappy),
            at: now,
          }),
        ),
      },
      weights: { 'poller.elect': 4, 'poller.retire': 0.1, 'probe.answered': 6, wait: 6 },
      waits: fc.constantFrom(0, 1, 100, 249, 1_000, 5_000),
      parameters: { numRuns: 200 },
      observe,
    }),
};
