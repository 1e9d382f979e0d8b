/**
 * What a director's policy is: it picks one member. A policy is built from the member list and its health
 * at that moment, and is built anew when either changes, so that the pick itself is cheap.
 */
import type { ShardChoice } from '../../config/shard-declaration.ts';
import type { Load } from './load.ts';
import type { Target } from './target.ts';

export interface Member {
  readonly target: Target;
  /** At least 0. Only policies that share traffic by weight look at it. */
  readonly weight: number;
  /** Of this entry of the list, where the policy goes by load. */
  readonly load?: Load | undefined;
}

/** One request that wants a backend. */
export interface PickRequest {
  /**
   * Identities that must not be asked for this request's object. undefined, the usual case: none, so that
   * every healthy member will do and the tables built with the policy are exact. Must not change during a call.
   */
  readonly denied: ReadonlySet<string> | undefined;
  /**
   * SHA-256 of what the request is to be distributed by: the hash director's key where a hook gave one (see
   * distributionKey in hash.ts), the request hash otherwise.
   */
  key(): Uint8Array;
  /** A random number in [0, 1). */
  random(): number;
  /** The request hash, whatever `key` is. Absent: `key` is it. */
  requestHash?(): Uint8Array;
  /** Path and query that will be asked for. Absent: ''. */
  url?(): string;
  /** What hooks have said of a shard director, or of a parameter set, for this request. Absent: nothing. */
  shardChoice?(name: string): ShardChoice | undefined;
  /** Told of each director and saintmode object that leads to the pick, the outermost first. Absent: not told. */
  passed?(name: string): void;
  /** Told of a director that ignores health in this pick: see panic.ts. Absent: not told. */
  panicked?(name: string): void;
  /** Takes a slot until the request ends: see lease.ts. Absent: the request counts as over at once. */
  hold?(load: Load): void;
}

/** Picks are synchronous, never throw, and allocate nothing unless members are denied to the request. */
export interface Policy {
  /** A member that is healthy for the request, or undefined if there is none. */
  pick(request: PickRequest): Member | undefined;
}
