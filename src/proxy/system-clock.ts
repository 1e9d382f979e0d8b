/**
 * The real clock.
 *
 * Its timers keep the process alive: each stands for something that somebody still waits for. Whoever sets
 * one cancels it when it has lost its purpose, and housekeeping is armed only while there is something to
 * keep (a listener sweeps only while it has connections), so a closed proxy leaves none behind.
 */
import type { Clock } from '../clock.ts';

/** Milliseconds; a longer delay given to setTimeout fires at once. */
const longestTimeoutMs = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  return {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    after(ms, fire) {
      const due = performance.now() + ms;
      let timer: NodeJS.Timeout;
      // Goes round again for what is beyond one timeout, and because a timeout can come a fraction early.
      const wait = () => {
        const left = due - performance.now();
        if (left <= 0) fire();
        else timer = setTimeout(wait, Math.min(Math.ceil(left), longestTimeoutMs));
      };
      timer = setTimeout(wait, Math.min(Math.max(Math.ceil(ms), 0), longestTimeoutMs));
      return () => clearTimeout(timer);
    },
  };
}
