/**
 * The saint list: which objects which identities must not be asked for, and until when. One for all configs of
 * a plane, because the list belongs to the identity. Meaning: vmod_saintmode(3).
 *
 * Deadlines are compared on reading: an entry is in force while now < deadline, whenever it is swept. Only
 * `expire` sweeps and reports, as much as its caller allows; its owner calls it at `nextDeadline`, and whoever
 * relies on reported counts calls it before reading if that has passed. So a count is exact as long as no more
 * entries fall due at once than one call sweeps; else it has the rest of them in it until they are swept.
 *
 * Full, it lets go the entry that ends soonest, which may be the new one: an object that is asked for too early
 * is the smallest harm. "Soonest" is to the width of a list of the wheel: 8 ms for a TTL below half a second,
 * half a second below half a minute, half a minute below half an hour.
 *
 * Cost: O(1) to ask, to deny and to lift, 43 to 53 bytes an entry (npm run bench -- saint). Lifting or
 * forgetting all entries of an identity is one step; their memory comes back in later sweeps.
 */
import type { Identity } from '../identity.ts';
import { type KeyHash, secretKeyHash } from './object-key.ts';
import { NONE } from './record-pool.ts';
import { SaintRecords } from './saint-records.ts';

export interface SaintEntry {
  readonly identity: Identity;
  /** The first 24 hexadecimal digits of the request hash. */
  readonly object: string;
  /** Milliseconds of the plane's clock. */
  readonly deadline: number;
}

export interface SaintQuery {
  /** Only entries of this identity. */
  readonly identity?: Identity | undefined;
  /** Only entries of this object: a request hash, or the digits of it that lists show. */
  readonly object?: string | undefined;
  /** The `next` of the page before. */
  readonly from?: number | undefined;
  /** Entries on a page, at most. Default: 1,000. */
  readonly limit?: number | undefined;
}

export interface SaintPage {
  /** In no particular order. A page may be empty although others follow. */
  readonly entries: readonly SaintEntry[];
  /** Where the next page begins; undefined: this was the last. */
  readonly next: number | undefined;
}

/** How full a saint list is. */
export interface SaintFigures {
  /** Entries, swept or not. */
  readonly listed: number;
  /** Entries that gave way before their time because the list was full. */
  readonly displaced: number;
  /** Denials without effect, because the list was full of what ends later. */
  readonly refused: number;
}

export interface SaintListOptions {
  /** Entries, at most. Default: 1,000,000. */
  readonly capacity?: number | undefined;
  /** How objects are spread over the index. Default: in a way that no client can foresee. */
  readonly keyHash?: KeyHash | undefined;
}

/**
 * What came of a denial. `known`: it was listed already. `displaced`: it is listed, and another entry gave way.
 * `refused`: it is not, because the list is full of what ends later.
 */
export type Denial = 'listed' | 'known' | 'displaced' | 'refused';

/** How many entries an identity has now, swept or not. */
type CountListener = (identity: Identity, count: number) => void;

const CAPACITY = 1_000_000;
const EXPIRED_BY_READER = 64;
const PAGE = 1_000;
/** Records that one page looks at, at most: some 0.2 ms. */
const PAGE_LOOKS = 16_384;
/** Records that a full list looks at, to find some that belong to nobody, before it displaces one. */
const FULL_LOOKS = 256;

/** The list of one identity. */
interface List {
  readonly identity: Identity;
  /** The identity alone, for the many objects that are denied to no other. */
  readonly alone: ReadonlySet<Identity>;
  /** Its number in records; 0 is nobody's. */
  readonly number: number;
  count: number;
  /** Whether listeners know the count. */
  isTold: boolean;
}

export class SaintList {
  readonly #capacity: number;
  readonly #keyHash: KeyHash;
  readonly #listeners = new Set<CountListener>();
  readonly #byIdentity = new Map<Identity, List>();
  /** By number; undefined: nobody's, or let go. */
  readonly #lists: (List | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  #records = this.#createRecords();
  #size = 0;
  #liftedNow = 0;
  #displaced = 0;
  #refused = 0;
  /** Lists whose count the present call has changed. */
  #changed: List[] = [];

