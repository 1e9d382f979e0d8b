/**
 * Records of 32 bytes each, in segments of 512 KB that are added and given back one at a time: a record is
 * never moved, and growing copies nothing. One record lies in half a cache line; the same fields in arrays of
 * their own were looked up at half the speed.
 *
 *   word  0 1 2 3     4      5      6 7
 *         the owner's next   prev   time (one double)
 *
 * `next`, `prev` and `time` are the timer wheel's; of a free record, `next` is the next free one.
 */

/** No record. */
export const NONE = -1;
export const NEXT = 4;
export const PREV = 5;

/** 16,384 records a segment. */
const SEGMENT_BITS = 14;
const SEGMENT = 1 << SEGMENT_BITS;
const WITHIN = SEGMENT - 1;
const RECORD_BYTES = 32;

const noWords = new Int32Array(0);
const noTimes = new Float64Array(0);

export class RecordPool {
  /** By segment; of one that was given back: empty. */
  readonly #words: Int32Array[] = [];
  readonly #times: Float64Array[] = [];
  /** By segment: its first free record, and how many are taken. */
  readonly #free: number[] = [];
  readonly #taken: number[] = [];
  /** Segments with free records; those of the last one are taken first. */
  readonly #open: number[] = [];
  /** Segments that were given back. */
  readonly #absent: number[] = [];
  #size = 0;

  /** Records taken. */
  get size(): number {
    return this.#size;
  }

  /** No record has this number or a higher one. */
  get limit(): number {
    return this.#words.length * SEGMENT;
  }

  /** Takes a free record; what is in it is undefined. */
  take(): number {
    const segment = this.#open.at(-1) ?? this.#addSegment();
    const record = this.#free[segment] as number;
    const next = this.word(record, NEXT);
    this.#free[segment] = next;
    this.#taken[segment] = (this.#taken[segment] as number) + 1;
    this.#size++;
    if (next === NONE) this.#open.pop();
    return record;
  }

  /** Gives a record back. */
  free(record: number): void {
    const segment = record >>> SEGMENT_BITS;
    const head = this.#free[segment] as number;
    const taken = (this.#taken[segment] as number) - 1;
    this.setWord(record, NEXT, head);
    this.#free[segment] = record;
    this.#taken[segment] = taken;
    this.#size--;
    if (head === NONE) this.#open.push(segment);
    // One with room is kept, or else a list that comes and goes would make a segment each time.
    if (taken === 0 && this.#open.length > 1) this.#dropSegment(segment);
  }

  word(record: number, field: number): number {
    const words = this.#words[record >>> SEGMENT_BITS] as Int32Array;
    return words[((record & WITHIN) << 3) + field] as number;
  }

  setWord(record: number, field: number, value: number): void {
    const words = this.#words[record >>> SEGMENT_BITS] as Int32Array;
    words[((record & WITHIN) << 3) + field] = value;
  }

  time(record: number): number {
    const times = this.#times[record >>> SEGMENT_BITS] as Float64Array;
    return times[((record & WITHIN) << 2) + 3] as number;
  }

  setTime(record: number, time: number): void {
    const times = this.#times[record >>> SEGMENT_BITS] as Float64Array;
    times[((record & WITHIN) << 2) + 3] = time;
  }

  /** The first record number from `record` on that a segment exists for: skips what was given back. */
  skipAbsent(record: number): number {
    let segment = record >>> SEGMENT_BITS;
    if (segment >= this.#words.length || this.#words[segment] !== noWords) return record;
    while (segment < this.#words.length && this.#words[segment] === noWords) segment++;
    return segment * SEGMENT;
  }

  #addSegment(): number {
    const segment = this.#absent.pop() ?? this.#words.length;
    const buffer = new ArrayBuffer(SEGMENT * RECORD_BYTES);
    this.#words[segment] = new Int32Array(buffer);
    this.#times[segment] = new Float64Array(buffer);
    const first = segment * SEGMENT;
    for (let i = 0; i < SEGMENT - 1; i++) this.setWord(first + i, NEXT, first + i + 1);
    this.setWord(first + SEGMENT - 1, NEXT, NONE);
    this.#free[segment] = first;
    this.#taken[segment] = 0;
    this.#open.push(segment);
    return segment;
  }

  #dropSegment(segment: number): void {
    this.#words[segment] = noWords;
    this.#times[segment] = noTimes;
    this.#open.splice(this.#open.indexOf(segment), 1);
    this.#absent.push(segment);
  }
}
