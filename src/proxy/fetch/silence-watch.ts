/**
 * Ends what has been silent for too long. Fetches differ in their limits, but nearly all have the same few,
 * so there is one list for each length, in the order of last signs of life, and one timer for each list.
 *
 * Cost: watching, a sign of life and forgetting move one link each; a timer runs once a limit, not once a
 * fetch (a setTimeout and its clearing cost ten times as much).
 */
import type { Clock } from '../../clock.ts';

/** What can be silent. The links belong to the watch. */
export abstract class Watched {
  /** Milliseconds of the clock at the last sign of life. */
  since = 0;
  list: SilenceList | undefined;
  before: Watched | undefined;
  after: Watched | undefined;

  /** Called once, when the limit has passed; it is watched no more then. */
  abstract onSilent(): void;
}

/** setTimeout takes no more; who sets 25 days means for ever. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface SilenceList {
  readonly limitMs: number;
  first: Watched | undefined;
  last: Watched | undefined;
}

export class SilenceWatch {
  readonly #clock: Clock;
  readonly #lists = new Map<number, SilenceList>();
  readonly #timers = new Map<SilenceList, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches from now on, with this limit in place of the one before. */
  watch(watched: Watched, limitMs: number): void {
    watched.since = this.#clock.now();
    if (watched.list !== undefined) {
      if (watched.list.limitMs === limitMs) {
        moveToEnd(watched.list, watched);
        return;
      }
      unlink(watched.list, watched);
    }
    if (!(limitMs <= MAX_TIMER_MS)) return;
    let list = this.#lists.get(limitMs);
    if (list === undefined) {
      list = { limitMs, first: undefined, last: undefined };
      this.#lists.set(limitMs, list);
      this.#arm(list, limitMs);
    }
    append(list, watched);
  }

  /** A sign of life of something that is watched; nothing happens otherwise. */
  touch(watched: Watched): void {
    if (watched.list === undefined) return;
    watched.since = this.#clock.now();
    moveToEnd(watched.list, watched);
  }

  forget(watched: Watched): void {
    if (watched.list !== undefined) unlink(watched.list, watched);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#lists.clear();
  }

  #arm(list: SilenceList, ms: number): void {
    this.#timers.set(
      list,
      this.#clock.after(ms, () => this.#expire(list)),
    );
  }

  #expire(list: SilenceList): void {
    const now = this.#clock.now();
    for (let first = list.first; first !== undefined; first = list.first) {
      const leftMs = first.since + list.limitMs - now;
      if (leftMs > 0) {
        this.#arm(list, Math.ceil(leftMs));
        return;
      }
      unlink(list, first);
      first.onSilent();
    }
    // Limits that hooks compute are endless in number: a list lives only as long as it is used.
    this.#timers.delete(list);
    this.#lists.delete(list.limitMs);
  }
}

function append(list: SilenceList, watched: Watched): void {
  watched.list = list;
  watched.before = list.last;
  watched.after = undefined;
  if (list.last === undefined) list.first = watched;
  else list.last.after = watched;
  list.last = watched;
}

function unlink(list: SilenceList, watched: Watched): void {
  const { before, after } = watched;
  if (before === undefined) list.first = after;
  else before.after = after;
  if (after === undefined) list.last = before;
  else after.before = before;
  watched.list = undefined;
  watched.before = undefined;
  watched.after = undefined;
}

function moveToEnd(list: SilenceList, watched: Watched): void {
  if (list.last === watched) return;
  unlink(list, watched);
  append(list, watched);
}
