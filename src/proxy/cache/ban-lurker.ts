/**
 * The lurker: tests bans that ask about objects alone, so that they end although nobody looks for what they ban. As
 * varnishd's: a ban that asks about requests holds objects below it, which are tested against those above it all the
 * same; what has been tested against everything stored is completed.
 *
 * Cost: a walk over all that is stored for those bans that have come of age since the one before, a batch of it at a
 * time; nothing while there are none.
 */
import type { Clock } from '../../clock.ts';
import { BanCandidate, type BannedObject } from './ban-conditions.ts';
import { type Ban, type BanList, type Bannable, bans as isBannedBy, needsRequest } from './ban-list.ts';
import type { BanSettings } from './ban-settings.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { ObjectStore } from './object-store.ts';
import type { StoredObject } from './stored-object.ts';

/** Milliseconds after which fetches that held a walk up are looked at again. */
const RETRY_MS = 1_000;

/** A walk over the store. */
interface Walk {
  readonly entries: Iterator<CacheEntry>;
  /** The newest ban when it began: cutoffs count from here. */
  readonly newest: Ban;
  /** The newest ban that is tested. */
  readonly last: Ban;
  /** Bans up to this number are completed by it: fetches that began before the others have no answer yet. */
  completes: number;
}

export class BanLurker {
  readonly #bans: BanList;
  readonly #store: ObjectStore | undefined;
  readonly #clock: Clock;
  #settings: BanSettings;
  #walk: Walk | undefined;
  /** Milliseconds of the clock. */
  #notBefore = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  /** Bans tested, and entries looked at, in this turn. */
  #steps = 0;

  /** @param store undefined: nothing is ever stored */
  constructor(bans: BanList, store: ObjectStore | undefined, clock: Clock, settings: BanSettings) {
    this.#bans = bans;
    this.#store = store;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Begins anew; `plan` has to be called. */
  adjust(settings: BanSettings): void {
    this.#settings = settings;
    this.stop();
  }

  /** To be called when a ban was added: sets the timer for the first that comes of age. */
  plan(): void {
    if (this.#cancel !== undefined) return;
    const due = this.#firstDue();
    if (due === undefined) return;
    const { lurkerAgeMs } = this.#settings;
    const now = this.#clock.now();
    const ms = Math.min(lurkerAgeMs, due.at + lurkerAgeMs - this.#clock.wallNow());
    this.#after(Math.max(0, ms, this.#notBefore - now), () => this.#begin());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#walk = undefined;
  }

  #after(ms: number, run: () => void): void {
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined;
      run();
    });
  }

  /** The oldest ban that waits for the lurker. */
  #firstDue(): Ban | undefined {
    const { newest } = this.#bans;
    if (this.#store === undefined || this.#settings.lurkerSleepMs === 0) return undefined;
    for (let ban: Ban | undefined = this.#bans.oldest; ban !== undefined; ban = ban.newer) {
      if (this.#isForLurker(ban, newest)) return ban;
    }
    return undefined;
  }

  #isForLurker(ban: Ban, newest: Ban): boolean {
    return !ban.isCompleted && (!needsRequest(ban) || this.#isCutOff(ban, newest));
  }

  /** Whether it is so far down the list that what belongs to it is not worth testing. */
  #isCutOff(ban: Ban, newest: Ban): boolean {
    const { cutoff } = this.#settings;
    return cutoff > 0 && newest.number - ban.number > cutoff;
  }

  #begin(): void {
    const { newest, oldest } = this.#bans;
    const comesOfAge = this.#clock.wallNow() - this.#settings.lurkerAgeMs;
    let last: Ban | undefined;
    for (let ban: Ban | undefined = oldest; ban !== undefined && ban.at <= comesOfAge; ban = ban.newer) {
      if (this.#isForLurker(ban, newest)) last = ban;
    }
    if (last === undefined || this.#store === undefined) {
      this.plan();
      return;
    }
    const entries = this.#store.entries();
    this.#walk = { entries, newest, last, completes: last.number };
    this.#goOn(this.#store, this.#walk);
  }

  #goOn(store: ObjectStore, walk: Walk): void {
    const { lurkerBatch, lurkerSleepMs } = this.#settings;
    this.#steps = 0;
    while (this.#steps < lurkerBatch) {
      const { value: entry, done } = walk.entries.next();
      if (done === true) {
        this.#end(walk);
        return;
      }
      this.#lookAt(store, entry, walk);
    }
    this.#after(lurkerSleepMs, () => this.#goOn(store, walk));
  }

  #end(walk: Walk): void {
    this.#walk = undefined;
    const { last, newest, completes } = walk;
    let ban: Ban | undefined = this.#bans.oldest;
    for (; ban !== undefined && ban.number <= completes; ban = ban.newer) {
      if (this.#isForLurker(ban, newest)) this.#bans.complete(ban);
    }
    this.#bans.cutTail();
    if (completes < last.number) this.#notBefore = this.#clock.now() + RETRY_MS;
    this.plan();
  }

  #lookAt(store: ObjectStore, entry: CacheEntry, walk: Walk): void {
    this.#steps++;
    const { objects, marker, fetches } = entry;
    for (let i = objects.length - 1; i >= 0; i--) {
      const object = objects[i] as StoredObject;
      if (this.#takes(object, true, object, walk)) store.remove(object);
    }
    if (marker !== undefined && this.#takes(marker, true, undefined, walk)) store.remove(marker);
    if (fetches.length === 0) return;
    for (const fetch of fetches) {
      const { object } = fetch;
      if (object === undefined) walk.completes = Math.min(walk.completes, fetch.ban.number);
      else if (this.#takes(object, object.isStored, object, walk)) fetch.purge();
    }
  }

  /** Whether it is banned; if not, it moves up as far as it may. */
  #takes(one: Bannable, isCounted: boolean, object: BannedObject | undefined, walk: Walk): boolean {
    const { ban: from } = one;
    const { last, newest } = walk;
    if (from.number >= last.number) return false;
    if (from.number < this.#bans.oldest.number) return true;
    const isCutOff = this.#isCutOff(from, newest);
    const candidate = new BanCandidate(object, undefined);
    let to = from;
    let isHeld = false;
    for (let ban = from.newer; ban !== undefined && ban.number <= last.number; ban = ban.newer) {
      this.#steps++;
      if (this.#isForLurker(ban, newest)) {
        if (isCutOff || isBannedBy(ban, candidate)) return true;
      } else if (!ban.isCompleted) isHeld = true;
      if (!isHeld) to = ban;
    }
    if (to !== from) this.#bans.move(one, isCounted, to);
    return false;
  }
}
