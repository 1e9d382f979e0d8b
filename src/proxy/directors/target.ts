/**
 * What a request can be sent to: a backend, or something that stands for one (a saintmode object, a
 * director). They nest because all of them answer the same three questions.
 */
import type { Identity } from '../../identity.ts';
import type { PickRequest } from './policy.ts';

export interface Target {
  /** As the config names it. */
  readonly name: string;
  /** Usable by a request about which nothing special is known. Kept up to date; reading it costs nothing. */
  readonly healthy: boolean;
  /** Usable by this very request. Same as `healthy` when nothing is denied to it. */
  accepts(request: PickRequest): boolean;
  /** The backend to ask, or undefined if none is usable. Moves cursors. */
  resolve(request: PickRequest): ResolvedTarget | undefined;
}

/** The end of a resolution: one backend, and the way that led to it. */
export interface ResolvedTarget {
  readonly identity: Identity;
  /** Name of the backend declaration. */
  readonly name: string;
}
