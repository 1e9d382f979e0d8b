/**
 * Counters of peers by where they send, summed over configs: each loading of a config has peers of its own, whose
 * counters begin at 0, and a metric must neither be labelled by config nor go back. So each reading adds what has
 * been counted since the one before.
 */
import type { PeerFigures } from '../../../proxy/peer/running-peer.ts';

/** What is counted of a peer. */
export const peerCounted = [
  'accepted',
  'started',
  'done',
  'failed',
  'retried',
  'refused',
  'dropped',
  'discarded',
  'threadsDied',
] as const;

export interface PeerTotal extends Record<(typeof peerCounted)[number], number> {
  pending: number;
  running: number;
  threads: number;
}

/** Destinations that are remembered after the last peer with it has gone; hooks may invent them without end. */
const MOST_GONE = 1_000;

export class PeerTotals {
  readonly #totals = new Map<string, PeerTotal>();
  /** By config and name: what was read the last time. */
  #last = new Map<string, PeerFigures>();

  /**
   * Takes in the present figures.
   *
   * @returns by identity: `neighbour(10.9.1.111:8888)`
   */
  read(peers: readonly PeerFigures[]): ReadonlyMap<string, Readonly<PeerTotal>> {
    for (const total of this.#totals.values()) Object.assign(total, { pending: 0, running: 0, threads: 0 });
    const now = new Map<string, PeerFigures>();
    for (const one of peers) {
      const key = `${one.config} ${one.name}`;
      const before = this.#last.get(key);
      now.set(key, one);
      const total = this.#total(one.identity);
      for (const name of peerCounted) total[name] += Math.max(0, one[name] - (before?.[name] ?? 0));
      total.pending += one.pending;
      total.running += one.running;
      total.threads += one.threads;
    }
    this.#last = now;
    this.#forget(new Set(peers.map(({ identity }) => identity)));
    return this.#totals;
  }

  #total(identity: string): PeerTotal {
    let total = this.#totals.get(identity);
    if (total === undefined) {
      const zeros = Object.fromEntries(peerCounted.map((name) => [name, 0]));
      total = { pending: 0, running: 0, threads: 0, ...zeros } as PeerTotal;
      this.#totals.set(identity, total);
    }
    return total;
  }

  #forget(present: ReadonlySet<string>): void {
    for (const identity of this.#totals.keys()) {
      if (this.#totals.size - present.size <= MOST_GONE) return;
      if (!present.has(identity)) this.#totals.delete(identity);
    }
  }
}
