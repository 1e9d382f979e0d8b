/**
 * The store: what was used last, within a bound in bytes that counts heads, bodies and bookkeeping, also of what is
 * still coming; in one storage or several. An object's storage is the one that a hook names, or the next one in turn.
 * An object that nobody uses rests outside the engine's heap (storage.ts) until somebody looks for it.
 *
 * Cost: O(1) to find, to insert, to remove; making place costs one step for each object that gives way.
 */
import { getHeapStatistics } from 'node:v8';
import type { Ban } from './ban-list.ts';
import { CacheEntry } from './cache-entry.ts';
import { inOnePiece } from './flat-text.ts';
import type { LruList, LruNode } from './lru-list.ts';
import { tableBytes } from './resting/object-record.ts';
import type { RestingObjects } from './resting/resting-objects.ts';
import { type Evictor, Storage } from './storage.ts';
import { StoredObject } from './stored-object.ts';

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

/** How much of the engine's heap a store may take: beyond its limit the process would end. Bytes. */
export interface HeapShare {
  /** For objects that could rest, and do not because they are used. */
  readonly awake: number;
  /** For all: the oldest give way, even where the store has room for more. */
  readonly all: number;
}

const heapLimit = getHeapStatistics().heap_size_limit;
const defaultShare: HeapShare = { awake: Math.min(256 * 1024 * 1024, heapLimit / 8), all: heapLimit / 2 };
/** The engine's maps take no more than 16.7 million. */
const MOST_ENTRIES = 16_000_000;
/** How many give way in one step so that the heap stays small. */
const MOST_AT_ONCE = 4;
/** How many bans are remembered for those that rest before it is looked whether they still need them. */
const MOST_BANS = 1_000;

export class ObjectStore implements Evictor {
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
  /** Or, of an object that rests, its address and the number of its storage. */
  readonly #entries = new Map<string, CacheEntry | number>();
  readonly #numbered: readonly Storage[];
  /** Those that resting objects were tested against, by their numbers. */
  readonly #bans = new Map<number, Ban>();
  #lastBan: Ban | undefined;
  #mostBans = MOST_BANS;
  readonly #heap: HeapShare;
  /** What the table of entries takes for those that rest. */
  #restingHeapBytes = 0;

