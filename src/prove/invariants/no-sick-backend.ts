/**
 * No request goes to a backend known sick for it while a healthy one of the same director exists. A backend that a hook
 * names itself counts if others get the same page by way of the director: then any member would have done.
 */
import type { ResolvedBackend } from '../../config/declaration.ts';
import type { Identity } from '../../identity.ts';
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
        const name =
          attempt.identity === undefined ? unwrapped(run, aimOf(attempt)) : nameOfIdentity(attempt.identity);
        const backend = name === undefined ? undefined : timeline.backend(name);
        if (backend === undefined || isNeeded(run, timeline, attempt, at)) continue;
        if (run.description.backends.some((one) => timeline.wasSick(one, at))) exercised = true;
        if (!timeline.wasSick(backend, at) && !isRefusedBy(attempt, backend)) continue;
        const better = healthyColleague(run, timeline, backend.name, record, attempt, at);
        if (better === undefined) continue;
        return broken({
          at,
          message: sentence(record, attempt, backend, better),
          request: record.number,
        });
      }
    }
    return holds(exercised);
  },
};

/** Whether nobody was asked because of a backend's saint list. One that was asked all the same: `saint-list-heeded`. */
function isRefusedBy({ identity, denied }: BackendTry, backend: ResolvedBackend): boolean {
  return identity === undefined && denied?.includes(backend.identity) === true;
}

/** The backend of a saintmode object. */
function unwrapped({ description }: Run, name: string | undefined): string | undefined {
  return description.saintmodes.find((one) => one.name === name)?.backend ?? name;
}

/** Whether a director ignored health because most of its members were sick: then better these than none. */
function isNeeded({ description }: Run, timeline: Timeline, { panic }: BackendTry, at: number): boolean {
  if (panic === undefined) return false;
  const members = [...reachOf(description, panic)].flatMap((name) => timeline.backend(name) ?? []);
  return members.filter((one) => timeline.wasUsable(one, at)).length < members.length * 0.5;
}

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
      if (hasFailed(requests, backend.identity, record)) continue;
      if (timeline.wasUsable(backend, at)) return { director: director.name, backend: other };
    }
  }
  return undefined;
}

/** Whether this request, or one before it that has denied the page, has failed at a backend. */
function hasFailed(requests: readonly RequestRecord[], identity: Identity, record: RequestRecord): boolean {
  return requests.some(
    (one) =>
      one.url === record.url &&
      one.report?.tries.some(
        (tried) =>
          tried.identity === identity &&
          (tried.deniedForMs !== undefined || (one === record && tried.givenUp !== undefined)),
      ),
  );
}

/** Whether a request for the same page has gone by way of a director. */
function goesBy(
  director: string,
  { method, url, host, report }: RequestRecord,
  same: RequestRecord,
): boolean {
  if (!isAlike(method, same.method) || url !== same.url || host !== same.host) return false;
  return report?.tries.some(({ via }) => via.includes(director)) === true;
}

/** What changes something may be one server's alone; what reads may not, if others read the same elsewhere. */
const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

function isAlike(one: string, other: string): boolean {
  return one === other || (!changing.has(one) && !changing.has(other));
}

function sentence(
  { method, url }: RequestRecord,
  attempt: BackendTry,
  backend: ResolvedBackend,
  { director, backend: better }: Better,
): string {
  const { panic, identity } = attempt;
  const how = identity === undefined ? 'was for nobody but' : 'was sent to';
  const what = isRefusedBy(attempt, backend) ? 'on whose saint list it is' : 'which is known to be sick';
  const why = panic === undefined ? '' : ` (${panic} ignores health at that point: its panicThreshold)`;
  return `${method} ${url} ${how} ${backend.name}, ${what}, although ${better}, which the director ${director} has as well, is healthy${why}`;
}
