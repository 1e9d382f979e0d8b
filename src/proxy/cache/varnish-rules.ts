/**
 * Whether and on what terms varnishd 7.1 would keep an answer: its ttl, grace and keep before vcl_backend_response
 * runs (what varnishd(1) and vcl-var(7) say of them), and what the built-in vcl_backend_response makes of them.
 * Clocks that differ are not held against an origin as they are in RFC 9111.
 */
import type { Fields } from '../http/fields.ts';
import { membersOf } from './cache-control.ts';
import { type CacheDefaults, type CacheTerms, HIT_FOR_MISS_MS, type Refusal } from './cache-terms.ts';
import { dateOf } from './freshness.ts';
import type { Answered } from './rfc9111-rules.ts';

/** Milliseconds by which the origin's clock may differ and Expires still counts by ours; varnishd's clock_skew. */
const clockSkewMs = 10_000;
const mostSeconds = 2 ** 32 - 1;

/** Kept for the default ttl where the answer says nothing. */
const keptByDefault = new Set([200, 203, 204, 300, 301, 304, 404, 410, 414]);
/** Kept only if the answer says for how long. */
const keptIfTold = new Set([302, 307]);

/** What an answer has when a hook gets to see it. */
export function termsByVarnish(
  { status, fields, receivedAt }: Answered,
  defaults: CacheDefaults,
): CacheTerms {
  const age = fields.get('Age');
  const ttl = ttlOf(status, fields, receivedAt, defaults.ttl);
  const staleWhileRevalidate = ttl < 0 ? undefined : directive(fields, 'stale-while-revalidate');
  return {
    origin: receivedAt - (age === undefined ? 0 : leadingSeconds(age)) * 1_000,
    ttl,
    grace: staleWhileRevalidate === undefined ? defaults.grace : staleWhileRevalidate * 1_000,
    keep: defaults.keep,
    staleIfError: 0,
    mayOutlive: false,
    refusal: undefined,
  };
}

/** What the built-in vcl_backend_response does to an answer that no hook has decided on. */
export function builtinBackendResponse(terms: CacheTerms, fields: Fields): CacheTerms {
  const refusal = builtinRefusal(terms.ttl, fields);
  return refusal === undefined ? terms : { ...terms, ttl: HIT_FOR_MISS_MS, refusal };
}

function builtinRefusal(ttl: number, fields: Fields): Refusal | undefined {
  if (ttl <= 0) return 'expired';
  if (fields.has('Set-Cookie')) return 'set-cookie';
  const surrogate = fields.get('Surrogate-Control');
  if (surrogate === undefined) {
    const control = fields.getAll('Cache-Control').join(', ');
    if (/no-store/i.test(control)) return 'no-store';
    if (/no-cache/i.test(control)) return 'no-cache';
    if (/private/i.test(control)) return 'private';
  } else if (/no-store/i.test(surrogate)) {
    return 'no-store';
  }
  return fields.get('Vary') === '*' ? 'vary-all' : undefined;
}

function ttlOf(status: number, fields: Fields, now: number, defaultTtl: number): number {
  const byDefault = keptByDefault.has(status) ? defaultTtl : -1_000;
  if (!keptByDefault.has(status) && !keptIfTold.has(status)) return byDefault;
  const seconds = directive(fields, 's-maxage') ?? directive(fields, 'max-age');
  if (seconds !== undefined) return seconds * 1_000;
  const expires = dateOf(fields, 'Expires', now);
  if (expires === undefined) return byDefault;
  const date = dateOf(fields, 'Date', now);
  if (date !== undefined && expires < date) return 0;
  if (date === undefined || Math.abs(date - now) < clockSkewMs) return Math.max(0, expires - now);
  return expires - date;
}

/** Seconds of a directive of Cache-Control that has a value. */
function directive(fields: Fields, name: string): number | undefined {
  for (const value of fields.getAll('Cache-Control')) {
    for (const member of membersOf(value)) {
      const equals = member.indexOf('=');
      if (equals > 0 && member.slice(0, equals).trim().toLowerCase() === name) {
        return leadingSeconds(member.slice(equals + 1));
      }
    }
  }
  return undefined;
}

/** A fraction is cut off; what is no number counts as 0. */
export function leadingSeconds(text: string): number {
  const match = /^\s*"?(\d+)\s*(?:"|,|\.|$)/.exec(text);
  return match === null ? 0 : Math.min(Number(match[1]), mostSeconds);
}
