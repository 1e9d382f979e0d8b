/**
 * What a request can be sent to: a backend, or something that stands for one (a saintmode object, a
 * director). They nest because all of them answer the same three questions.
 */
import type { FetchLimits, ResolvedBackend } from '../../config/declaration.ts';
import type { Addresses, Identity } from '../../identity.ts';
import type { PickRequest } from './policy.ts';

export interface Target {
  /** As the config names it. */
  readonly name: string;
  /** Usable by a request about which nothing special is known. */
  readonly healthy: boolean;
  /** When that last changed, in milliseconds of the data plane's clock; -Infinity: before anybody looked. */
  readonly changedAt: number;
  /** Usable by this very request. Same as `healthy` when nothing is denied to it. */
  accepts(request: PickRequest): boolean;
  /**
   * The backend to ask; undefined if and only if the target does not accept the request, but for a director in
   * panic (see panic.ts), which may lead to one all the same. Moves cursors.
   */
  resolve(request: PickRequest): BackendTarget | undefined;
  /** Identities whose saint entries can make it refuse a request. Asked when tables are made. */
  heeded(): Iterable<string>;
}

/** The end of every resolution. */
export interface BackendTarget extends Target {
  readonly identity: Identity;
  readonly addresses: Addresses;
  /** Of the config that the request runs in: identities are shared between configs, limits are not. */
  readonly limits: FetchLimits;
  readonly declaration: ResolvedBackend;
}
