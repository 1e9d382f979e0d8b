/**
 * By which rules a config keeps answers, and what it assumes where they say nothing.
 */
import type { CacheDeclaration } from '../../config/cache-declaration.ts';
import type { CacheDefaults, CacheTerms } from './cache-terms.ts';
import { type Answered, termsByRfc9111 } from './rfc9111-rules.ts';
import { builtinBackendResponse, termsByVarnish } from './varnish-rules.ts';

export interface CachePolicy {
  readonly rules: 'rfc9111' | 'varnish';
  readonly defaults: CacheDefaults;
}

/**
 * RFC 9111 keeps nothing for a time that nobody said, and serves nothing stale that nobody allowed; an hour of keep
 * only saves transfers. The others are varnishd's default_ttl, default_grace and default_keep.
 */
const defaultsOf: Readonly<Record<CachePolicy['rules'], CacheDefaults>> = {
  rfc9111: { ttl: 0, grace: 0, keep: 3_600_000 },
  varnish: { ttl: 120_000, grace: 10_000, keep: 0 },
};

/** @param given for all configs that do not say otherwise */
export function cachePolicy(declared: CacheDeclaration, given: Partial<CacheDefaults>): CachePolicy {
  const { rules = 'rfc9111', defaultTtlMs, defaultGraceMs, defaultKeepMs } = declared;
  const own = defaultsOf[rules];
  return {
    rules,
    defaults: {
      ttl: defaultTtlMs ?? given.ttl ?? own.ttl,
      grace: defaultGraceMs ?? given.grace ?? own.grace,
      keep: defaultKeepMs ?? given.keep ?? own.keep,
    },
  };
}

/** @param isHooked whether a hook decides after this, so that the built-in vcl_backend_response does not run */
export function termsBy({ rules, defaults }: CachePolicy, answered: Answered, isHooked: boolean): CacheTerms {
  if (rules === 'rfc9111') return termsByRfc9111(answered, defaults);
  const terms = termsByVarnish(answered, defaults);
  return isHooked ? terms : builtinBackendResponse(terms, answered.fields);
}
