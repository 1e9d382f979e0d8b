/** An object on a backend's saint list is not asked of that backend. */
import { broken, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord } from '../run.ts';

interface Denial {
  readonly object: string;
  readonly identity: string;
  readonly from: number;
  readonly to: number;
  readonly by: RequestRecord;
}

export const saintListHeeded: Invariant = {
  name: 'an object on the saint list of a backend is not asked of that backend',
  judge({ requests, description }) {
    const denials: Denial[] = [];
    // A saintmode object of threshold 0 is told to look away.
    const looksAway = description.saintmodes
      .filter(({ threshold }) => threshold === 0)
      .map(({ name }) => name);
    const isHeld = ({ identity, object }: { identity: string; object: string }, from: number) =>
      denials.find(
        (one) => one.identity === identity && one.object === object && one.from <= from && from < one.to,
      );
    for (const record of requests) {
      const object = objectOf(record);
      for (const attempt of record.report?.tries ?? []) {
        const { identity, startMs, ms, deniedForMs, via } = attempt;
        if (identity === undefined) continue;
        const from = record.at + startMs;
        const denial = isHeld({ identity, object }, from);
        // What was denied in this very millisecond may have been so afterwards.
        const isSure = denial !== undefined && (denial.by === record || denial.from < from);
        if (denial !== undefined && isSure && !via.some((name) => looksAway.includes(name))) {
          const left = Math.ceil((denial.to - from) / 1_000);
          const message = `${record.method} ${record.url} was asked of ${identity}, on whose saint list it is for another ${left} s`;
          return broken({ at: from, message, request: record.number });
        }
        if (deniedForMs !== undefined && deniedForMs > 0) {
          const at = from + ms;
          denials.push({ object, identity, from: at, to: at + deniedForMs, by: record });
        }
      }
    }
    return holds(denials.length > 0);
  },
};

/** Requests that are the same in everything are about the same object, whatever the config hashes. */
function objectOf({ method, url, fields }: RequestRecord): string {
  return JSON.stringify([method === 'HEAD' ? 'GET' : method, url, fields]);
}
