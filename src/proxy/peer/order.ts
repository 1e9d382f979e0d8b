/**
 * What a data plane and its worker threads tell one another. Plain data: it crosses by structured clone, the
 * bytes of a body by transfer.
 */

/** One attempt at one operation. */
export interface PeerOrder {
  /** Number of the operation. */
  readonly operation: number;
  readonly host: string;
  readonly port: number;
  /** Request line and fields, each with its line end, as they are sent; without what frames a body. */
  readonly head: string;
  /** POST content, to be percent-encoded; undefined: the request has no body. */
  readonly body: string | Uint8Array | undefined;
  /** Milliseconds from the first connection to the end of the answer. */
  readonly timeoutMs: number;
  /** Milliseconds for each connection. */
  readonly connectTimeoutMs: number;
}

/** Why an attempt failed. `thread-died`: the thread that made it ended in the middle. */
export type PeerFailureCause =
  | 'connect-failed'
  | 'connect-timeout'
  | 'timeout'
  | 'closed-early'
  | 'malformed'
  | 'status'
  | 'redirect'
  | 'thread-died';

export const peerFailureCauses: readonly PeerFailureCause[] = [
  'connect-failed',
  'connect-timeout',
  'timeout',
  'closed-early',
  'malformed',
  'status',
  'redirect',
  'thread-died',
];

/** How an attempt ended. */
export interface PeerAnswer {
  readonly operation: number;
  /** Of the last answer, if there was one. */
  readonly status: number | undefined;
  /** undefined: it succeeded. */
  readonly cause: PeerFailureCause | undefined;
  /** A phrase about the failure, for people. */
  readonly message: string | undefined;
  /** Milliseconds from its beginning. */
  readonly tookMs: number;
}

/** The first thing that a thread says: it takes orders. */
export const READY = 'ready';

export type ThreadMessage = readonly PeerAnswer[] | typeof READY;

/** What a thread is started with. */
export interface ThreadStart {
  /** Shared: how many orders it has begun, as a number of 32 bits. */
  readonly begun: Int32Array;
}
