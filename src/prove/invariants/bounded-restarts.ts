/**
 * Retries and restarts end by themselves. Troupe ends them in any case (max_retries, max_restarts); a request that has
 * to be stopped from starting over and over has a config that goes round in a circle.
 */
import { requestLimitDefaults } from '../../proxy/request/environment.ts';
import { broken, holds, type Invariant } from '../invariant.ts';

const { maxRestarts, maxRetries } = requestLimitDefaults;

export const boundedRestarts: Invariant = {
  name: 'no request is retried or restarted over and over',
  judge({ requests }) {
    let exercised = false;
    for (const { report, method, url, at, endedAt = at, number } of requests) {
      if (report === undefined) continue;
      if (report.restarts > 0 || report.retries > 0) exercised = true;
      if (report.restarts > maxRestarts) {
        const message = `${method} ${url} was to be restarted ${report.restarts} times, of which max_restarts allows ${maxRestarts}: it would have gone on for ever`;
        return broken({ at: endedAt, message, request: number });
      }
      const most = (maxRestarts + 1) * (maxRetries + 1);
      if (report.tries.length > most) {
        const message = `${method} ${url} was tried ${report.tries.length} times; ${most} is what the limits allow`;
        return broken({ at: endedAt, message, request: number });
      }
    }
    return holds(exercised);
  },
};
