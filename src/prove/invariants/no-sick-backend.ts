/**
 * No request goes to a backend known sick for it while a healthy one of the same director exists. A backend that a hook
 * names itself counts if others get the same page by way of the director: then any member would have done.
 */
import type { BackendTry } from '../../proxy/request/request-report.ts';
import { broken, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord, Run } from '../run.ts';
import { nameOfIdentity, reachOf, Timeline } from '../timeline.ts';
import { aimOf } from './aim.ts';

export const noSickBackend: Invariant = {
  name: 'no request goes to a backend known to be sick while a healthy one of the same director exists',
  judge(run) {
    const timeline = new Timeline(run);
    let exercised = false;
    for (const record of run.requests) {
      for (const attempt of record.report?.tries ?? []) {
        const at = record.at + attempt.startMs;
        const name = attempt.identity === undefined ? aimOf(attempt) : nameOfIdentity(attempt.identity);
        const backend = name === undefined ? undefined : timeline.backend(name);
        if (backend === undefined || attempt.panic !== undefined) continue;
        if (run.description.backends.some((one) => timeline.wasSick(one, at))) exercised = true;
        if (!timeline.wasSick(backend, at)) continue;
        const better = healthyColleague(run, timeline, backend.name, record, attempt, at);
        if (better === undefined) continue;
        return broken({ at, message: sentence(record, backend.name, better), request: record.number });
      }
    }
    return holds(exercised);
  },
};

interface Better {
  readonly director: string;
  readonly backend: string;
}

function healthyColleague(
  { description, requests }: Run,
  timeline: Timeline,
  name: string,
  record: RequestRecord,
  { denied, via }: BackendTry,
  at: number,
): Better | undefined {
  for (const director of description.directors) {
    const reach = reachOf(description, director.name);
    if (!reach.has(name)) continue;
    if (!via.includes(director.name) && !requests.some((one) => goesBy(director.name, one, record))) continue;
    for (const other of reach) {
      const backend = timeline.backend(other);
      if (backend === undefined || other === name || denied?.includes(backend.identity) === true) continue;
      if (timeline.wasUsable(backend, at)) return { director: director.name, backend: other };
    }
  }
  return undefined;
}

/** Whether a request for the same page has gone by way of a director. */
function goesBy(
  director: string,
  { method, url, host, report }: RequestRecord,
  same: RequestRecord,
): boolean {
  if (method !== same.method || url !== same.url || host !== same.host) return false;
  return report?.tries.some(({ via }) => via.includes(director)) === true;
}

function sentence({ method, url }: RequestRecord, sick: string, { director, backend }: Better): string {
  return `${method} ${url} was sent to ${sick}, which is known to be sick, although ${backend}, which the director ${director} has as well, is healthy`;
}
