/**
 * Counters of one peer. They hold together at every moment: accepted = pending + running + done + failed +
 * dropped + discarded, of which the first two are read where the operations are.
 */
import { type PeerFailureCause, peerFailureCauses } from './order.ts';

export interface PeerCounters {
  /** Operations taken into the queue. */
  readonly accepted: number;
  /** Attempts begun, retries included. */
  readonly started: number;
  /** Operations that succeeded. */
  readonly done: number;
  /** Operations given up after their last attempt. */
  readonly failed: number;
  /** Failed attempts by cause; those that were tried again are counted, too. */
  readonly failures: Readonly<Record<PeerFailureCause, number>>;
  /** Attempts that were to be made again. */
  readonly retried: number;
  /** Refused because the queue was full, or because there was nowhere to send them: never accepted. */
  readonly refused: number;
  /** Accepted, and dropped for newer ones. */
  readonly dropped: number;
  /** Accepted, and left when the config went. */
  readonly discarded: number;
  /** Threads that died. */
  readonly threadsDied: number;
}

export class PeerCounts implements PeerCounters {
  accepted = 0;
  started = 0;
  done = 0;
  failed = 0;
  readonly failures = Object.fromEntries(peerFailureCauses.map((cause) => [cause, 0])) as Record<
    PeerFailureCause,
    number
  >;
  retried = 0;
  refused = 0;
  dropped = 0;
  discarded = 0;
  threadsDied = 0;

  copy(): PeerCounters {
    return { ...this, failures: { ...this.failures } };
  }
}
