/**
 * What may have been done is not done again: a POST that a backend has got, and has not answered, is sent to nobody
 * else (RFC 9110 section 9.2.2). A backend that answers 500 has said something; whether that may be retried is for the
 * config to know.
 */
import type { BackendTry } from '../../proxy/request/request-report.ts';
import { broken, holds, type Invariant } from '../invariant.ts';
import { nameOfIdentity } from '../timeline.ts';

/** Methods by which a second time does something more. */
const adding = new Set(['POST', 'PATCH']);

export const nothingDoneTwice: Invariant = {
  name: 'no order is placed twice: what a backend may have carried out is not sent again',
  isMinor: true,
  judge({ requests }) {
    let exercised = false;
    for (const { method, url, at, report, number } of requests) {
      if (!adding.has(method)) continue;
      const tries = report?.tries ?? [];
      const first = tries.findIndex(isOpen);
      if (first < 0) continue;
      exercised = true;
      const again = tries.slice(first + 1).find(hasArrived);
      const open = tries[first];
      if (again?.identity === undefined || open?.identity === undefined) continue;
      const [one, other] = [nameOfIdentity(open.identity), nameOfIdentity(again.identity)];
      const where = one === other ? `to ${one} again` : `to ${other} as well`;
      const message = `${method} ${url} was sent ${where}, although ${one} had got it, and may have carried it out`;
      return broken({ at: at + again.startMs, message, request: number });
    }
    return holds(exercised);
  },
};

/** A backend has it, and nobody knows what came of it. */
function isOpen(one: BackendTry): boolean {
  return one.status === undefined && hasArrived(one);
}

function hasArrived({ identity, error, status }: BackendTry): boolean {
  if (identity === undefined) return false;
  return (
    status !== undefined || error?.code === 'backend.first-byte-timeout' || error?.code === 'backend.reset'
  );
}
