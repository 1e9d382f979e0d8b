/** How busy the event loop was lately: what is taken of an idle one costs nobody anything. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Clock } from '../../clock.ts';

/** Milliseconds that one look is good for; and no less, so that it is more than the moment. */
const LOOK_MS = 100;

/** @returns a share, 0 to 1, of the time since the look before */
export function busynessOf(clock: Clock): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  let lookedAt = clock.now();
  let busyness = 1;
  return () => {
    const now = clock.now();
    if (now - lookedAt < LOOK_MS) return busyness;
    const after = performance.eventLoopUtilization();
    busyness = performance.eventLoopUtilization(after, before).utilization;
    before = after;
    lookedAt = now;
    return busyness;
  };
}
