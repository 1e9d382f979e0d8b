/**
 * Grace bridges what a probe cannot tell yet: who can be served a stale copy when an origin fails is not given 503
 * before the next probe could have noticed. Judged where the config sets the grace itself.
 */
import { broken, type Finding, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord, StoreRecord } from '../run.ts';
import { nameOfIdentity, Timeline } from '../timeline.ts';

export const graceBridges: Invariant = {
  name: 'grace lasts until a probe can tell that an origin has failed',
  judge(run) {
    const timeline = new Timeline(run);
    const stored = run.stored.filter(({ isGraceSet, isKept }) => isGraceSet && isKept);
    if (stored.length === 0) return holds(false);
    for (const record of run.requests) {
      const finding = unbridged(timeline, stored, record);
      if (finding !== undefined) return broken(finding);
    }
    return holds(timeline.faults.length > 0);
  },
};

function unbridged(
  timeline: Timeline,
  stored: readonly StoreRecord[],
  { report, status, at, url, method, number }: RequestRecord,
): Finding | undefined {
  const last = report?.tries.at(-1);
  if (status !== 503 || report?.failure === undefined || last?.identity === undefined) return undefined;
  const backend = timeline.backend(nameOfIdentity(last.identity));
  const { probe } = backend ?? {};
  if (backend === undefined || probe === undefined) return undefined;
  const copy = stored.findLast((one) => one.url === url && one.at < at);
  if (copy === undefined) return undefined;
  const end = copy.at + copy.ttlMs + copy.graceMs;
  const noticeMs = probe.intervalMs + probe.timeoutMs;
  const fault = timeline.faults.find(
    ({ from, to, backends }) =>
      backends.includes(backend.name) && copy.at <= from && from <= end && at <= to && at <= from + noticeMs,
  );
  if (fault === undefined || at <= end || copy.graceMs >= noticeMs) return undefined;
  const grace = copy.graceMs / 1_000;
  const interval = probe.intervalMs / 1_000;
  const message = `${method} ${url} got 503: its copy ran out while ${backend.name} was down and no probe had told; grace is ${grace} s, ${backend.name} is probed every ${interval} s`;
  return { at, message, request: number };
}
