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
      if (ms <= 0) {
        // The next turn of the event loop, after what has arrived meanwhile; a timeout would wait 1 ms.
        const immediate = setImmediate(fire);
        return () => clearImmediate(immediate);
      }
      const due = performance.now() + ms;
      let timer: NodeJS.Timeout;
      // Goes round again for what is beyond one timeout, and because a timeout can come a fraction early.
      const wait = () => {
        const left = due - performance.now();
        if (left <= 0) fire();
        else timer = setTimeout(wait, Math.min(Math.ceil(left), longestTimeoutMs));
      };
      timer = setTimeout(wait, Math.min(Math.ceil(ms), longestTimeoutMs));
      return () => clearTimeout(timer);
    },
  };
}
