import type { LatencyFigures } from '../../../proxy/latency-histogram.ts';

/** A copy that an answer can own. */
export function shownLatency({ boundsMs, counts, sumMs }: LatencyFigures) {
  return { boundsMs: [...boundsMs], counts: [...counts], sumMs };
}
