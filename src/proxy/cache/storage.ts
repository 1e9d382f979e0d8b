/**
 * A part of the store with a bound of its own: varnishd's `-s NAME=malloc,SIZE`. Whoever needs place in it takes it
 * from what has been used least recently in it.
 *
 * Cost: O(1); making place costs one step for each object that gives way.
 */
import type { Ban } from './ban-list.ts';
import type { CacheEntry } from './cache-entry.ts';

/** What has a place in the order of use. The links belong to its storage. */
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
  /** Where its bytes count. */
  readonly storage: Storage;
}

/** How many that are being read are passed over in looking for one that can give way. */
const MOST_PASSED_OVER = 50;

/** Milliseconds within which a second use changes nothing in the order. */
const TOUCH_MS = 1_000;

export class Storage {
  readonly name: string;
  readonly capacity: number;
  #bytes = 0;
  /** Used most recently. */
  #newest: LruNode | undefined;
  #oldest: LruNode | undefined;

  /** @param capacity in bytes */
  constructor(name: string, capacity: number) {
    this.name = name;
    this.capacity = capacity;
  }

  /** Taken, also by what is still coming, and by what was taken out while somebody reads it. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes place. False: there is none to be made, and nothing has changed but that others gave way.
   *
   * @param mostEvictions how many may give way
   * @param evict takes out what gives way, and releases its bytes
   */
  reserve(bytes: number, mostEvictions: number, evict: (node: LruNode) => void): boolean {
    if (bytes > this.capacity) return false;
    let passedOver = 0;
    let evictions = 0;
    while (this.#bytes + bytes > this.capacity) {
      const oldest = this.#oldest;
      if (oldest === undefined) return false;
      if (oldest.holders > 0) {
        if (++passedOver > MOST_PASSED_OVER) return false;
        this.unlink(oldest);
        this.link(oldest);
        continue;
      }
      if (++evictions > mostEvictions) return false;
      evict(oldest);
    }
    this.#bytes += bytes;
    return true;
  }

  /** Gives back what was reserved and is not used. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  touch(node: LruNode, now: number): void {
    if (!node.isStored || now - node.touchedAt < TOUCH_MS) return;
    node.touchedAt = now;
    if (this.#newest === node) return;
    this.unlink(node);
    this.link(node);
  }

  link(node: LruNode): void {
    node.lruBefore = undefined;
    node.lruAfter = this.#newest;
    if (this.#newest !== undefined) this.#newest.lruBefore = node;
    this.#newest = node;
    this.#oldest ??= node;
  }

  unlink(node: LruNode): void {
    const { lruBefore: before, lruAfter: after } = node;
    if (before === undefined) this.#newest = after;
    else before.lruAfter = after;
    if (after === undefined) this.#oldest = before;
    else after.lruBefore = before;
    node.lruBefore = undefined;
    node.lruAfter = undefined;
  }
}
