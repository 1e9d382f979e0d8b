/**
 * The bans that were issued, the newest first. The oldest stands for all that was banned before: nothing, and is
 * completed from the start. An equal ban makes the earlier one superfluous.
 */
import { type BanTest, shownBan } from './ban-spec.ts';

export interface Ban {
  /** Seconds since 1970. */
  readonly at: number;
  readonly tests: readonly BanTest[];
  /** Nothing has to be held against it any more. */
  isCompleted: boolean;
}

export class BanList {
  #bans: readonly Ban[];

  /** @param now seconds since 1970 */
  constructor(now: number) {
    this.#bans = [{ at: now, tests: [], isCompleted: true }];
  }

  list(): readonly Ban[] {
    return this.#bans;
  }

  /** @param dropsEqual whether an earlier one with the same conditions is completed by this one; varnishd's ban_dups */
  add(at: number, tests: readonly BanTest[], dropsEqual: boolean): void {
    const spec = shownBan(tests);
    if (dropsEqual) {
      for (const ban of this.#bans) if (shownBan(ban.tests) === spec) ban.isCompleted = true;
    }
    // Of what is completed, the newest is enough: it tells how far back bans go.
    const open = this.#bans.filter(({ isCompleted }) => !isCompleted);
    const [completed] = this.#bans.filter(({ isCompleted }) => isCompleted).slice(-1);
    this.#bans = [
      { at, tests, isCompleted: false },
      ...open,
      ...(completed === undefined ? [] : [completed]),
    ];
  }
}
