/** How busy the event loop was lately: what is taken of an idle one costs nobody anything. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Clock } from '../../clock.ts';

/** Milliseconds that one look is good for; and no less, so that it is more than the moment. */
const LOOK_MS = 100;
/** Milliseconds after which a look says nothing any more; then the loop counts as busy until the next. */
const STALE_MS = 1_000;

/** @returns a share, 0 to 1, of the time since the look before */
export function busynessOf(clock: Clock): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  let lookedAt = clock.now();
  let busyness = 1;
  return () => {
    const now = clock.now();
    if (now - lookedAt < LOOK_MS) return busyness;
    const after = performance.eventLoopUtilization();
    const isStale = now - lookedAt > STALE_MS;
    busyness = isStale ? 1 : performance.eventLoopUtilization(after, before).utilization;
    before = after;
    lookedAt = now;
    return busyness;
  };
}
