/**
 * Deadlines of records: a hierarchical wheel of lists, and in front of it a heap for the tick that is running,
 * so that what is due is known exactly and not just to a tick.
 *
 *   heap: this tick, by deadline   level 0: the next 63 ticks   level 1: 64 ticks a slot, and so on
 *
 * What the heap has no room for comes with the next tick, up to 8 ms late: that takes thousands in one tick.
 *
 * A list moves down a level when its time begins, and work is counted in records moved or due: whoever calls
 * says how many, and the rest waits, which does no harm where readers compare deadlines by themselves.
 */
import { NEXT, NONE, PREV, type RecordPool } from './record-pool.ts';

/** Milliseconds. Longer ones make the heap larger, shorter ones the wheel busier. */
const TICK_MS = 8;
const SLOTS = 64;
/** Ticks in a slot, by level: from 8 ms to 99 days; what is further goes round the last level again. */
const SLOT_TICKS = [1, 64, 64 ** 2, 64 ** 3, 64 ** 4, 64 ** 5] as const;
const LAST_LEVEL = SLOT_TICKS.length - 1;
/** Records in the heap, at most: taking one out of a heap of a million costs 5 µs, out of this one 0.3. */
const HEAP = 4_096;

/** `next` of a record in the heap; its `prev` is its place there. */
const IN_HEAP = -2;
/** `prev` of the first of a list is this minus the list's number. */
const FIRST_OF = -2;

export class TimerWheel {
  readonly #pool: RecordPool;
  readonly #onDue: (record: number) => void;
  readonly #heap: number[] = [];
  /** First record of each list, all levels in a row. */
  readonly #lists = new Int32Array(SLOT_TICKS.length * SLOTS).fill(NONE);
  /** By level: lists that are not empty. */
  readonly #busy = new Int32Array(SLOT_TICKS.length);
  /** The tick that is running, as far as the wheel has come. */
  #tick = 0;
  /** The list whose time begins first, and the tick at which it does; NONE: all are empty. */
  #firstList = NONE;
  #firstTick = Number.POSITIVE_INFINITY;
  #isFirstKnown = true;

  /** @param onDue called within `advance`; the record has left the wheel already */
  constructor(pool: RecordPool, onDue: (record: number) => void) {
    this.#pool = pool;
    this.#onDue = onDue;
  }

