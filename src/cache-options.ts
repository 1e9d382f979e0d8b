/** What the options of the cache come to. */
import type { CacheDefaults } from './proxy/cache/cache-terms.ts';
import type { CacheOptions } from './troupe-proxy.ts';

/** varnishd's `-s default,100m`. */
const DEFAULT_CACHE_BYTES = 100 * 1024 * 1024;

export function cacheBytesOf({
  size = DEFAULT_CACHE_BYTES,
}: CacheOptions = {}): number | ReadonlyMap<string, number> {
  return typeof size === 'number' ? size : new Map(Object.entries(size));
}

/** Those that programs can name, whether there is a cache or not. */
export function storageNames({ size }: CacheOptions = {}): ReadonlySet<string> {
  return new Set([...(typeof size === 'object' ? Object.keys(size) : ['s0']), 'Transient']);
}

export function cacheDefaultsOf({
  defaultTtl,
  defaultGrace,
  defaultKeep,
}: CacheOptions = {}): Partial<CacheDefaults> {
  return {
    ...(defaultTtl === undefined ? {} : { ttl: defaultTtl }),
    ...(defaultGrace === undefined ? {} : { grace: defaultGrace }),
    ...(defaultKeep === undefined ? {} : { keep: defaultKeep }),
  };
}
