/** One part of a body that is streamed: what lies before and behind it is left out. */
import type { ByteRange } from '../cache/byte-range.ts';
import type { ResponseBody } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';

export class RangedBody implements ResponseBody {
  readonly #stream: ResponseBody;
  readonly #range: ByteRange;
  /** Bytes of the whole that have come. */
  #seen = 0;

  constructor(stream: ResponseBody, range: ByteRange) {
    this.#stream = stream;
    this.#range = range;
  }

  get onDrain(): (() => void) | undefined {
    return this.#stream.onDrain;
  }

  set onDrain(told: (() => void) | undefined) {
    this.#stream.onDrain = told;
  }

  write(chunk: Uint8Array): boolean {
    const { first, last } = this.#range;
    const from = Math.max(0, first - this.#seen);
    const to = Math.min(chunk.length, last + 1 - this.#seen);
    this.#seen += chunk.length;
    return from >= to || this.#stream.write(chunk.subarray(from, to));
  }

  end(trailers?: Fields): void {
    if (this.#seen > this.#range.last) this.#stream.end(trailers);
    else this.#stream.cut();
  }

  cut(): void {
    this.#stream.cut();
  }
}
