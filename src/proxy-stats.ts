/** All counters of a proxy, as plain data. They only grow, but for those that say how many there are now. */
import type { SaintFigures } from './compact/saint-list.ts';
import type { Identity } from './identity.ts';
import type { StoreFigures } from './proxy/cache/object-store.ts';
import type { DataPlaneFigures } from './proxy/data-plane.ts';
import type { Listener } from './proxy/listener/listener.ts';
import type { PeerFigures } from './proxy/peer/running-peer.ts';
import type { BackendStats } from './proxy/request/backend-record.ts';
import type { TrafficStats } from './proxy/request/traffic.ts';

export interface BackendFigures extends BackendStats {
  /** Connections to it that are open or being opened now, those of probes not included. */
  readonly connections: number;
}

export interface ProxyStats extends TrafficStats {
  /** Clients' connections that are open now. */
  readonly connections: number;
  /** Connections turned away because there were too many. */
  readonly refusedConnections: number;
  /** Requests that a listener refused for what was sent, or how slowly: 400, 408, 413 and the like. */
  readonly refusedRequests: number;
  /**
   * Of each backend that a loaded config declares. Configs that declare the same one share its counters; they
   * end when the last such config is discarded.
   */
  readonly backends: Readonly<Record<Identity, BackendFigures>>;
  /** Of each peer of each loaded config. */
  readonly peers: readonly PeerFigures[];
  readonly saints: SaintFigures;
  /** undefined: nothing is kept. */
  readonly cache: StoreFigures | undefined;
}

/** What brings requests, and counts what it turns away. */
type Entry = Pick<Listener, 'connections' | 'refusedConnections' | 'refusedRequests'>;

/** @param connectionsTo how many connections to a backend are open */
export function proxyStats(
  { traffic, backends, peers, saints, cache }: DataPlaneFigures,
  entries: readonly Entry[],
  connectionsTo: (identity: Identity) => number,
): ProxyStats {
  const sum = (of: (entry: Entry) => number) => entries.reduce((total, entry) => total + of(entry), 0);
  const figures: Record<Identity, BackendFigures> = {};
  for (const [identity, stats] of backends) {
    figures[identity] = { ...stats, connections: connectionsTo(identity) };
  }
  return {
    ...traffic,
    connections: sum((entry) => entry.connections),
    refusedConnections: sum((entry) => entry.refusedConnections),
    refusedRequests: sum((entry) => entry.refusedRequests),
    backends: figures,
    peers,
    saints,
    cache,
  };
}
