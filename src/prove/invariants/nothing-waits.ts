/** Nothing waits for ever: ten minutes are longer than anybody does, and longer than all default timeouts together. */
import { broken, holds, type Invariant } from '../invariant.ts';
import { LONGEST_WAIT_MS, type Run } from '../run.ts';

export const nothingWaits: Invariant = {
  name: 'no request waits for ever',
  judge(run) {
    const { requests, endedAt } = run;
    for (const { at, endedAt: ended, method, url, number } of requests) {
      const waited = (ended ?? endedAt) - at;
      if (waited < LONGEST_WAIT_MS) continue;
      const minutes = Math.round(waited / 60_000);
      const message =
        ended === undefined
          ? `${method} ${url} has waited for ${minutes} minutes, and still has no answer${patienceWith(run, url, at)}`
          : `${method} ${url} had to wait ${minutes} minutes for its answer`;
      return broken({ at: at + waited, message, request: number });
    }
    return holds(requests.some(({ at, endedAt: ended }) => (ended ?? endedAt) - at > 1_000));
  },
};

/** Who was asked last for that page since then, and how long it may take for an answer; empty: nobody was. */
function patienceWith({ asks, description }: Run, url: string, since: number): string {
  const asked = asks.findLast((one) => one.url === url && one.at >= since);
  const backend = description.backends.find(({ identity }) => identity === asked?.identity);
  if (backend === undefined) return '';
  return `: ${backend.name}, which was asked last, is given ${backend.limits.firstByteTimeoutMs / 1_000} s for its first byte`;
}
