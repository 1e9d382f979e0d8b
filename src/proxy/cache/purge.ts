/** Takes what is stored under one request hash out of use, what is on its way included. */
import type { PurgeOptions } from '../../config/hooks.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * @param options what of it may still be used; default: nothing
 * @param now milliseconds since 1970
 * @returns how many objects that were
 */
export function purgeEntry(
  store: ObjectStore,
  entry: CacheEntry,
  options: PurgeOptions | undefined,
  now: number,
): number {
  const { soft: isSoft = false, ttl, grace, keep } = options ?? {};
  // Who waits for one of these looks again, and shall not find another one of them.
  const fetches = entry.leaveAll();
  const { objects } = entry;
  for (const object of objects) {
    if (isSoft) object.life.expire(now, ttl, grace, keep);
    else store.remove(object);
  }
  if (entry.marker !== undefined) store.remove(entry.marker);
  for (const fetch of fetches) fetch.purge();
  return objects.length;
}
