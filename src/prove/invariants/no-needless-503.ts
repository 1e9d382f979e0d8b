/**
 * No 503 unless the config made it, retries were spent, the request could not be replayed, or every healthy backend
 * was full. A try that reached a backend and failed there is the config's to judge: a hook that lets it stand has
 * made the 503. What no config can want:
 *
 * - nobody is asked, although a backend that the request may go to is healthy, free, and would answer,
 * - nobody is asked, although nothing has ever gone wrong,
 * - nobody is asked, although there are several members and only one origin or host was lost,
 * - nobody is asked, although everything has been well again for minutes,
 * - those that are left are full at once, because their limits are a small part of what was lost.
 */
import type { BackendTry } from '../../proxy/request/request-report.ts';
import { broken, type Finding, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord, Run } from '../run.ts';
import { membersBelow, reachOf, Timeline } from '../timeline.ts';
import { aimOf } from './aim.ts';

export const noNeedless503: Invariant = {
  name: 'no request gets 503 as long as somebody could have answered it',
  judge(run) {
    const timeline = new Timeline(run);
    for (const record of run.requests) {
      const finding = needless(run, timeline, record);
      if (finding !== undefined) return broken(finding);
    }
    return holds(timeline.faults.length > 0 && run.requests.length > 0);
  },
};

function needless(run: Run, timeline: Timeline, record: RequestRecord): Finding | undefined {
  const { report } = record;
  const last = report?.tries.at(-1);
  if (record.status !== 503 || report?.failure === undefined || last === undefined) return undefined;
  if (report.hookErrors.length > 0 || last.error === undefined) return undefined;
  const { code, message } = last.error;
  if (code !== 'backend.none-healthy' && code !== 'backend.busy') return undefined;
  const at = record.at + last.startMs;
  const found = (why: string): Finding => ({
    at,
    message: `${record.method} ${record.url} got 503 ${why}`,
    request: record.number,
  });
  const target = aimOf(last);
  if (target === undefined && code === 'backend.none-healthy') return found(`because ${message}`);
  const aim = target ?? run.description.backends.find(({ identity }) => message.startsWith(identity))?.name;
  if (aim === undefined) return undefined;
  const spare = [...reachOf(run.description, aim)].find((name) =>
    couldAnswer(timeline, record, last, name, at),
  );
  if (spare !== undefined)
    return found(`although ${spare} is healthy, has room and would have answered: ${message}`);
  if (timeline.hadOrders(at)) return undefined;
  const loss = code === 'backend.busy' ? starvedBy : lossOf;
  return loss(run, timeline, aim, at, found);
}

/** Whether a backend could have been asked in place of nobody. */
function couldAnswer(
  timeline: Timeline,
  record: RequestRecord,
  { denied }: BackendTry,
  name: string,
  at: number,
): boolean {
  const backend = timeline.backend(name);
  if (backend === undefined || !timeline.wasUsable(backend, at)) return false;
  const { identity } = backend;
  const hasFailed = record.report?.tries.some((one) => one.identity === identity) === true;
  if (hasFailed || denied?.includes(identity) === true || record.full.includes(identity)) return false;
  return timeline.wouldAnswer(name, record.url, at);
}

/** Milliseconds after which a server that is well again should be back; with default probes it takes 10 s. */
const RECOVERY_MS = 5 * 60_000;

function lossOf(
  { description }: Run,
  timeline: Timeline,
  aim: string,
  at: number,
  found: (why: string) => Finding,
): Finding | undefined {
  const faults = timeline.faults.filter(({ from }) => from <= at);
  const [first] = faults;
  if (first === undefined) return found(`although nothing has gone wrong: ${aim} has nobody to ask`);
  const wellMs = timeline.wellFor(at);
  if (wellMs !== undefined && wellMs >= RECOVERY_MS) {
    return found(
      `although everything has been well again for ${Math.floor(wellMs / 60_000)} minutes: ${aim} has nobody to ask yet`,
    );
  }
  const where = first.act.at;
  const members = membersBelow(description, aim);
  if (members < 2 || faults.some(({ act }) => act.at !== where)) return undefined;
  return found(
    `although ${where} is all that was lost: ${aim} has ${members} members, and none of them can do without it`,
  );
}

/** Requests at the same time that any server is expected to bear. */
const FEW_AT_ONCE = 32;
/** A fallback may be smaller than what it stands in for, but not by so much. */
const LEAST_SHARE = 0.1;

function starvedBy(
  { description, requests }: Run,
  timeline: Timeline,
  aim: string,
  at: number,
  found: (why: string) => Finding,
): Finding | undefined {
  const faults = timeline.faults.filter(({ from }) => from <= at);
  const [first] = faults;
  if (first === undefined || faults.some(({ act }) => act.at !== first.act.at)) return undefined;
  const roomOf = (names: readonly string[]) =>
    names.map((name) => timeline.backend(name)?.limits.maxConnections || Number.POSITIVE_INFINITY);
  const reach = [...reachOf(description, aim)];
  const lost = Math.max(0, ...roomOf(reach.filter((name) => first.backends.includes(name))));
  const left = roomOf(reach.filter((name) => !first.backends.includes(name))).reduce(
    (sum, one) => sum + one,
    0,
  );
  const atOnce = requests.filter((one) => one.at <= at && (one.endedAt ?? at) >= at).length;
  if (left === 0 || left >= lost * LEAST_SHARE || atOnce > FEW_AT_ONCE) return undefined;
  return found(
    `although ${first.act.at} is all that was lost: what is left takes ${left} ${left === 1 ? 'request' : 'requests'} at a time`,
  );
}
