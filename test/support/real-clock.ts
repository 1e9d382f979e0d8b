/** The machine's own time, for tests over real sockets. */
import type { Clock } from '../../src/clock.ts';

export const realClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};
