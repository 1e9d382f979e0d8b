/** Nothing waits for ever: ten minutes are longer than anybody does, and longer than all default timeouts together. */
import { broken, holds, type Invariant } from '../invariant.ts';
import { LONGEST_WAIT_MS } from '../run.ts';

export const nothingWaits: Invariant = {
  name: 'no request waits for ever',
  judge({ requests, endedAt }) {
    for (const { at, endedAt: ended, method, url, number } of requests) {
      const waited = (ended ?? endedAt) - at;
      if (waited < LONGEST_WAIT_MS) continue;
      const minutes = Math.round(waited / 60_000);
      const message =
        ended === undefined
          ? `${method} ${url} has waited for ${minutes} minutes, and still has no answer`
          : `${method} ${url} had to wait ${minutes} minutes for its answer`;
      return broken({ at: at + waited, message, request: number });
    }
    return holds(requests.some(({ at, endedAt: ended }) => (ended ?? endedAt) - at > 1_000));
  },
};
