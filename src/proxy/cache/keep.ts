/** Puts into the store what a fetch has brought: an object, or a note that answers are not to be kept. */
import { UncacheableMarker } from './cache-entry.ts';
import { useTime } from './lru-list.ts';
import type { ObjectStore } from './object-store.ts';
import type { StoredObject } from './stored-object.ts';

/** @param object its bytes have been reserved */
export function keepObject(store: ObjectStore, object: StoredObject): void {
  const { entry } = object;
  if (entry.marker !== undefined && !object.isAlwaysAsked) store.remove(entry.marker);
  const rival = entry.rival(object);
  if (rival !== undefined) store.remove(rival);
  entry.vary = object.vary;
  entry.addObject(object);
  store.insert(object);
}

/**
 * @param mostEvictions how many others may give way for it
 * @param now milliseconds since 1970
 */
export function keepMarker(
  store: ObjectStore,
  marker: UncacheableMarker,
  mostEvictions: number,
  now: number,
): void {
  const { entry, storage } = marker;
  // Two go for each that comes, so that there are never many that are over.
  for (let i = 0; i < 2; i++) {
    const { oldest } = storage.markers;
    if (oldest instanceof UncacheableMarker && now >= oldest.until) store.remove(oldest);
  }
  if (entry.marker !== undefined) store.remove(entry.marker);
  if (!store.reserve(storage, marker.bytes, mostEvictions)) return;
  // Making place may have emptied the entry, and an empty one is forgotten: nobody would find what is put there.
  if (!entry.isOpen) {
    storage.release(marker.bytes);
    return;
  }
  entry.marker = marker;
  marker.touchedAt = useTime(now);
  store.insert(marker);
}
