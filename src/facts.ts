/**
 * What a data plane tells: changes that it made by itself, at once, and that the control plane (and other
 * data planes) fold in. Numbered from 1 without gaps, sent in batches, plain data.
 */
import type { ConfigKey } from './config-key.ts';
import type { Identity } from './identity.ts';

export type Fact =
  | {
      readonly type: 'member.added';
      readonly config: ConfigKey;
      readonly director: string;
      readonly target: string;
      readonly weight: number;
      /** Of a shard director's member. */
      readonly ident?: string;
      readonly rampupMs?: number;
    }
  | {
      readonly type: 'member.removed';
      readonly config: ConfigKey;
      readonly director: string;
      readonly target: string;
      /** Which entry of the target, in a shard director. Absent: the first one. */
      readonly ident?: string;
    }
  /** An object must not be asked of a backend until `deadline`, in milliseconds of the clock. */
  | {
      readonly type: 'saint.denied';
      readonly identity: Identity;
      readonly object: string;
      readonly deadline: number;
    }
  /** A config with a peer can be used; its threads are to be started. */
  | PeerThreadsFact<'peer.opened'>
  /** Request code has changed the limits of a peer's threads. */
  | PeerThreadsFact<'peer.threads-set'>
  /** Now and then, while a peer has something to do, and once when it has no more. */
  | (OfPeer & {
      readonly type: 'peer.load';
      /** Operations that a thread could begin. */
      readonly pending: number;
      /** Threads that perform one. */
      readonly busy: readonly number[];
    })
  | (OfPeer & { readonly type: 'peer.thread-started'; readonly thread: number })
  /** `reason`: why, if nobody told it to. */
  | (OfPeer & {
      readonly type: 'peer.thread-ended';
      readonly thread: number;
      readonly reason: string | undefined;
    })
  /** For the record: an operation has failed and is tried again, after a time that was drawn by chance. */
  | (OfPeer & {
      readonly type: 'peer.retry-planned';
      readonly operation: number;
      readonly attempt: number;
      readonly random: number;
      readonly delayMs: number;
    })
  /** Its config is gone. */
  | (OfPeer & { readonly type: 'peer.closed' })
  /** Nothing is left of a discarded config: its last request has ended, and its peers have nothing to do. */
  | { readonly type: 'config.drained'; readonly config: ConfigKey }
  /** The last connection to a backend has closed that was retired in the delta of that version. */
  | { readonly type: 'connections.closed'; readonly identity: Identity; readonly retiredIn: number };

interface OfPeer {
  readonly config: ConfigKey;
  readonly peer: string;
}

type PeerThreadsFact<Type extends string> = OfPeer & {
  readonly type: Type;
  readonly min: number;
  readonly max: number;
};

/** What is told of peers. */
export type PeerFact = Extract<Fact, OfPeer>;

export interface FactBatch {
  readonly plane: string;
  /** Number of the first fact in the batch. */
  readonly first: number;
  readonly facts: readonly Fact[];
}
