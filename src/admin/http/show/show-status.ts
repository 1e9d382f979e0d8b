/** The proxy as a whole, for people who look. */
import { version } from '../../../version.ts';
import type { Stage } from '../endpoint.ts';
import type { Status } from '../schema/traffic-schema.ts';
import { activeConfig } from './known-backends.ts';
import { shownLatency } from './shown-latency.ts';

export function showStatus({ operated, events, startedAt }: Stage): Status {
  const { backends: _, peers: _peers, saints: _saints, durations, ...traffic } = operated.stats();
  const active = activeConfig(operated.control)?.name;
  return {
    version,
    process: process.pid,
    startedAt,
    now: Math.round(operated.clock.wallNow()),
    ...(active !== undefined && { active }),
    eventReaders: events.readers,
    traffic: { ...traffic, ...(durations !== undefined && { durations: shownLatency(durations) }) },
  };
}
