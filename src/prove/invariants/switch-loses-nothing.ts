/** A switch to another config loses no request: what was answered well before it is answered well after it. */
import { broken, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord } from '../run.ts';
import { Timeline } from '../timeline.ts';

export const switchLosesNothing: Invariant = {
  name: 'a switch to another config loses no request',
  judge(run) {
    const switched = run.commands.find(
      ({ what, refusal }) => what.startsWith('use ') && refusal === undefined,
    );
    if (switched === undefined) return holds(false);
    const timeline = new Timeline(run);
    const firstFault = timeline.faults[0]?.from ?? Number.POSITIVE_INFINITY;
    let exercised = false;
    for (const record of run.requests) {
      const { at, endedAt = Number.POSITIVE_INFINITY, method, url, number } = record;
      if (endedAt < switched.at) continue;
      // Only what nothing else explains: no fault, no order of an operator, no backend that is full.
      if (firstFault <= endedAt || timeline.hadOrders(endedAt) || record.full.length > 0) break;
      exercised = true;
      if (!isLost(record)) continue;
      const before = run.requests.find(
        (one) => isSame(one, record) && (one.endedAt ?? at) <= switched.at && isWell(one),
      );
      if (before === undefined && at >= switched.at) continue;
      const message = `${method} ${url} got ${whatOf(record)} after '${switched.what}', although nothing else has happened since it was answered well`;
      return broken({ at, message, request: number });
    }
    return holds(exercised);
  },
};

function isLost({ state, status }: RequestRecord): boolean {
  return state === 'none' || state === 'under way' || state === 'cut' || status >= 500;
}

function isWell({ state, status }: RequestRecord): boolean {
  return state === 'whole' && status > 0 && status < 400;
}

function isSame(one: RequestRecord, other: RequestRecord): boolean {
  return one.method === other.method && one.url === other.url && `${one.fields}` === `${other.fields}`;
}

function whatOf({ state, status }: RequestRecord): string {
  if (state === 'cut') return 'a part of its answer';
  return status === 0 ? 'no answer' : String(status);
}
