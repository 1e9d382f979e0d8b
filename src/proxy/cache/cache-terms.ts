/**
 * On what terms an answer may be kept: what the rules of a cache say of it, and a hook may change. Varnish's words:
 * an object is fresh for its ttl, may be served for its grace while it is fetched anew, and is kept for its keep so
 * that it can be asked about; all counted from its origin, one after the other.
 */

/** Why an answer is not kept. */
export type Refusal =
  | 'method'
  | 'status'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'authorization'
  | 'set-cookie'
  | 'vary-all'
  | 'no-freshness'
  | 'expired'
  | 'partial'
  | 'too-large'
  | 'hook';

/** Milliseconds. */
export interface CacheTerms {
  /** Since 1970: when the answer was made, as far as its age tells. */
  readonly origin: number;
  /** Not positive: it must be asked about before it is served. */
  readonly ttl: number;
  readonly grace: number;
  readonly keep: number;
  /** How long past its ttl it may stand for an origin that answers with an error. */
  readonly staleIfError: number;
  /** Whether it may be served, past its ttl, where the origin cannot be reached. */
  readonly mayOutlive: boolean;
  /** Why it must not be kept; undefined: it may. */
  readonly refusal: Refusal | undefined;
}

/** What rules assume where an answer does not say it. Milliseconds. */
export interface CacheDefaults {
  /** Not positive: an answer that does not say how long it is fresh is not. varnishd's default_ttl. */
  readonly ttl: number;
  /** varnishd's default_grace. */
  readonly grace: number;
  /** varnishd's default_keep. */
  readonly keep: number;
}

/** Milliseconds for which an uncacheable answer is remembered; builtin.vcl: vcl_beresp_hitmiss. */
export const HIT_FOR_MISS_MS = 120_000;
