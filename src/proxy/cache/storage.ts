/**
 * A bound in bytes, and the order of use within it: what is used is an object of the engine's; what has not been used
 * since it came, or not for long, rests outside the engine's heap, where it costs the garbage collector nothing.
 *
 * What gives way is what was used least recently. Cost: O(1) for each step.
 */
import { LruList, type LruNode, useTime } from './lru-list.ts';
import { RestingObjects } from './resting/resting-objects.ts';

/** How many that are being read are passed over in looking for one that can give way. */
const MOST_PASSED_OVER = 50;

/** Takes out what gives way, and releases its bytes. */
export interface Evictor {
  evict(node: LruNode): void;
  /** @param address of one that rests */
  evictResting(storage: Storage, address: number): void;
}

export class Storage {
  readonly name: string;
  /** Its place among all storages of its store. */
  readonly number: number;
  readonly capacity: number;
  /** undefined: it is too small for that. */
  readonly resting: RestingObjects | undefined;
  #bytes = 0;
  /** What may come to rest. */
  readonly awake = new LruList();
  /** What may not, being large or of another kind. */
  readonly restless = new LruList();
  /** Notes of what is not kept, the oldest of which are over first. */
  readonly markers = new LruList();

  /** @param capacity in bytes */
  constructor(name: string, number: number, capacity: number) {
    this.name = name;
    this.number = number;
    this.capacity = capacity;
    this.resting = RestingObjects.within(capacity);
  }

  /** Taken, also by what is still coming, and by what was taken out while somebody reads it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the engine's heap that are its. */
  get heapBytes(): number {
    return this.awake.heapBytes + this.restless.heapBytes + this.markers.heapBytes;
  }

  #restingSince(address: number): number {
    return this.resting?.touchedAt(address) ?? 0;
  }

  /** What was used least recently of all that does not rest. */
  get oldestNode(): LruNode | undefined {
    return older(older(this.awake.oldest, this.restless.oldest), this.markers.oldest);
  }

  /**
   * Makes place. False: there is none to be made, and nothing has changed but that others gave way.
   *
   * @param mostEvictions how many may give way
   */
  reserve(bytes: number, mostEvictions: number, evictor: Evictor): boolean {
    if (bytes > this.capacity) return false;
    let passedOver = 0;
    let evictions = 0;
    while (this.#bytes + bytes > this.capacity) {
      if (evictions === mostEvictions) return false;
      const outcome = this.evictOldest(evictor);
      if (outcome === 'gone') evictions++;
      else if (outcome === 'none' || ++passedOver > MOST_PASSED_OVER) return false;
      else this.passOver();
    }
    this.#bytes += bytes;
    return true;
  }

  /** Takes out what was used least recently. @returns `held`: that is being read, and stays */
  evictOldest(evictor: Evictor): 'gone' | 'held' | 'none' {
    const { oldestNode: node, resting } = this;
    const address = resting === undefined ? -1 : resting.oldest();
    if (address >= 0 && (node === undefined || this.#restingSince(address) <= node.touchedAt)) {
      evictor.evictResting(this, address);
      return 'gone';
    }
    if (node === undefined) return 'none';
    if (node.holders > 0) return 'held';
    evictor.evict(node);
    return 'gone';
  }

  /** What does not rest and was used least recently counts as used now: it is being read. */
  passOver(): void {
    const node = this.oldestNode;
    node?.list?.renew(node);
  }

  /** Gives back what was reserved and is not used. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** It is used. What is used twice in a second has its place already. @param now milliseconds since 1970 */
  touch(node: LruNode, now: number): void {
    const at = useTime(now);
    if (at === node.touchedAt || node.list === undefined) return;
    node.touchedAt = at;
    node.list.renew(node);
  }
}

function older(one: LruNode | undefined, other: LruNode | undefined): LruNode | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.touchedAt <= other.touchedAt ? one : other;
}
