/**
 * The store: what was used last, within a bound in bytes that counts heads, bodies and bookkeeping, also of what is
 * still coming. Whoever needs place takes it from what has been used least recently.
 *
 * Cost: O(1) to find, to insert, to remove; making place costs one step for each object that gives way.
 */
import type { Ban } from './ban-list.ts';
import { CacheEntry } from './cache-entry.ts';
import { flat } from './flat-text.ts';

/** What has a place in the order of use. The links belong to the store. */
export interface LruNode {
  lruBefore: LruNode | undefined;
  lruAfter: LruNode | undefined;
  /** Whether it is in a store now. */
  isStored: boolean;
  /** How many read it now, so that it stays in memory whatever becomes of it. */
  holders: number;
  /** Whether its bytes count although it was taken out, until the last of them has read it. */
  isOwed: boolean;
  /** Of the store, head, body and bookkeeping together. */
  bytes: number;
  /** Milliseconds since 1970 of the last use that changed its place. */
  touchedAt: number;
  /** The newest that it was tested against. */
  ban: Ban;
  readonly entry: CacheEntry;
}

export interface StoreFigures {
  /** Answers that are kept, and notes of what cannot be. */
  readonly objects: number;
  /** Bytes of all of that, of what is still coming, and of what was taken out while somebody reads it. */
  readonly bytes: number;
  readonly capacity: number;
  /** What gave way because its place was needed. */
  readonly evicted: number;
  /** Requests that were served what is stored, or was coming for somebody else. */
  readonly hits: number;
  /** Requests that a backend was asked for, because nothing was there that could be served. */
  readonly misses: number;
}

/** How many that are being read are passed over in looking for one that can give way. */
const MOST_PASSED_OVER = 50;

/** Milliseconds within which a second use changes nothing in the order. */
const TOUCH_MS = 1_000;

export class ObjectStore {
  readonly capacity: number;
  /** Requests that were served what is stored, or was coming for somebody else. */
  hits = 0;
  /** Requests that a backend was asked for, because nothing was there that could be served. */
  misses = 0;
  #bytes = 0;
  #objects = 0;
  #evicted = 0;
  /** Used most recently. */
  #newest: LruNode | undefined;
  #oldest: LruNode | undefined;
  readonly #entries = new Map<string, CacheEntry>();

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  find(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entry of a key, made if there is none; it stays for as long as something is in it. */
  open(key: string): CacheEntry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new CacheEntry(flat(key));
      this.#entries.set(entry.key, entry);
    }
    return entry;
  }

  /** Forgets an entry in which nothing is left. */
  close(entry: CacheEntry): void {
    // One that was emptied may have a successor.
    if (entry.isEmpty && this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /** Makes place. False: there is none to be made, and nothing has changed but that others gave way. */
  reserve(bytes: number): boolean {
    if (bytes > this.capacity) return false;
    let passedOver = 0;
    while (this.#bytes + bytes > this.capacity) {
      const oldest = this.#oldest;
      if (oldest === undefined) return false;
      if (oldest.holders > 0) {
        if (++passedOver > MOST_PASSED_OVER) return false;
        this.#unlink(oldest);
        this.#link(oldest);
        continue;
      }
      this.#evicted++;
      this.remove(oldest);
    }
    this.#bytes += bytes;
    return true;
  }

  /** Gives back what was reserved and is not used. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** @param node its bytes have been reserved */
  insert(node: LruNode): void {
    node.isStored = true;
    node.ban.holders++;
    this.#objects++;
    this.#link(node);
  }

  /** Takes out what is there, from its entry too. */
  remove(node: LruNode): void {
    if (!node.isStored) return;
    node.isStored = false;
    node.ban.holders--;
    this.#unlink(node);
    this.#objects--;
    if (node.holders > 0) node.isOwed = true;
    else this.#bytes -= node.bytes;
    node.entry.drop(node);
    this.close(node.entry);
  }

  /** Somebody begins to read it, piece by piece. */
  hold(node: LruNode): void {
    node.holders++;
  }

  /** And has ended. */
  letGo(node: LruNode): void {
    node.holders--;
    if (node.holders > 0 || !node.isOwed) return;
    node.isOwed = false;
    this.#bytes -= node.bytes;
  }

  touch(node: LruNode, now: number): void {
    if (!node.isStored || now - node.touchedAt < TOUCH_MS) return;
    node.touchedAt = now;
    if (this.#newest === node) return;
    this.#unlink(node);
    this.#link(node);
  }

  figures(): StoreFigures {
    const { capacity, hits, misses } = this;
    return { objects: this.#objects, bytes: this.#bytes, capacity, evicted: this.#evicted, hits, misses };
  }

  *entries(): IterableIterator<CacheEntry> {
    yield* this.#entries.values();
  }

  #link(node: LruNode): void {
    node.lruBefore = undefined;
    node.lruAfter = this.#newest;
    if (this.#newest !== undefined) this.#newest.lruBefore = node;
    this.#newest = node;
    this.#oldest ??= node;
  }

  #unlink(node: LruNode): void {
    const { lruBefore: before, lruAfter: after } = node;
    if (before === undefined) this.#newest = after;
    else before.lruAfter = after;
    if (after === undefined) this.#oldest = before;
    else after.lruBefore = before;
    node.lruBefore = undefined;
    node.lruAfter = undefined;
  }
}
