/** The proxy as a whole, for people who look. */
import type { ProxyStats } from '../../../proxy-stats.ts';
import { version } from '../../../version.ts';
import type { Stage } from '../endpoint.ts';
import type { Status } from '../schema/traffic-schema.ts';
import { activeConfig } from './known-backends.ts';
import { shownLatency } from './shown-latency.ts';

export function showStatus({ operated, events, startedAt }: Stage): Status {
  const { backends: _, peers: _peers, saints: _saints, cache, durations, ...traffic } = operated.stats();
  const active = activeConfig(operated.control)?.name;
  return {
    version,
    process: process.pid,
    startedAt,
    now: Math.round(operated.clock.wallNow()),
    ...(active !== undefined && { active }),
    eventReaders: events.readers,
    ...(cache !== undefined && { cache: shownCache(cache) }),
    traffic: { ...traffic, ...(durations !== undefined && { durations: shownLatency(durations) }) },
  };
}

function shownCache({ objects, bytes, capacity, evicted }: NonNullable<ProxyStats['cache']>) {
  return { objects, bytes, capacity, evicted };
}
