/**
 * Whether and on what terms a shared cache may keep an answer: RFC 9111 sections 3, 3.5 and 4.2.4, and RFC 5861. One
 * rule is stricter than they are: an answer with Set-Cookie is somebody's own, unless its origin says `public` or
 * `s-maxage`, because the price of a mistake is somebody else's session (section 7.3 leaves it to origins).
 */
import type { Fields } from '../http/fields.ts';
import { type CacheControl, parseCacheControl } from './cache-control.ts';
import type { CacheDefaults, CacheTerms, Refusal } from './cache-terms.ts';
import { explicitLifetime, initialAge, type Timing } from './freshness.ts';
import { varyOf } from './vary.ts';

/** The answer and the request that it belongs to. */
export interface Answered extends Timing {
  readonly method: string;
  /** Whether the request carried Authorization. */
  readonly isAuthorized: boolean;
  readonly status: number;
  readonly fields: Fields;
}

/** RFC 9110 section 15.1: those that a cache may keep without being told how long. 206 is not: see `refusalOf`. */
const heuristicallyCacheable = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** What `must-understand` asks about (RFC 9111 section 5.2.2.3): statuses whose rules for caches are followed here. */
const understood = new Set([...heuristicallyCacheable, 302, 303, 307, 400, 403, 500, 502, 503, 504]);

export function termsByRfc9111(answered: Answered, defaults: CacheDefaults): CacheTerms {
  const { fields, receivedAt, status } = answered;
  const control = parseCacheControl(fields.getAll('Cache-Control'));
  const age = initialAge(fields, answered);
  const explicit = explicitLifetime(fields, control, receivedAt);
  const byDefault = heuristicallyCacheable.has(status) || control.isPublic ? defaults.ttl : 0;
  const lifetime = control.noCache ? 0 : (explicit ?? Math.max(0, byDefault));
  const hasValidator = fields.has('ETag') || fields.has('Last-Modified');
  const mustRevalidate = control.mustRevalidate || control.proxyRevalidate || control.noCache;
  const { staleWhileRevalidate, staleIfError } = control;
  const isStaleByConfig = !mustRevalidate && control.sMaxAge === undefined;
  const grace = staleWhileRevalidate === undefined ? defaults.grace : staleWhileRevalidate * 1_000;
  return {
    origin: receivedAt - age,
    ttl: lifetime,
    grace: mustRevalidate || (!isStaleByConfig && staleWhileRevalidate === undefined) ? 0 : grace,
    keep: defaults.keep,
    staleIfError: mustRevalidate ? 0 : (staleIfError ?? 0) * 1_000,
    mayOutlive: isStaleByConfig,
    refusal: refusalOf(answered, control, explicit !== undefined, age, lifetime, hasValidator),
  };
}

function refusalOf(
  { method, isAuthorized, status, fields }: Answered,
  control: CacheControl,
  isExplicit: boolean,
  age: number,
  lifetime: number,
  hasValidator: boolean,
): Refusal | undefined {
  if (method !== 'GET') return 'method';
  // Parts are not put together here, and a 304 says nothing by itself.
  if (status === 206) return 'partial';
  if (status === 304 || status < 200) return 'status';
  if (control.mustUnderstand ? !understood.has(status) : control.noStore) return 'no-store';
  if (control.isPrivate) return 'private';
  const isMeantForAll = control.isPublic || control.sMaxAge !== undefined;
  if (isAuthorized && !isMeantForAll && !control.mustRevalidate) return 'authorization';
  if (fields.has('Set-Cookie') && !isMeantForAll) return 'set-cookie';
  if (varyOf(fields) === 'all') return 'vary-all';
  if (!isExplicit && !control.isPublic && !heuristicallyCacheable.has(status)) return 'status';
  if (age < lifetime || hasValidator) return undefined;
  if (control.noCache) return 'no-cache';
  return isExplicit || lifetime > 0 ? expired(control) : 'no-freshness';
}

/** Without a validator, what is stale on arrival is good for nothing but for being served stale. */
function expired({ staleWhileRevalidate, staleIfError }: CacheControl): Refusal | undefined {
  return (staleWhileRevalidate ?? 0) > 0 || (staleIfError ?? 0) > 0 ? undefined : 'expired';
}
