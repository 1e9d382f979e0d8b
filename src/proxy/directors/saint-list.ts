/**
 * The saint list of one data plane: which objects which identities must not be asked for, and until when.
 * One for all configs, because the list belongs to the identity. Meaning: vmod_saintmode(3).
 *
 * Deadlines are compared on reading: an entry is in force while now < deadline, whenever it is swept. Only
 * `expire` sweeps and reports; its owner calls it at `nextDeadline`, and whoever relies on reported counts
 * calls it before reading if that has passed.
 */
import type { Identity } from '../../identity.ts';
import { type Dated, DeadlineHeap } from './deadline-heap.ts';

interface SaintEntry {
  readonly identity: Identity;
  /** The request hash in hexadecimal. */
  readonly object: string;
  /** Milliseconds of the data plane's clock. */
  readonly deadline: number;
}

/** How many entries an identity has now, swept or not. */
type CountListener = (identity: Identity, count: number) => void;

export interface SaintList {
  /** True if nothing is listed, so that a request need not even know its hash. */
  readonly isEmpty: boolean;
  /**
   * Lists an object. Listed already, it stays one entry, with the later deadline.
   *
   * @returns whether the entry is new; one that is past its deadline is old until it is swept
   */
  deny(identity: Identity, object: string, deadline: number): boolean;
  /** The identities that must not be asked for an object; undefined if there are none. Never changes later. */
  deniedFor(object: string, now: number): ReadonlySet<Identity> | undefined;
  /** How many objects are listed for an identity. */
  count(identity: Identity, now: number): number;
  /** The entries of one identity, or of all, in no particular order. */
  list(identity: Identity | undefined, now: number): SaintEntry[];
  /** Takes one object off an identity's list, or all. Returns how many entries that were. */
  lift(identity: Identity, object?: string): number;
  /** Drops all that is known of an identity which has retired. */
  forget(identity: Identity): void;
  /** Sweeps the entries whose deadline is not after `now`. */
  expire(now: number): void;
  /** The earliest deadline listed: when to call `expire`. */
  nextDeadline(): number | undefined;
  /** Calls `listener` after each change of a count. Returns what ends that. */
  onCountChanged(listener: CountListener): () => void;
}

interface Entry extends SaintEntry, Dated {
  deadline: number;
}

/** Cost: O(1) to ask for an object that is not listed, O(log n) a change, some 300 bytes an entry. */
export function createSaintList(): SaintList {
  const byObject = new Map<string, Map<Identity, Entry>>();
  const byIdentity = new Map<Identity, Map<string, Entry>>();
  const byDeadline = new DeadlineHeap<Entry>();
  const listeners = new Set<CountListener>();

  function report(identity: Identity): void {
    const count = byIdentity.get(identity)?.size ?? 0;
    for (const listener of listeners) listener(identity, count);
  }

  function takeOff(entry: Entry): void {
    byDeadline.remove(entry);
    drop(byObject, entry.object, entry.identity);
    drop(byIdentity, entry.identity, entry.object);
  }

  function lift(identity: Identity, object?: string): number {
    const entries = byIdentity.get(identity);
    if (entries === undefined) return 0;
    const before = entries.size;
    for (const entry of object === undefined ? [...entries.values()] : [entries.get(object)]) {
      if (entry !== undefined) takeOff(entry);
    }
    if (entries.size < before) report(identity);
    return before - entries.size;
  }

  return {
    get isEmpty() {
      return byObject.size === 0;
    },

    deny(identity, object, deadline) {
      const known = byObject.get(object)?.get(identity);
      if (known !== undefined) {
        if (deadline > known.deadline) byDeadline.putOff(known, deadline);
        return false;
      }
      const entry: Entry = { identity, object, deadline, slot: 0 };
      innerMap(byObject, object).set(identity, entry);
      innerMap(byIdentity, identity).set(object, entry);
      byDeadline.add(entry);
      report(identity);
      return true;
    },

    deniedFor(object, now) {
      const entries = byObject.get(object);
      if (entries === undefined) return undefined;
      const denied = new Set<Identity>();
      for (const entry of entries.values()) if (now < entry.deadline) denied.add(entry.identity);
      return denied.size > 0 ? denied : undefined;
    },

    count(identity, now) {
      const entries = byIdentity.get(identity);
      if (entries === undefined) return 0;
      if (byDeadline.first !== undefined && now < byDeadline.first.deadline) return entries.size;
      let count = 0;
      for (const entry of entries.values()) if (now < entry.deadline) count++;
      return count;
    },

    list(identity, now) {
      const listed: SaintEntry[] = [];
      const lists = identity === undefined ? byIdentity.values() : [byIdentity.get(identity)];
      for (const entries of lists) {
        for (const { identity, object, deadline } of entries?.values() ?? []) {
          if (now < deadline) listed.push({ identity, object, deadline });
        }
      }
      return listed;
    },

    lift,

    forget(identity) {
      lift(identity);
    },

    expire(now) {
      const changed = new Set<Identity>();
      for (let due = byDeadline.first; due !== undefined && due.deadline <= now; due = byDeadline.first) {
        takeOff(due);
        changed.add(due.identity);
      }
      for (const identity of changed) report(identity);
    },

    nextDeadline() {
      return byDeadline.first?.deadline;
    },

    onCountChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function innerMap<Outer, Inner, Value>(map: Map<Outer, Map<Inner, Value>>, key: Outer): Map<Inner, Value> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}

function drop<Outer, Inner, Value>(map: Map<Outer, Map<Inner, Value>>, outer: Outer, inner: Inner): void {
  const entries = map.get(outer);
  entries?.delete(inner);
  if (entries?.size === 0) map.delete(outer);
}
