/** Takes what is stored under one request hash out of use, what is on its way included. */
import type { CacheEntry } from './cache-entry.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * @param isSoft whether it may still be served for its grace, and be asked about
 * @param now milliseconds since 1970
 * @returns how many objects that were
 */
export function purgeEntry(store: ObjectStore, entry: CacheEntry, isSoft: boolean, now: number): number {
  const objects = [...entry.objects];
  for (const object of objects) {
    if (isSoft) object.life.expire(now);
    else store.remove(object);
  }
  if (entry.marker !== undefined) store.remove(entry.marker);
  for (const fetch of [...entry.fetches]) fetch.purge();
  return objects.length;
}
