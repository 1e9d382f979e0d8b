/**
 * Where what backends send is read to. Answers are small, mostly, so all connections read into one buffer, of
 * which the pieces of a body are copied out: allocating one for each read costs more than everything else
 * about it. A connection that has much to come reads into buffers of its own, which are handed on uncopied.
 *
 * The kernel fills the buffer within the turn in which it is taken out again, so sharing it is safe.
 */

const readBytes = 64 * 1024;

/** Bytes of a body yet to come from which a buffer of its own is worth it. */
const MUCH_BYTES = 128 * 1024;

/** A piece smaller than this is copied: it would keep all of its buffer from being freed. */
const COPY_BELOW_BYTES = 32 * 1024;

const shared = Buffer.allocUnsafeSlow(readBytes);

export class ReadBuffer {
  #own: Buffer | undefined;

  /** The buffer for the next read. */
  next(): Buffer {
    return this.#own ?? shared;
  }

  /** @param bytes that the body has yet to bring, as far as is known */
  expect(bytes: number): void {
    if (bytes < MUCH_BYTES) this.#own = undefined;
    else this.#own ??= Buffer.allocUnsafeSlow(readBytes);
  }

  /** @param piece part of what was read last, for somebody who keeps it */
  keep(piece: Buffer): Buffer {
    const own = this.#own;
    if (own !== undefined && piece.buffer === own.buffer && piece.length >= COPY_BELOW_BYTES) {
      this.#own = Buffer.allocUnsafeSlow(readBytes);
      return piece;
    }
    return Buffer.from(piece);
  }
}