  /** Numbers of lists that were let go and whose records are searched for, from the first record to the last. */
  #sought: number[] = [];
  /** The next record that the search looks at. */
  #searchAt = 0;
  /** Numbers of lists that were let go since the search began: one more follows. */
  #letGo: number[] = [];

  constructor({ capacity = CAPACITY, keyHash = secretKeyHash() }: SaintListOptions = {}) {
    this.#capacity = capacity;
    this.#keyHash = keyHash;
  }

  /** True if nothing is listed, so that a request need not even know its hash. */
  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Entries, swept or not. */
  get size(): number {
    return this.#size;
  }

  figures(): SaintFigures {
    return { listed: this.#size, displaced: this.#displaced, refused: this.#refused };
  }

  /**
   * Lists an object. Listed already, it stays one entry, with the later deadline.
   *
   * @param object the request hash in hexadecimal
   */
  deny(identity: Identity, object: string, deadline: number): Denial {
    const list = this.#byIdentity.get(identity) ?? this.#open(identity);
    const known = this.#find(list, object);
    if (known !== NONE) {
      this.#records.deny(known, deadline);
      return 'known';
    }
    const denial = this.#records.size < this.#capacity ? 'listed' : this.#makeRoom(deadline);
    if (denial === 'refused') this.#refused++;
    else this.#records.add(list.number, deadline);
    this.#tell();
    return denial;
  }

  /** The identities that must not be asked for an object; undefined if there are none. Never changes later. */
  deniedFor(object: string, now: number): ReadonlySet<Identity> | undefined {
    if (this.#size === 0) return undefined;
    const records = this.#records;
    let only: List | undefined;
    let denied: Set<Identity> | undefined;
    for (let record = records.find(object); record !== NONE; record = records.findNext()) {
      if (records.deadlineOf(record) <= now) continue;
      const list = this.#lists[records.listOf(record)];
      if (list === undefined) continue;
      if (only === undefined) only = list;
      else {
        denied ??= new Set(only.alone);
        denied.add(list.identity);
      }
    }
    return denied ?? only?.alone;
  }

  /** How many objects are listed for an identity: what is due is swept first, as far as one reader may. */
  count(identity: Identity, now: number): number {
    const due = this.nextDeadline();
    if (due !== undefined && due <= now) this.expire(now);
    return this.#byIdentity.get(identity)?.count ?? 0;
  }

  /** The identities with entries. */
  identities(): Identity[] {
    return [...this.#byIdentity.values()].flatMap(({ identity, count }) => (count > 0 ? [identity] : []));
  }

  /**
   * One page of the entries in force. Whatever is listed from the first page to the last is shown once; what
   * comes or goes meanwhile may be missing.
   */
  list({ identity, object, from = 0, limit = PAGE }: SaintQuery, now: number): SaintPage {
    const records = this.#records;
    const entries: SaintEntry[] = [];
    const show = (record: number): void => {
      const list = this.#lists[records.listOf(record)];
      const deadline = records.deadlineOf(record);
      if (list === undefined || deadline <= now) return;
      if (identity !== undefined && list.identity !== identity) return;
      entries.push({ identity: list.identity, object: records.keyOf(record), deadline });
    };
    if (object !== undefined) {
      for (let record = records.find(object); record !== NONE; record = records.findNext()) show(record);
      return { entries, next: undefined };
    }
    let record = from;
    for (let looks = 0; looks < PAGE_LOOKS && entries.length < limit; looks++, record++) {
      record = records.skipAbsent(record);
      if (record >= records.limit) break;
      show(record);
    }
    return { entries, next: record < records.limit ? record : undefined };
  }

  /** Takes one object off an identity's list, or all. Returns how many entries that were. */
  lift(identity: Identity, object?: string): number {
    const list = this.#byIdentity.get(identity);
    if (list === undefined) return 0;
    if (object === undefined) return this.#letListGo(list);
    this.#liftedNow = 0;
    const record = this.#find(list, object);
    if (record !== NONE) this.#records.lift(record);
    this.#tell();
    return this.#liftedNow;
  }

  /** Drops all that is known of an identity which has retired. */
  forget(identity: Identity): void {
    const list = this.#byIdentity.get(identity);
    if (list !== undefined) this.#letListGo(list);
  }

  /**
   * Sweeps entries whose deadline is not after `now`.
   *
   * @param atMost records to touch; the default is what a reader may spend on it, some 20 µs
   */
  expire(now: number, atMost = EXPIRED_BY_READER): void {
    const touched = this.#records.expire(now, atMost);
    this.#search(atMost - touched);
    this.#tell();
  }

  /** When to call `expire`: never later than the earliest deadline. undefined: there is nothing to do. */
  nextDeadline(): number | undefined {
    if (this.#isSearching) return Number.NEGATIVE_INFINITY;
    const { nextDue } = this.#records;
    return nextDue === Number.POSITIVE_INFINITY ? undefined : nextDue;
  }

  /** Calls `listener` after each change of a count. Returns what ends that. */
  onCountChanged(listener: CountListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #createRecords(): SaintRecords {
    const lifted = () => {
      this.#liftedNow++;
    };
    const counted = (number: number, change: number) => {
      const list = this.#lists[number];
      // Of a list that was let go, all have been counted out.
      if (list === undefined) return;
      list.count += change;
      this.#size += change;
      if (list.isTold) this.#changed.push(list);
      list.isTold = false;
    };
    return new SaintRecords({ lifted, counted }, (word0, word1) => this.#keyHash(word0, word1));
  }

  #open(identity: Identity): List {
    const number = this.#freeNumbers.pop() ?? this.#lists.length;
    const list: List = { identity, alone: new Set([identity]), number, count: 0, isTold: true };
    this.#lists[number] = list;
    this.#byIdentity.set(identity, list);
    return list;
  }

  #find(list: List, object: string): number {
    const records = this.#records;
    let record = records.find(object);
    while (record !== NONE && records.listOf(record) !== list.number) record = records.findNext();
    return record;
  }

  /** One step, however many entries: their records belong to nobody from then on, and are found later. */
  #letListGo({ identity, number, count }: List): number {
    this.#byIdentity.delete(identity);
    this.#lists[number] = undefined;
    this.#letGo.push(number);
    this.#size -= count;
    // With nothing listed, all there is belongs to nobody, and can go at once.
    if (this.#size === 0) this.#startAnew();
    if (count > 0) for (const listener of this.#listeners) listener(identity, 0);
    return count;
  }

  #startAnew(): void {
    this.#records = this.#createRecords();
    this.#freeNumbers.push(...this.#sought.splice(0), ...this.#letGo.splice(0));
    this.#searchAt = 0;
  }

  /** Looks for records that belong to nobody, and takes them away. */
  #search(atMost: number): void {
    const records = this.#records;
    for (let looks = 0; looks < atMost && this.#isSearching; looks++) {
      if (this.#sought.length === 0) this.#sought = this.#letGo.splice(0);
      const record = records.skipAbsent(this.#searchAt);
      this.#searchAt = record + 1;
      if (record >= records.limit) {
        this.#freeNumbers.push(...this.#sought.splice(0));
        this.#searchAt = 0;
        continue;
      }
      const number = records.listOf(record);
      if (number !== 0 && this.#lists[number] === undefined) records.drop(record);
    }
  }

  get #isSearching(): boolean {
    return this.#sought.length > 0 || this.#letGo.length > 0;
  }

  /** For an entry with this deadline. */
  #makeRoom(deadline: number): 'listed' | 'displaced' | 'refused' {
    const records = this.#records;
    this.#search(FULL_LOOKS);
    if (records.size < this.#capacity) return 'listed';
    const soonest = records.soonest();
    if (soonest === NONE || records.deadlineOf(soonest) >= deadline) return 'refused';
    this.#displaced++;
    records.displace(soonest);
    return 'displaced';
  }

  #tell(): void {
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    for (const list of changed) {
      list.isTold = true;
      for (const listener of this.#listeners) listener(list.identity, list.count);
    }
  }
}
