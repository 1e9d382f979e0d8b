/** Peers, for people who look. */
import type { Operated } from '../operated.ts';
import type { Peers } from '../schema/peer-schema.ts';
import { shownLatency } from './shown-latency.ts';

export function showPeers(operated: Operated): Peers {
  const peers = operated.stats().peers.map(({ latency, failures, ...figures }) => {
    return { ...figures, failures: { ...failures }, latency: shownLatency(latency) };
  });
  return { peers };
}
