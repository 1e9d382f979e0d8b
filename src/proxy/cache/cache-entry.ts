/**
 * All that the cache knows of one request hash: the variants that are stored, the fetches under way, and whether
 * answers were found to be uncacheable.
 */
import type { Fields } from '../http/fields.ts';
import type { BannedRequest } from './ban-conditions.ts';
import type { Ban } from './ban-list.ts';
import { flat } from './flat-text.ts';
import type { LruList, LruNode } from './lru-list.ts';
import type { Storage } from './storage.ts';
import { StoredObject } from './stored-object.ts';
import { variantKey } from './vary.ts';

/** A fetch that others may wait for, or read from. */
export interface PendingFetch {
  /** False: it is for one request only. */
  readonly isShared: boolean;
  /** undefined while there is no answer. */
  readonly object: StoredObject | undefined;
  /** Names of fields, and the key of the variant that it will bring if they are still what answers differ by. */
  readonly vary: readonly string[];
  readonly variant: string;
  /** The newest that what it brings is tested against: before there is an answer, the newest when it began. */
  readonly ban: Ban;
  /** Whether a newer one takes it out for a request. */
  isBannedFor(request: BannedRequest): boolean;
  purge(): void;
}

/** Bytes that a marker and its entry take. */
const MARKER_BYTES = 400;

const noNames: readonly string[] = [];
const noObjects: readonly StoredObject[] = [];
const noFetches: readonly PendingFetch[] = [];

/** Variants of one object at most: the oldest gives way. */
const MOST_VARIANTS = 64;

/**
 * Says that answers here are not to be kept: until it ends, requests do not wait for each other (hit-for-miss), or do
 * not even look (hit-for-pass).
 */
export class UncacheableMarker implements LruNode {
  list: LruList | undefined;
  lruBefore: LruNode | undefined;
  lruAfter: LruNode | undefined;
  isStored = false;
  holders = 0;
  isOwed = false;
  readonly bytes: number;
  touchedAt = 0;
  ban: Ban;
  readonly entry: CacheEntry;
  readonly storage: Storage;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly isPass: boolean;

  constructor(entry: CacheEntry, storage: Storage, until: number, isPass: boolean, ban: Ban) {
    this.entry = entry;
    this.storage = storage;
    this.ban = ban;
    this.until = until;
    this.isPass = isPass;
    this.bytes = MARKER_BYTES + entry.key.length;
  }

  get heapBytes(): number {
    return this.bytes;
  }
}

export class CacheEntry {
  readonly key: string;
  /** Whether it is found under its key. */
  isOpen = false;
  /** The newest last. */
  #objects: readonly StoredObject[] = noObjects;
  #fetches: readonly PendingFetch[] = noFetches;
  marker: UncacheableMarker | undefined;
  /** Names of the fields that the newest answer was chosen by. */
  vary = noNames;

  constructor(key: string) {
    this.key = key;
  }

  get objects(): readonly StoredObject[] {
    return this.#objects;
  }

  get fetches(): readonly PendingFetch[] {
    return this.#fetches;
  }

  get isEmpty(): boolean {
    return this.objects.length === 0 && this.fetches.length === 0 && this.marker === undefined;
  }

  /** Whether nothing else is here. */
  hasOnly(object: StoredObject): boolean {
    const { objects, fetches, marker } = this;
    return objects.length === 1 && objects[0] === object && fetches.length === 0 && marker === undefined;
  }

  /** The newest object that answers a request, fresh or not. */
  match(request: Fields): StoredObject | undefined {
    const { objects } = this;
    let names = noNames;
    let key = '';
    for (let i = objects.length - 1; i >= 0; i--) {
      const object = objects[i] as StoredObject;
      const { vary } = object;
      if (vary.length === 0) return object;
      // Mostly all have the same list.
      if (vary !== names) {
        names = vary;
        key = variantKey(vary, request);
      }
      if (key === object.variant) return object;
    }
    return undefined;
  }

  /** The list of names that an object keeps: the one that others have, if it says the same. */
  varyList(names: readonly string[]): readonly string[] {
    return isSameList(names, this.vary) ? this.vary : names.map(flat);
  }

  /** A fetch under way that a request may be answered by, as far as that can be known. */
  pending(request: Fields, now: number): PendingFetch | undefined {
    for (const fetch of this.fetches) {
      if (!fetch.isShared) continue;
      const { object } = fetch;
      const stage = object?.life.stage(now) ?? 'fresh';
      if (stage !== 'fresh' && stage !== 'graced') continue;
      const { vary, variant } = object ?? fetch;
      if (vary.length === 0 || variantKey(vary, request) === variant) return fetch;
    }
    return undefined;
  }

  /** The one that must give way for a new object, if any: the same variant, or the oldest of too many. */
  rival(object: StoredObject): StoredObject | undefined {
    const same = this.objects.find(
      ({ variant, vary }) => variant === object.variant && isSameList(vary, object.vary),
    );
    return same ?? (this.objects.length >= MOST_VARIANTS ? this.objects[0] : undefined);
  }

  addObject(object: StoredObject): void {
    this.#objects = withOne(this.#objects, object);
  }

  addFetch(fetch: PendingFetch): void {
    this.#fetches = withOne(this.#fetches, fetch);
  }

  /** Called by the store. */
  drop(node: LruNode): void {
    if (node === this.marker) this.marker = undefined;
    else if (node instanceof StoredObject) this.#objects = without(this.#objects, node, noObjects);
  }

  /** Nobody finds any of the fetches under way any more. */
  leaveAll(): readonly PendingFetch[] {
    const fetches = this.#fetches;
    this.#fetches = noFetches;
    return fetches;
  }

  leave(fetch: PendingFetch): void {
    this.#fetches = without(this.#fetches, fetch, noFetches);
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((name, i) => name === other[i]));
}

/** A list that is added to gets room for 17, and mostly one is all that there will be. */
function withOne<Item>(list: readonly Item[], item: Item): readonly Item[] {
  return list.length === 0 ? [item] : [...list, item];
}

/** A new list: those that are looked through stay as they are, and none is larger than what is in it. */
function without<Item>(list: readonly Item[], item: Item, none: readonly Item[]): readonly Item[] {
  const isOnly = list.length === 1 && list[0] === item;
  return isOnly ? none : list.filter((one) => one !== item);
}
