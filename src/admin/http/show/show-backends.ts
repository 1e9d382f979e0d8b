/** Backends, for people who look: what polling says, what was ordered, what they have done. */
import type { BackendContext } from '../../../actors/backend.ts';
import type { PollerContext } from '../../../actors/poller.ts';
import { type ProbeRecord, recordsOf } from '../../../actors/probe-window.ts';
import type { ConfigDescription } from '../../../config/declaration.ts';
import type { Identity } from '../../../identity.ts';
import type { BackendFigures } from '../../../proxy-stats.ts';
import { isUsable, type Snapshot } from '../../../snapshot.ts';
import type { ControlPlane } from '../../../streams/control-plane.ts';
import type { KnownBackend } from '../../identity-pattern.ts';
import type { Operated } from '../operated.ts';
import type { Backend, HealthName } from '../schema/backend-schema.ts';
import { wallTimeOf } from '../wall-time.ts';
import { activeConfig } from './known-backends.ts';
import { shownLatency } from './shown-latency.ts';

/** What all backends of one answer are shown with; gathered once. */
export interface BackendView {
  readonly operated: Operated;
  readonly snapshot: Snapshot;
  readonly active: string | undefined;
  /** Whether the active config's declaration of a backend has a probe. */
  readonly probedByActive: ReadonlyMap<Identity, boolean>;
  readonly figures: Readonly<Record<Identity, BackendFigures>>;
}

export function backendView(operated: Operated): BackendView {
  const { control } = operated;
  const active = activeConfig(control);
  const { backends: figures } = operated.stats();
  const probedByActive = probedBy(active?.description);
  return { operated, snapshot: control.snapshot(), active: active?.name, probedByActive, figures };
}

/** Whether a config's declarations have probes, by identity. */
function probedBy(description: ConfigDescription | undefined): ReadonlyMap<Identity, boolean> {
  return new Map(description?.backends.map(({ identity, probe }) => [identity, probe !== undefined]));
}

/** @param withHistory each probe of the latest 64, with its reason */
export function showBackend(view: BackendView, known: KnownBackend, withHistory: boolean): Backend {
  const { operated, snapshot, active, probedByActive } = view;
  const { control, clock } = operated;
  const { identity, name } = known;
  const context: BackendContext | undefined = control.registry.snapshot('backend', identity)?.context;
  const poller: PollerContext | undefined = control.registry.snapshot('poller', identity)?.context;
  const health = snapshot.health.get(identity);
  const figures = view.figures[identity];
  const isActive = active !== undefined && known.configs.includes(active);
  const records = recordsOf(poller?.history).map((record) => ({
    at: wallTimeOf(clock, record.at),
    happy: record.happy,
    ms: record.responseTimeMs,
    reason: record.reason,
  }));
  return {
    identity,
    name,
    configs: [...known.configs],
    isActive,
    isUsable: isActive && isUsable(health, probedByActive.get(identity) ?? false),
    health: healthOf(control, identity),
    override: context?.override ?? 'auto',
    ...(health?.changedAt !== undefined && { changedAt: wallTimeOf(clock, health.changedAt) }),
    ...probingOf(poller, records),
    saintEntries: control.saintCount(identity),
    ...(figures !== undefined && { figures: shownFigures(figures) }),
    ...(withHistory && { history: records }),
  };
}

/** What polling says of a backend, as the four states that people tell apart. */
export function healthOf({ registry }: ControlPlane, identity: Identity): HealthName {
  const context: BackendContext | undefined = registry.snapshot('backend', identity)?.context;
  return context?.elected === undefined ? 'no-probe' : context.polled;
}

type ShownRecord = Omit<ProbeRecord, 'flags' | 'responseTimeMs'> & { readonly ms: number };

function probingOf(poller: PollerContext | undefined, records: readonly ShownRecord[]) {
  const { elected, conclusion, history } = poller ?? {};
  if (elected === undefined || conclusion === undefined) return {};
  const lastFailure = records.findLast(({ happy }) => !happy);
  const probing = {
    good: conclusion.good,
    window: elected.probe.window,
    threshold: elected.probe.threshold,
    averageMs: history?.averageMs ?? 0,
    latest: records.map(({ happy }) => (happy ? 'H' : '-')).join(''),
    ...(lastFailure !== undefined && { lastFailure: { ...lastFailure } }),
  };
  return { probing };
}

function shownFigures({ answerTimes, failures, ...figures }: BackendFigures): Backend['figures'] {
  const failed = Object.entries(failures).map(([code, failed]) => [code, failed ?? 0] as const);
  return {
    ...figures,
    failures: Object.fromEntries(failed),
    ...(answerTimes !== undefined && { answerTimes: shownLatency(answerTimes) }),
  };
}
