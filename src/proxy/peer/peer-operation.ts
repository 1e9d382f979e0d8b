/** One operation: a request that was queued for a peer, from its acceptance to its end. */
import type { ConfigKey } from '../../config-key.ts';
import type { PeerFailureCause } from './order.ts';

export interface PeerOperation {
  /** Counts the operations of one data plane, from 1. */
  readonly number: number;
  readonly host: string;
  readonly port: number;
  readonly head: string;
  readonly body: string | Uint8Array | undefined;
  /** Milliseconds of the clock. */
  readonly acceptedAt: number;
  /** Attempts that have ended. */
  attempts: number;
}

/** What an accepted operation came to, exactly once. */
export interface PeerResult {
  readonly config: ConfigKey;
  readonly peer: string;
  /** `neighbour(10.9.1.111:8888)`: the peer and where the operation went. */
  readonly identity: string;
  readonly operation: number;
  readonly method: string;
  readonly url: string;
  /** `undelivered`: dropped because the queue was full, or left when the config went. */
  readonly outcome: 'done' | 'failed' | 'undelivered';
  /** Attempts that were begun. */
  readonly attempts: number;
  /** Of the last answer, if there was one. */
  readonly status: number | undefined;
  readonly cause: PeerFailureCause | 'dropped' | 'discarded' | undefined;
  /** A phrase about what went wrong. */
  readonly message: string | undefined;
  /** Milliseconds from its acceptance to its end. */
  readonly tookMs: number;
}

/** What there is to log of a peer; an operation that succeeds is no entry. */
export type PeerEntry = { readonly config: ConfigKey; readonly identity: string } & (
  | {
      readonly kind: 'failed';
      readonly operation: number;
      readonly method: string;
      readonly url: string;
      /** Counts from 1. */
      readonly attempt: number;
      readonly cause: PeerFailureCause;
      readonly status: number | undefined;
      readonly message: string;
      /** Milliseconds until it is tried again; undefined: it is not. */
      readonly retryInMs: number | undefined;
    }
  /** Since the last such entry, so many were refused or dropped because the queue was full. */
  | { readonly kind: 'refused' | 'dropped'; readonly count: number; readonly message: string }
  /** The config went with so many operations left. */
  | { readonly kind: 'undelivered'; readonly count: number; readonly message: string }
  | { readonly kind: 'thread-died'; readonly thread: number; readonly message: string }
);

export function identityOfPeer(name: string, host: string, port: number): string {
  return `${name}(${host.includes(':') ? `[${host}]` : host}:${port})`;
}

export function requestLineOf({ head }: PeerOperation): { readonly method: string; readonly url: string } {
  const [method = '', url = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  return { method, url };
}
