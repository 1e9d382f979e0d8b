/** Pollers, for people who look: whose probe each uses, and when the next one is due. */
import type { PollerContext } from '../../../actors/poller.ts';
import type { ProbeDeclaration } from '../../../config/declaration.ts';
import type { Identity } from '../../../identity.ts';
import type { Operated } from '../operated.ts';
import type { Poller } from '../schema/poller-schema.ts';
import { wallTimeOf } from '../wall-time.ts';

/** undefined: it has just gone. */
export function showPoller({ control, clock }: Operated, identity: Identity): Poller | undefined {
  const snapshot = control.registry.snapshot('poller', identity);
  if (snapshot === undefined) return undefined;
  const { elected, attempt, probedAt } = snapshot.context as PollerContext;
  const state = snapshot.value as Poller['state'];
  const shown: Poller = { identity, state, probes: attempt };
  if (probedAt !== undefined) shown.lastProbeAt = wallTimeOf(clock, probedAt);
  if (elected === undefined) return shown;
  const { config, hostHeader, probe } = elected;
  Object.assign(shown, { config, hostHeader, probe: shownProbe(probe) });
  // Without an earlier probe it is due at once.
  const dueAt = probedAt === undefined ? clock.now() : probedAt + probe.intervalMs;
  if (state === 'scheduled') shown.nextProbeAt = wallTimeOf(clock, dueAt);
  return shown;
}

function shownProbe({ request, ...probe }: ProbeDeclaration): Poller['probe'] {
  return { ...probe, ...(request !== undefined && { request: [...request] }) };
}
