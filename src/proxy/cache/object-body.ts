/**
 * The body of an answer, in the store or on its way there. Readers follow it by position, while it comes or later.
 *
 * What comes in small pieces is put together, because each piece has a cost of its own: a body in chunks of one byte
 * would take a hundred times its size. `bytes` is what it really takes, pieces that are not full included.
 */

/** `filling`: more is to come. `broken`: the rest will not come. */
type BodyState = 'filling' | 'whole' | 'broken';

/** Bytes up to which pieces are put together while they come. */
const TOGETHER_BYTES = 64 * 1024;
/** Bytes from which a piece stays as it came. */
const AS_IT_CAME_BYTES = 32 * 1024;
/** Bytes up to which a body is kept in one piece. */
const ONE_PIECE_BYTES = 1024 * 1024;
/** Bytes up to which a body is kept as text: it takes less, and goes out in one write with a head without being copied. */
export const TEXT_BYTES = 8 * 1024;
/** Bytes that such a text takes beside what is in it. */
const TEXT_OVERHEAD_BYTES = 32;
/** Bytes that a piece takes beside what is in it: two objects of the engine's, and one of the allocator's. */
const PIECE_OVERHEAD_BYTES = 200;

const nothing = new Uint8Array(0);
const onlyStart = [0];
const noPieces: Uint8Array[] = [];
const noStarts: number[] = [];

/** Bytes that a body takes that is kept as text. @param length of it */
export function textBytes(length: number): number {
  return length + TEXT_OVERHEAD_BYTES;
}

export class ObjectBody {
  state: BodyState = 'filling';
  /** Bytes that have come so far. */
  size = 0;
  /** Bytes that it takes. */
  bytes = 0;
  /** All of it, a byte a character (latin1), where it is whole and small. */
  text: string | undefined;
  /** What is there, in order, where that is not text. */
  #pieces: Uint8Array[] = noPieces;
  /** Where each piece begins. */
  #starts: number[] = noStarts;
  /** The memory of the last piece, if more may go there. */
  #tail: Buffer | undefined;
  readonly #expected: number;

  /** @param length bytes that are announced; undefined: nobody knows */
  constructor(length: number | undefined) {
    this.#expected = length === undefined || length > ONE_PIECE_BYTES ? 0 : length;
  }

  /** One that is there already. @param text a byte a character (latin1), at most TEXT_BYTES */
  static ofText(text: string): ObjectBody {
    const body = new ObjectBody(undefined);
    body.become(text);
    return body;
  }

