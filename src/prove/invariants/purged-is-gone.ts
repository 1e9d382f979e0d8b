/**
 * What was purged is not served: after a PURGE of a URL has succeeded, who asks for that URL gets what was written since.
 * Not judged where the config purges softly, which is to serve what is stale.
 */
import { broken, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord } from '../run.ts';

export const purgedIsGone: Invariant = {
  name: 'what was purged is not served any more',
  judge({ requests, isPurgingSoftly }) {
    if (isPurgingSoftly) return holds(false);
    const purges = requests.filter(isPurge);
    for (const record of requests) {
      const { method, url, host, at, written } = record;
      if (written === undefined || (method !== 'GET' && method !== 'HEAD')) continue;
      const purge = purges.findLast(
        (one) => one.url === url && one.host === host && (one.endedAt ?? at) < at,
      );
      if (purge === undefined || written.at >= purge.at) continue;
      const age = Math.round((at - written.at) / 100) / 10;
      const message = `${method} ${url} of ${host} was served what ${written.backend} wrote ${age} s ago, before it was purged`;
      return broken({ at, message, request: record.number });
    }
    return holds(purges.length > 0);
  },
};

function isPurge({ method, status, state }: RequestRecord): boolean {
  return method === 'PURGE' && state === 'whole' && status >= 200 && status < 300;
}
