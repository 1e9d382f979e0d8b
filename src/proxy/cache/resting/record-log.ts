/**
 * Memory outside the engine's heap for records of any length, taken from one end of a log: who comes last lies
 * behind all others, so the oldest is always the first that is left. What is let go leaves a gap; a segment in which
 * nothing is left is used again.
 *
 * Cost: O(1) to append, to let go, and to find the oldest, each record being stepped over once.
 */

/** Bytes that places of records are counted in: a line of the processor's cache. */
export const UNIT_BYTES = 64;
/** Segments that are kept for what comes next; others go back to the system. */
const MOST_SPARE = 4;

/** Of a record: how many units it takes; what was let go has that below zero. Its place among a record's numbers. */
export const UNITS_AT = 0;

export class Segment {
  readonly index: number;
  readonly bytes: Buffer;
  /** The same memory. */
  readonly floats: Float64Array;
  readonly ints: Int32Array;
  /** Units that were given away, and those of them that are not let go. */
  used = 0;
  live = 0;
  /** Unit of the first record that may be there still. */
  first = 0;
  next: Segment | undefined;

  constructor(index: number, size: number) {
    this.index = index;
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.floats = new Float64Array(this.bytes.buffer);
    this.ints = new Int32Array(this.bytes.buffer);
  }
}

export class RecordLog {
  /** Units of one segment. */
  readonly #size: number;
  readonly #segments: (Segment | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #spare: Segment[] = [];
  #oldest: Segment | undefined;
  #newest: Segment | undefined;
  #used = 0;
  #live = 0;

  /** @param segmentBytes a multiple of UNIT_BYTES */
  constructor(segmentBytes: number) {
    this.#size = segmentBytes / UNIT_BYTES;
  }

  /** Bytes of the longest record. */
  get longest(): number {
    return this.#size * UNIT_BYTES;
  }

  /**
   * Takes room behind all that is there. Its content is what was there before.
   *
   * @param bytes at most `longest`
   * @returns its address, which is good until it is let go
   */
  append(bytes: number): number {
    const units = Math.ceil(bytes / UNIT_BYTES);
    let segment = this.#newest;
    if (segment === undefined || segment.used + units > this.#size) segment = this.#begin();
    const unit = segment.used;
    segment.used += units;
    segment.live += units;
    this.#used += units;
    this.#live += units;
    segment.ints[(unit * UNIT_BYTES) / 4 + UNITS_AT] = units;
    return segment.index * this.#size + unit;
  }

  /** @returns where a record lies; `offsetOf` says at which byte */
  segmentOf(address: number): Segment {
    return this.#segments[Math.floor(address / this.#size)] as Segment;
  }

  offsetOf(address: number): number {
    return (address % this.#size) * UNIT_BYTES;
  }

  free(address: number): void {
    const segment = this.segmentOf(address);
    const at = this.offsetOf(address) / 4 + UNITS_AT;
    const units = segment.ints[at] as number;
    segment.ints[at] = -units;
    segment.live -= units;
    this.#live -= units;
    if (segment.live === 0) this.#empty(segment);
  }

  /** The address of the record that was appended first of all that are left; -1: there is none. */
  oldest(): number {
    const segment = this.#oldest;
    if (segment === undefined || segment.live === 0) return -1;
    segment.first = this.#nextIn(segment, segment.first);
    return segment.index * this.#size + segment.first;
  }

  /** The segment with the largest gaps, if gaps take more than a quarter of what is in use. */
  sparsest(): Segment | undefined {
    if ((this.#used - this.#live) * 4 < this.#used + 8 * this.#size) return undefined;
    let sparsest: Segment | undefined;
    for (let one = this.#oldest; one !== undefined && one !== this.#newest; one = one.next)
      if (sparsest === undefined || one.live < sparsest.live) sparsest = one;
    return sparsest;
  }

  /** Addresses of the records that are left in a segment. */
  addressesIn(segment: Segment): number[] {
    const addresses: number[] = [];
    let unit = this.#nextIn(segment, segment.first);
    while (unit < segment.used) {
      addresses.push(segment.index * this.#size + unit);
      unit = this.#nextIn(segment, unit + unitsAt(segment, unit));
    }
    return addresses;
  }

  /** Steps over what was let go, from a record or a gap on. */
  #nextIn(segment: Segment, from: number): number {
    let unit = from;
    while (unit < segment.used) {
      const units = unitsAt(segment, unit);
      if (units > 0) break;
      unit -= units;
    }
    return unit;
  }

  #begin(): Segment {
    const spare = this.#spare.pop();
    const index = spare?.index ?? this.#freeIndexes.pop() ?? this.#segments.length;
    const segment = spare ?? new Segment(index, this.#size * UNIT_BYTES);
    this.#segments[index] = segment;
    const before = this.#newest;
    if (before === undefined) this.#oldest = segment;
    else before.next = segment;
    this.#newest = segment;
    return segment;
  }

  #empty(segment: Segment): void {
    this.#used -= segment.used;
    segment.used = 0;
    segment.first = 0;
    if (segment === this.#newest) return;
    this.#unlink(segment);
    if (this.#spare.length < MOST_SPARE) {
      this.#spare.push(segment);
      return;
    }
    this.#segments[segment.index] = undefined;
    this.#freeIndexes.push(segment.index);
  }

  /** Mostly it is the oldest. */
  #unlink(segment: Segment): void {
    if (this.#oldest === segment) {
      this.#oldest = segment.next;
    } else {
      let before = this.#oldest;
      while (before !== undefined && before.next !== segment) before = before.next;
      if (before !== undefined) before.next = segment.next;
    }
    segment.next = undefined;
  }
}

function unitsAt(segment: Segment, unit: number): number {
  return segment.ints[(unit * UNIT_BYTES) / 4 + UNITS_AT] as number;
}