  /** Bytes that it would take more than now, with one more piece. */
  cost(piece: Uint8Array): number {
    const { length } = piece;
    const tail = this.#tail;
    const used = this.#lastLength;
    if (tail !== undefined && used + length <= tail.length) return 0;
    if (this.#mayGrow(length)) return this.#grown(length) - (tail?.length ?? 0);
    if (this.#staysAsItCame(length)) {
      // One that is small is all of the body, and becomes text at once.
      return (length <= TEXT_BYTES ? length : piece.buffer.byteLength) + PIECE_OVERHEAD_BYTES;
    }
    return Math.max(length, this.size === 0 ? this.#expected : 0) + PIECE_OVERHEAD_BYTES;
  }

  add(piece: Uint8Array): void {
    const { length } = piece;
    if (length === 0) return;
    this.bytes += this.cost(piece);
    if (this.#pieces === noPieces) {
      this.#pieces = [];
      this.#starts = [];
    }
    const used = this.#lastLength;
    const last = this.#pieces.length - 1;
    let tail = this.#tail;
    if (tail !== undefined && used + length > tail.length) {
      tail = undefined;
      if (this.#mayGrow(length)) {
        tail = Buffer.allocUnsafeSlow(this.#grown(length));
        tail.set(this.#pieces[last] as Uint8Array);
      }
    }
    if (tail !== undefined) {
      tail.set(piece, used);
      this.#pieces[last] = tail.subarray(0, used + length);
    } else {
      this.#starts.push(this.size);
      if (this.#staysAsItCame(length)) {
        this.#pieces.push(piece);
      } else {
        // Not a slice of a pool, which it would keep alive.
        tail = Buffer.allocUnsafeSlow(Math.max(length, this.size === 0 ? this.#expected : 0));
        tail.set(piece);
        this.#pieces.push(tail.subarray(0, length));
      }
    }
    this.#tail = tail;
    this.size += length;
  }

  /** It is there, all of it. @param text a byte a character (latin1), at most TEXT_BYTES */
  become(text: string): void {
    this.state = 'whole';
    this.text = text;
    this.size = text.length;
    this.bytes = textBytes(text.length);
    this.#pieces = noPieces;
    this.#starts = noStarts;
  }

  /** What is there from a position on, in one piece; undefined: nothing yet, or not any more. */
  from(position: number): Uint8Array | undefined {
    if (position >= this.size) return undefined;
    if (this.text !== undefined) return unwritten(this.text).subarray(position);
    const index = this.#indexOf(position);
    const piece = this.#pieces[index];
    if (piece === undefined) return undefined;
    const begin = position - (this.#starts[index] as number);
    return begin === 0 ? piece : piece.subarray(begin);
  }

  /** @param until the first position that somebody still needs: what is before it is let go */
  giveUp(until: number): void {
    let count = 0;
    while (count < this.#pieces.length && this.#endOf(count) <= until) count++;
    if (count === 0) return;
    this.#pieces.splice(0, count);
    this.#starts.splice(0, count);
    if (this.#pieces.length === 0) this.#tail = undefined;
  }

  /** It has come to its end: from now on it takes as little as it can. */
  complete(): void {
    this.state = 'whole';
    const { size } = this;
    const last = this.#pieces.length - 1;
    const tail = this.#tail;
    this.#tail = undefined;
    if (size === 0) return;
    if (size <= TEXT_BYTES) {
      this.become(this.#written());
    } else if (size <= ONE_PIECE_BYTES) {
      const only = last === 0 ? this.#pieces[0] : undefined;
      this.bytes = size + PIECE_OVERHEAD_BYTES;
      let whole = only;
      if (whole?.buffer.byteLength !== size) {
        whole = Buffer.allocUnsafeSlow(size);
        for (let i = 0; i <= last; i++) whole.set(this.#pieces[i] as Uint8Array, this.#starts[i]);
      }
      // Lists that were added to have room for more.
      this.#pieces = [whole];
      this.#starts = onlyStart;
    } else {
      // It was taken for all of a small body, and is a part of something larger.
      const first = this.#pieces[0] as Uint8Array;
      if (first.length <= TEXT_BYTES) this.#pieces[0] = exactCopy(first);
      if (tail === undefined) return;
      const end = this.#pieces[last] as Uint8Array;
      this.#pieces[last] = exactCopy(end);
      this.bytes -= tail.length - end.length;
    }
  }

  /** All of it, where it is there in one piece. */
  get whole(): Uint8Array | undefined {
    if (this.state !== 'whole') return undefined;
    if (this.text !== undefined) return unwritten(this.text);
    return this.size === 0 ? nothing : this.#pieces.length === 1 ? this.#pieces[0] : undefined;
  }

  #written(): string {
    let text = '';
    for (const piece of this.#pieces) text += asBuffer(piece).toString('latin1');
    return text;
  }

  get #lastLength(): number {
    return this.#pieces[this.#pieces.length - 1]?.length ?? 0;
  }

  #staysAsItCame(length: number): boolean {
    if (this.#expected > length) return false;
    // All of what becomes text need not be put together before.
    return (
      length >= AS_IT_CAME_BYTES || (this.size === 0 && length <= TEXT_BYTES && this.#expected === length)
    );
  }

  #mayGrow(more: number): boolean {
    return this.#tail !== undefined && this.#lastLength + more <= TOGETHER_BYTES;
  }

  #grown(more: number): number {
    return Math.min(TOGETHER_BYTES, Math.max(this.#lastLength + more, 2 * (this.#tail?.length ?? 0)));
  }

  #endOf(index: number): number {
    return (this.#starts[index] as number) + (this.#pieces[index] as Uint8Array).length;
  }

  /** The piece that a position is in: the last one that does not begin behind it; -1: it has been let go. */
  #indexOf(position: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** In memory of its own. */
function exactCopy(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function unwritten(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}
