/**
 * The store: what was used last, within a bound in bytes that counts heads, bodies and bookkeeping, also of what is
 * still coming; in one storage or several. An object's storage is the one that a hook names, or the next one in turn.
 *
 * Cost: O(1) to find, to insert, to remove; making place costs one step for each object that gives way.
 */
import { CacheEntry } from './cache-entry.ts';
import { inOnePiece } from './flat-text.ts';
import { type LruNode, Storage } from './storage.ts';

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

/** varnishd's name for the first storage that has none, and for the one that is used only where a hook says so. */
const FIRST = 's0';
export const TRANSIENT = 'Transient';

export class ObjectStore {
  /** Of all storages but a `Transient` that nobody asked for. */
  readonly capacity: number;
  readonly storages: ReadonlyMap<string, Storage>;
  /** Requests that were served what is stored, or was coming for somebody else. */
  hits = 0;
  /** Requests that a backend was asked for, because nothing was there that could be served. */
  misses = 0;
  #objects = 0;
  #evicted = 0;
  /** Those that are used in turn. */
  readonly #inTurn: readonly [Storage, ...Storage[]];
  #turn = 0;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #evict = (node: LruNode) => {
    this.#evicted++;
    this.remove(node);
  };

  /**
   * @param capacities in bytes, by the names of the storages; or of the only one. `Transient` may take as much as all
   *   others together, if it is not among them
   */
  constructor(capacities: number | ReadonlyMap<string, number>) {
    const named = typeof capacities === 'number' ? new Map([[FIRST, capacities]]) : new Map(capacities);
    let ordinary = 0;
    let all = 0;
    for (const [name, bytes] of named) {
      all += bytes;
      if (name !== TRANSIENT) ordinary += bytes;
    }
    this.capacity = all;
    if (!named.has(TRANSIENT)) named.set(TRANSIENT, ordinary);
    this.storages = new Map([...named].map(([name, bytes]) => [name, new Storage(name, bytes)]));
    const [first, ...more] = [...this.storages.values()].filter(({ name }) => name !== TRANSIENT);
    this.#inTurn = [first ?? new Storage(FIRST, 0), ...more];
  }

  /** The one that the next object goes to of which nobody says where. */
  get next(): Storage {
    return this.#inTurn[this.#turn] as Storage;
  }

  /** @param name undefined, or not that of a storage: the next one in turn */
  storageFor(name: string | undefined): Storage {
    const wanted = name === undefined ? undefined : this.storages.get(name);
    if (wanted !== undefined) return wanted;
    const { next } = this;
    this.#turn = (this.#turn + 1) % this.#inTurn.length;
    return next;
  }

  find(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entry of a key, made if there is none; it stays for as long as something is in it. */
  open(key: string): CacheEntry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new CacheEntry(inOnePiece(key));
      this.#entries.set(entry.key, entry);
    }
    return entry;
  }

  /** Forgets an entry in which nothing is left. */
  close(entry: CacheEntry): void {
    // One that was emptied may have a successor.
    if (entry.isEmpty && this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /**
   * Makes place. False: there is none to be made, and nothing has changed but that others gave way.
   *
   * @param mostEvictions how many may
   */
  reserve(storage: Storage, bytes: number, mostEvictions = Number.POSITIVE_INFINITY): boolean {
    return storage.reserve(bytes, mostEvictions, this.#evict);
  }

  /** @param node its bytes have been reserved */
  insert(node: LruNode): void {
    node.isStored = true;
    node.ban.holders++;
    this.#objects++;
    node.storage.link(node);
  }

  /** Takes out what is there, from its entry too. */
  remove(node: LruNode): void {
    if (!node.isStored) return;
    node.isStored = false;
    node.ban.holders--;
    node.storage.unlink(node);
    this.#objects--;
    if (node.holders > 0) node.isOwed = true;
    else node.storage.release(node.bytes);
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
    node.storage.release(node.bytes);
  }

  touch(node: LruNode, now: number): void {
    node.storage.touch(node, now);
  }

  figures(): StoreFigures {
    const { capacity, hits, misses } = this;
    let bytes = 0;
    for (const storage of this.storages.values()) bytes += storage.bytes;
    return { objects: this.#objects, bytes, capacity, evicted: this.#evicted, hits, misses };
  }

  *entries(): IterableIterator<CacheEntry> {
    yield* this.#entries.values();
  }
}
