/**
 * The bans of a cache, as a chain from the oldest to the newest. Each stored object remembers the newest ban that it
 * has been tested against; when somebody looks for it, the newer ones are tested, and it is taken out or moves up. So
 * issuing a ban costs the same whatever is stored, and a look where there is no newer ban costs one comparison.
 *
 * What nobody refers to any more at the old end goes; so the first ban stands for all before it, and is of no effect.
 * As varnishd's, but for a bound: of a flood of bans the older half is let go, and what was last tested before it counts
 * as banned.
 */
import { BanCandidate, type BanCondition, type BannedObject, type BannedRequest } from './ban-conditions.ts';

/** Bans in the list at most: an object that is looked for after a long time is tested against that many. */
const MOST_BANS = 5_000;
/** Characters of all conditions together; what is made of a pattern takes some hundred times as much. */
const MOST_CHARACTERS = 1024 * 1024;

const none: readonly Ban[] = [];

/** The members belong to the list; its holders are counted by whoever refers to it. */
export interface Ban {
  /** Ascending, without gaps. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** All of them hold of what it bans. None when it is completed. */
  conditions: readonly BanCondition[];
  /** Whether it need not be tested any more: all that it could ban has been, or an equal one came later. */
  isCompleted: boolean;
  /** Objects that were tested up to it, and fetches that began when it was the newest. */
  holders: number;
  newer: Ban | undefined;
}

/** What can be banned. */
export interface Bannable {
  /** The newest that it was tested against. */
  ban: Ban;
}

export class BanList {
  /** What a new fetch begins with, and what has been tested up to here need not be tested. */
  newest: Ban;
  #oldest: Ban;
  #characters = 0;
  /** Those that an equal one would make superfluous, by their text. */
  readonly #open = new Map<string, Ban>();
  readonly #mostBans: number;

  /** @param now milliseconds since 1970 */
  constructor(now: number, mostBans = MOST_BANS) {
    this.newest = { number: 0, at: now, conditions: [], isCompleted: true, holders: 0, newer: undefined };
    this.#oldest = this.newest;
    this.#mostBans = mostBans;
  }

  get oldest(): Ban {
    return this.#oldest;
  }

  /** @param dropsEqual whether an earlier one with the same conditions is completed by this one */
  add(conditions: readonly BanCondition[], now: number, dropsEqual: boolean): void {
    const { number } = this.newest;
    const ban: Ban = {
      number: number + 1,
      at: now,
      conditions,
      isCompleted: false,
      holders: 0,
      newer: undefined,
    };
    this.newest.newer = ban;
    this.newest = ban;
    const text = shownBan(ban);
    this.#characters += text.length;
    const equal = this.#open.get(text);
    if (dropsEqual && equal !== undefined) this.complete(equal);
    if (!conditions.some(({ isRelative }) => isRelative)) this.#open.set(text, ban);
    // As there, where such a one wakes the lurker.
    if (!needsRequest(ban)) this.cutTail();
    if (this.#isTooLong(this.#mostBans, MOST_CHARACTERS)) {
      while (this.#isTooLong(this.#mostBans / 2, MOST_CHARACTERS / 2)) this.#dropOldest();
    }
  }

  /** The newest first. */
  list(): readonly Ban[] {
    const bans: Ban[] = [];
    for (let ban: Ban | undefined = this.#oldest; ban !== undefined; ban = ban.newer) bans.push(ban);
    return bans.reverse();
  }

  /**
   * Whether one that came after another takes an object out for a request.
   *
   * @param object undefined: nothing is known of it yet
   * @param except those that do not count
   */
  meets(
    after: Ban,
    object: BannedObject | undefined,
    request: BannedRequest,
    except: readonly Ban[] = none,
  ): boolean {
    if (after.number < this.#oldest.number) return true;
    const candidate = new BanCandidate(object, request);
    for (let ban = after.newer; ban !== undefined; ban = ban.newer) {
      if (bans(ban, candidate) && !except.includes(ban)) return true;
    }
    return false;
  }

  /**
   * The same for what is stored: what is not banned moves up.
   *
   * @param isCounted whether it is one of the ban's holders
   */
  takes(
    one: Bannable,
    isCounted: boolean,
    object: BannedObject | undefined,
    request: BannedRequest,
  ): boolean {
    if (this.meets(one.ban, object, request)) return true;
    this.move(one, isCounted, this.newest);
    if (this.#oldest.holders === 0) this.cutTail();
    return false;
  }

  move(one: Bannable, isCounted: boolean, to: Ban): void {
    if (isCounted) {
      one.ban.holders--;
      to.holders++;
    }
    one.ban = to;
  }

  complete(ban: Ban): void {
    if (ban.isCompleted) return;
    this.#forget(ban);
    ban.isCompleted = true;
    ban.conditions = [];
  }

  /** Lets go what nothing refers to any more, and nothing older: there is nothing left to test against it. */
  cutTail(): void {
    while (this.#oldest.holders === 0 && this.#oldest !== this.newest) this.#dropOldest();
  }

  #isTooLong(mostBans: number, mostCharacters: number): boolean {
    if (this.#oldest === this.newest) return false;
    return this.newest.number - this.#oldest.number >= mostBans || this.#characters > mostCharacters;
  }

  /** Its place in the chain is cut, too: who refers to it still would keep all that came since in memory. */
  #dropOldest(): void {
    const dropped = this.#oldest;
    this.#oldest = dropped.newer ?? dropped;
    this.#forget(dropped);
    dropped.newer = undefined;
  }

  #forget(ban: Ban): void {
    const text = shownBan(ban);
    this.#characters -= text.length;
    if (this.#open.get(text) === ban) this.#open.delete(text);
  }
}

/** As `ban.list` writes it. */
export function shownBan({ conditions }: Ban): string {
  return conditions.map(({ text }) => text).join(' && ');
}

export function needsRequest({ conditions }: Ban): boolean {
  return conditions.some((condition) => condition.needsRequest);
}

/** Whether a ban is in force, and takes something out. */
export function bans({ isCompleted, conditions, at }: Ban, candidate: BanCandidate): boolean {
  if (isCompleted) return false;
  for (const condition of conditions) if (!condition.holds(candidate, at)) return false;
  return true;
}