  /**
   * When `advance` may have something to do: never later than the earliest deadline, but for what the heap has
   * no room for. Infinity: never.
   */
  get nextDue(): number {
    const [top] = this.#heap;
    const heapDue = top === undefined ? Number.POSITIVE_INFINITY : this.#pool.time(top);
    this.#findFirst();
    return Math.min(heapDue, this.#firstTick * TICK_MS);
  }

  /** Takes a record in, by its `time`. */
  add(record: number): void {
    let ticks = Math.floor(this.#pool.time(record) / TICK_MS);
    if (ticks <= this.#tick) {
      if (this.#heap.length < HEAP) {
        this.#push(record);
        return;
      }
      ticks = this.#tick + 1;
    }
    let level = 0;
    while (level < LAST_LEVEL && this.#distance(ticks, level) >= SLOTS) level++;
    const slotTicks = SLOT_TICKS[level] as number;
    const distance = Math.min(this.#distance(ticks, level), SLOTS - 1);
    const slot = Math.floor(this.#tick / slotTicks) + distance;
    const list = listOf(level, slot);
    this.#prepend(list, record);
    if (slot * slotTicks < this.#firstTick) {
      this.#firstList = list;
      this.#firstTick = slot * slotTicks;
    }
  }

  /** Takes a record out before its time. */
  remove(record: number): void {
    if (this.#pool.word(record, NEXT) === IN_HEAP) this.#pull(record);
    else this.#unlink(record);
  }

  /** One of the records with the earliest deadlines: exact in this tick, else to the width of its list. */
  soonest(): number {
    const [top] = this.#heap;
    if (top !== undefined) return top;
    let soonest = NONE;
    for (let level = 0; level <= LAST_LEVEL; level++) {
      const slot = this.#firstSlot(level);
      if (slot === NONE) continue;
      const record = this.#lists[listOf(level, slot)] as number;
      if (soonest === NONE || this.#pool.time(record) < this.#pool.time(soonest)) soonest = record;
    }
    return soonest;
  }

  /**
   * Goes on to `now`: hands out what is due and moves down what comes near.
   *
   * @param atMost records that are touched
   * @returns how many were
   */
  advance(now: number, atMost: number): number {
    let touched = 0;
    for (; touched < atMost; touched++) {
      const [top] = this.#heap;
      if (top !== undefined && this.#pool.time(top) <= now) {
        this.#pull(top);
        this.#onDue(top);
        continue;
      }
      this.#findFirst();
      if (this.#firstTick * TICK_MS > now) {
        this.#tick = Math.max(this.#tick, Math.floor(now / TICK_MS));
        break;
      }
      // The heap has nothing left of the ticks before: all of that was due.
      this.#tick = Math.max(this.#tick, this.#firstTick);
      const record = this.#lists[this.#firstList] as number;
      this.#unlink(record);
      if (this.#pool.time(record) <= now) this.#onDue(record);
      else this.add(record);
    }
    return touched;
  }

  /** Slots from the running one of a level to that of a tick. */
  #distance(ticks: number, level: number): number {
    const slotTicks = SLOT_TICKS[level] as number;
    return Math.floor(ticks / slotTicks) - Math.floor(this.#tick / slotTicks);
  }

  #findFirst(): void {
    if (this.#isFirstKnown) return;
    this.#isFirstKnown = true;
    this.#firstList = NONE;
    this.#firstTick = Number.POSITIVE_INFINITY;
    for (let level = 0; level <= LAST_LEVEL; level++) {
      const slot = this.#firstSlot(level);
      const start = slot * (SLOT_TICKS[level] as number);
      if (slot === NONE || start >= this.#firstTick) continue;
      this.#firstList = listOf(level, slot);
      this.#firstTick = start;
    }
  }

  /** The first slot of a level with records, counted from the beginning of time; or NONE. */
  #firstSlot(level: number): number {
    if (this.#busy[level] === 0) return NONE;
    // A list that is being emptied is that of the running slot.
    let slot = Math.floor(this.#tick / (SLOT_TICKS[level] as number));
    while (this.#lists[listOf(level, slot)] === NONE) slot++;
    return slot;
  }

  #prepend(list: number, record: number): void {
    const pool = this.#pool;
    const head = this.#lists[list] as number;
    pool.setWord(record, NEXT, head);
    pool.setWord(record, PREV, FIRST_OF - list);
    if (head !== NONE) pool.setWord(head, PREV, record);
    else this.#countBusy(list, 1);
    this.#lists[list] = record;
  }

  #unlink(record: number): void {
    const pool = this.#pool;
    const next = pool.word(record, NEXT);
    const prev = pool.word(record, PREV);
    if (next !== NONE) pool.setWord(next, PREV, prev);
    if (prev >= 0) {
      pool.setWord(prev, NEXT, next);
      return;
    }
    const list = FIRST_OF - prev;
    this.#lists[list] = next;
    if (next !== NONE) return;
    this.#countBusy(list, -1);
    if (list === this.#firstList) this.#isFirstKnown = false;
  }

  #countBusy(list: number, change: number): void {
    const level = Math.floor(list / SLOTS);
    this.#busy[level] = (this.#busy[level] as number) + change;
  }

  #push(record: number): void {
    this.#pool.setWord(record, NEXT, IN_HEAP);
    this.#heap.push(record);
    this.#rise(record, this.#heap.length - 1);
  }

  #pull(record: number): void {
    const place = this.#pool.word(record, PREV);
    const last = this.#heap.pop() as number;
    if (last === record) return;
    this.#rise(last, place);
    this.#sink(last, this.#pool.word(last, PREV));
  }

  #rise(record: number, from: number): void {
    const time = this.#pool.time(record);
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >>> 1;
      const parent = this.#heap[parentPlace] as number;
      if (this.#pool.time(parent) <= time) break;
      this.#settle(parent, place);
      place = parentPlace;
    }
    this.#settle(record, place);
  }

  #sink(record: number, from: number): void {
    const heap = this.#heap;
    const time = this.#pool.time(record);
    let place = from;
    for (;;) {
      let childPlace = 2 * place + 1;
      if (childPlace >= heap.length) break;
      let childTime = this.#pool.time(heap[childPlace] as number);
      if (childPlace + 1 < heap.length) {
        const rightTime = this.#pool.time(heap[childPlace + 1] as number);
        if (rightTime < childTime) {
          childTime = rightTime;
          childPlace++;
        }
      }
      if (time <= childTime) break;
      this.#settle(heap[childPlace] as number, place);
      place = childPlace;
    }
    this.#settle(record, place);
  }

  #settle(record: number, place: number): void {
    this.#heap[place] = record;
    this.#pool.setWord(record, PREV, place);
  }
}

function listOf(level: number, slot: number): number {
  return level * SLOTS + (slot % SLOTS);
}
