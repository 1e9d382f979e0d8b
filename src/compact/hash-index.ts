/**
 * Finds records by a hash of 32 bits: open addressing with linear probing, in 64 tables that grow and shrink
 * one at a time, so that no single call rehashes more than a 64th of a million records (0.2 ms). A slot holds
 * the hash beside the record's number: other records are told apart, and moved, without being looked at. What
 * is removed leaves no tombstone: those behind it move up.
 *
 * Cost: one cache line as a rule; 11 to 21 bytes a record.
 */
import { NONE } from './record-pool.ts';

const SHARD_BITS = 6;
const SHARDS = 1 << SHARD_BITS;
/** Slots of the smallest table. */
const LEAST = 8;

interface Shard {
  /** Two words a slot: hash, and record number + 1; 0: the slot is empty. */
  slots: Int32Array;
  /** Number of slots − 1; they are a power of two. */
  mask: number;
  used: number;
}

export class HashIndex {
  readonly #shards: Shard[] = Array.from({ length: SHARDS }, () => emptyShard(LEAST));
  // Where the last `first` or `next` has found something.
  #found: Shard = emptyShard(LEAST);
  #at = 0;
  #hash = 0;

  /** Adds a record. One hash may have many. */
  add(hash: number, record: number): void {
    const shard = this.#shard(hash);
    // Three quarters full at most: probing stays short.
    if (4 * (shard.used + 1) > 3 * (shard.mask + 1)) resize(shard, 2 * (shard.mask + 1));
    insert(shard, hash, record + 1);
    shard.used++;
  }

  /** Removes a record that was added with this hash. */
  remove(hash: number, record: number): void {
    const shard = this.#shard(hash);
    const { slots, mask } = shard;
    let hole = hash & mask;
    while (slots[2 * hole + 1] !== record + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[2 * at + 1] !== 0; at = (at + 1) & mask) {
      const home = (slots[2 * at] as number) & mask;
      // It may not move to before its home.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[2 * hole] = slots[2 * at] as number;
      slots[2 * hole + 1] = slots[2 * at + 1] as number;
      hole = at;
    }
    slots[2 * hole + 1] = 0;
    shard.used--;
    if (8 * shard.used < mask && mask >= LEAST) resize(shard, (mask + 1) / 2);
  }

  /** A record with this hash, or NONE. */
  first(hash: number): number {
    this.#found = this.#shard(hash);
    this.#hash = hash | 0;
    this.#at = hash & this.#found.mask;
    return this.#seek();
  }

  /** The next record after what `first` or `next` has just returned, or NONE. */
  next(): number {
    this.#at = (this.#at + 1) & this.#found.mask;
    return this.#seek();
  }

  #shard(hash: number): Shard {
    return this.#shards[hash >>> (32 - SHARD_BITS)] as Shard;
  }

  #seek(): number {
    const { slots, mask } = this.#found;
    const hash = this.#hash;
    let at = this.#at;
    for (;;) {
      const record = slots[2 * at + 1] as number;
      if (record === 0) return NONE;
      if (slots[2 * at] === hash) {
        this.#at = at;
        return record - 1;
      }
      at = (at + 1) & mask;
    }
  }
}

function emptyShard(size: number): Shard {
  return { slots: new Int32Array(2 * size), mask: size - 1, used: 0 };
}

function resize(shard: Shard, size: number): void {
  const { slots } = shard;
  shard.slots = new Int32Array(2 * size);
  shard.mask = size - 1;
  for (let i = 0; i < slots.length; i += 2) {
    const record = slots[i + 1] as number;
    if (record !== 0) insert(shard, slots[i] as number, record);
  }
}

function insert({ slots, mask }: Shard, hash: number, recordPlusOne: number): void {
  let at = hash & mask;
  while (slots[2 * at + 1] !== 0) at = (at + 1) & mask;
  slots[2 * at] = hash;
  slots[2 * at + 1] = recordPlusOne;
}
