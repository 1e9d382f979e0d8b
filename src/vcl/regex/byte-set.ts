/** Sets of bytes: what one place of a pattern can match. Immutable. */

const WORDS = 8;

/** Both ends belong to it. */
type ByteRange = readonly [low: number, high: number];

let none: ByteSet | undefined;
let all: ByteSet | undefined;

export class ByteSet {
  readonly #bits: Uint32Array;
  #anyCase: ByteSet | undefined;
  #ranges: readonly ByteRange[] | undefined;

  private constructor(bits: Uint32Array) {
    this.#bits = bits;
  }

  // Not initialised in the class: tsc 7.0 emits a name for it there that has no value yet.
  static get none(): ByteSet {
    none ??= new ByteSet(new Uint32Array(WORDS));
    return none;
  }

  static get all(): ByteSet {
    all ??= ByteSet.none.complement();
    return all;
  }

  /** Of one byte. Most places of a pattern are such. */
  static byte(code: number): ByteSet {
    let set = bytes[code];
    if (set === undefined) {
      set = ByteSet.of(code);
      bytes[code] = set;
    }
    return set;
  }

  static of(...codes: readonly number[]): ByteSet {
    const bits = new Uint32Array(WORDS);
    for (const code of codes) bits[code >> 5] = (bits[code >> 5] as number) | (1 << (code & 31));
    return new ByteSet(bits);
  }

  /** Both ends belong to it. */
  static range(low: number, high: number): ByteSet {
    return ByteSet.of(...Array.from({ length: high - low + 1 }, (_, index) => low + index));
  }

  /** Of a text with ranges: `0-9A-Za-z_`. */
  static from(text: string): ByteSet {
    let set = ByteSet.none;
    for (const [range] of text.matchAll(/[\s\S](?:-[\s\S])?/g)) {
      const low = range.charCodeAt(0);
      set = set.union(ByteSet.range(low, range.length === 3 ? range.charCodeAt(2) : low));
    }
    return set;
  }

  has(code: number): boolean {
    return code < 256 && ((this.#bits[code >> 5] as number) & (1 << (code & 31))) !== 0;
  }

  union(other: ByteSet): ByteSet {
    return new ByteSet(this.#bits.map((word, index) => word | (other.#bits[index] as number)));
  }

  complement(): ByteSet {
    return new ByteSet(this.#bits.map((word) => ~word));
  }

  meets(other: ByteSet): boolean {
    for (let i = 0; i < WORDS; i++) {
      if (((this.#bits[i] as number) & (other.#bits[i] as number)) !== 0) return true;
    }
    return false;
  }

  equals(other: ByteSet): boolean {
    return this === other || this.#bits.every((word, index) => word === other.#bits[index]);
  }

  /** With each letter's other case; ASCII, as PCRE's default tables. */
  anyCase(): ByteSet {
    this.#anyCase ??= this.#withOtherCases();
    return this.#anyCase;
  }

  #withOtherCases(): ByteSet {
    let set: ByteSet = this;
    for (let code = 0x41; code <= 0x5a; code++) {
      if (this.has(code)) set = set.union(ByteSet.of(code + 0x20));
      if (this.has(code + 0x20)) set = set.union(ByteSet.of(code));
    }
    return set;
  }

  /** Neighbours as ranges, in order, each with both ends. */
  ranges(): readonly ByteRange[] {
    this.#ranges ??= this.#findRanges();
    return this.#ranges;
  }

  #findRanges(): ByteRange[] {
    const ranges: ByteRange[] = [];
    for (let code = 0; code < 256; code++) {
      if (!this.has(code)) continue;
      const low = code;
      while (code < 255 && this.has(code + 1)) code++;
      ranges.push([low, code]);
    }
    return ranges;
  }
}

const bytes: ByteSet[] = [];