  /**
   * @param capacities in bytes, by the names of the storages; or of the only one. `Transient` may take as much as all
   *   others together, if it is not among them
   * @param heap what all of it may take of the engine's heap; by default half, 256 MB of that for what is awake
   */
  constructor(capacities: number | ReadonlyMap<string, number>, heap = defaultShare) {
    this.#heap = heap;
    const named = typeof capacities === 'number' ? new Map([[FIRST, capacities]]) : new Map(capacities);
    let ordinary = 0;
    let all = 0;
    for (const [name, bytes] of named) {
      all += bytes;
      if (name !== TRANSIENT) ordinary += bytes;
    }
    this.capacity = all;
    if (!named.has(TRANSIENT)) named.set(TRANSIENT, ordinary);
    this.#numbered = [...named].map(([name, bytes], number) => new Storage(name, number, bytes));
    this.storages = new Map(this.#numbered.map((storage) => [storage.name, storage]));
    const [first, ...more] = [...this.storages.values()].filter(({ name }) => name !== TRANSIENT);
    this.#inTurn = [first ?? new Storage(FIRST, 0, 0), ...more];
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

  /** What there is of a key. An object that rests is awake afterwards. */
  find(key: string): CacheEntry | undefined {
    const found = this.#entries.get(key);
    return typeof found === 'number' ? this.#wake(found) : found;
  }

  /** The entry of a key, made if there is none; it stays for as long as something is in it. */
  open(key: string): CacheEntry {
    return this.find(key) ?? this.add(key);
  }

  /** The entry of a key of which there is none. */
  add(key: string): CacheEntry {
    const entry = new CacheEntry(inOnePiece(key));
    entry.isOpen = true;
    this.#entries.set(entry.key, entry);
    return entry;
  }

  /** Forgets an entry in which nothing is left. */
  close(entry: CacheEntry): void {
    if (!entry.isOpen || !entry.isEmpty) return;
    entry.isOpen = false;
    this.#entries.delete(entry.key);
  }

  /**
   * Makes place. False: there is none to be made, and nothing has changed but that others gave way.
   *
   * @param mostEvictions how many may
   */
  reserve(storage: Storage, bytes: number, mostEvictions = Number.POSITIVE_INFINITY): boolean {
    return storage.reserve(bytes, mostEvictions, this);
  }

  /** @param node its bytes have been reserved */
  insert(node: LruNode): void {
    node.isStored = true;
    node.ban.holders++;
    this.#objects++;
    listFor(node).add(node);
    this.#keepHeapSmall(node.storage, node);
  }

  /** Takes out what is there, from its entry too. */
  remove(node: LruNode): void {
    if (!node.isStored) return;
    node.isStored = false;
    node.ban.holders--;
    node.list?.remove(node);
    this.#objects--;
    if (node.holders > 0) node.isOwed = true;
    else node.storage.release(node.bytes);
    node.entry.drop(node);
    this.close(node.entry);
  }

  evict(node: LruNode): void {
    this.#evicted++;
    this.remove(node);
  }

  evictResting(storage: Storage, address: number): void {
    const { resting } = storage;
    if (resting === undefined) return;
    this.#evicted++;
    this.#objects--;
    const key = resting.key(address);
    this.#entries.delete(key);
    this.#restingHeapBytes -= tableBytes(key);
    const ban = this.#bans.get(resting.banNumber(address));
    if (ban !== undefined) ban.holders--;
    storage.release(resting.bytes(address));
    resting.drop(address);
  }

  /** Lets an object rest that nobody uses, if that is possible: it is found as before, as another object. */
  rest(object: StoredObject): void {
    const { entry, storage } = object;
    const { resting } = storage;
    if (resting === undefined || !object.isStored || object.holders > 0 || !object.mayRest) return;
    if (!entry.hasOnly(object)) return;
    const address = resting.put(object);
    if (address < 0) return;
    object.isStored = false;
    object.list?.remove(object);
    storage.release(object.bytes - resting.bytes(address));
    entry.drop(object);
    entry.isOpen = false;
    this.#entries.set(entry.key, this.#placeOf(storage, address));
    this.#restingHeapBytes += tableBytes(entry.key);
    this.#remember(object.ban);
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

  /** All that there is. Each is awake until the next one is asked for. */
  *entries(): IterableIterator<CacheEntry> {
    for (const [key, found] of this.#entries) {
      const entry = typeof found === 'number' ? this.find(key) : found;
      if (entry === undefined) continue;
      yield entry;
      const [only] = entry.objects;
      if (typeof found === 'number' && only !== undefined) this.rest(only);
    }
  }

  /** What is there when this is called. */
  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** @returns undefined: there is no place for it, and it has given way */
  #wake(place: number): CacheEntry | undefined {
    const storage = this.#numbered[place % this.#numbered.length] as Storage;
    const resting = storage.resting as RestingObjects;
    const address = Math.floor(place / this.#numbered.length);
    const ban = this.#bans.get(resting.banNumber(address)) as Ban;
    const object = resting.read(address, storage, ban);
    const { entry } = object;
    storage.release(resting.bytes(address));
    this.#restingHeapBytes -= tableBytes(entry.key);
    resting.drop(address);
    resting.closeGaps((key, to) => this.#entries.set(key, this.#placeOf(storage, to)));
    if (!storage.reserve(object.bytes, Number.POSITIVE_INFINITY, this)) {
      this.#entries.delete(entry.key);
      ban.holders--;
      this.#objects--;
      this.#evicted++;
      return undefined;
    }
    entry.isOpen = true;
    entry.addObject(object);
    object.isStored = true;
    storage.awake.add(object);
    this.#entries.set(entry.key, entry);
    this.#keepHeapSmall(storage, object);
    return entry;
  }

  #placeOf({ number }: Storage, address: number): number {
    return address * this.#numbered.length + number;
  }

  #keepHeapSmall(storage: Storage, latest: LruNode): void {
    const { awake } = storage;
    const { oldest } = awake;
    if (awake.heapBytes > this.#heap.awake && oldest instanceof StoredObject && oldest !== latest) {
      this.rest(oldest);
      // What cannot rest now may be able to when its turn comes again.
      if (oldest.isStored) awake.renew(oldest);
    }
    for (let i = 0; i < MOST_AT_ONCE && this.#isHeapFull; i++) {
      if (storage.oldestNode !== latest) {
        if (storage.evictOldest(this) === 'held') storage.passOver();
        continue;
      }
      const address = storage.resting?.oldest() ?? -1;
      if (address < 0) return;
      this.evictResting(storage, address);
    }
  }

  get #isHeapFull(): boolean {
    return this.#entries.size > MOST_ENTRIES || this.#heapBytes > this.#heap.all;
  }

  get #heapBytes(): number {
    let bytes = this.#restingHeapBytes;
    for (const storage of this.#numbered) bytes += storage.heapBytes;
    return bytes;
  }

  #remember(ban: Ban): void {
    if (ban === this.#lastBan) return;
    this.#lastBan = ban;
    this.#bans.set(ban.number, ban);
    if (this.#bans.size <= this.#mostBans) return;
    for (const [number, { holders }] of this.#bans) if (holders === 0) this.#bans.delete(number);
    this.#mostBans = Math.max(MOST_BANS, 2 * this.#bans.size);
  }
}

function listFor(node: LruNode): LruList {
  const { awake, restless, markers } = node.storage;
  if (!(node instanceof StoredObject)) return markers;
  return node.mayRest ? awake : restless;
}
