/** Things in the order in which they were used, as a chain. */
import type { Ban } from './ban-list.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { Storage } from './storage.ts';

/** What has a place in the order of use. The links belong to its list, the list to its storage. */
export interface LruNode {
  list: LruList | undefined;
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
  /** Those of them that lie in the engine's heap, while it is in a list. */
  readonly heapBytes: number;
  /** When it was last used so that its place changed, as `useTime` says. */
  touchedAt: number;
  /** The newest that it was tested against. */
  ban: Ban;
  readonly entry: CacheEntry;
  /** Where its bytes count. */
  readonly storage: Storage;
}

/** Milliseconds since 1970 of the beginning of 2020. */
const EPOCH = 1_577_836_800_000;

/**
 * When something was used: in whole seconds since 2020, which for decades are small integers of the engine's. Larger
 * numbers would be objects of their own, made anew with each use of what has long been old.
 *
 * @param now milliseconds since 1970
 */
export function useTime(now: number): number {
  return Math.floor((now - EPOCH) / 1_000);
}

export class LruList {
  /** Of all that is in it. */
  heapBytes = 0;
  #newest: LruNode | undefined;
  #oldest: LruNode | undefined;

  get oldest(): LruNode | undefined {
    return this.#oldest;
  }

  /** Puts it in as the one used last. */
  add(node: LruNode): void {
    node.list = this;
    this.heapBytes += node.heapBytes;
    this.#link(node);
  }

  remove(node: LruNode): void {
    node.list = undefined;
    this.heapBytes -= node.heapBytes;
    this.#unlink(node);
  }

  /** It was used. */
  renew(node: LruNode): void {
    if (this.#newest === node) return;
    this.#unlink(node);
    this.#link(node);
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
