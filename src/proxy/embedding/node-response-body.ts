/** The body of a response that node:http sends: node frames it, so only its length is watched over here. */
import type { ServerResponse } from 'node:http';
import type { ResponseBody } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';

/** How the body ends: after a number of bytes, as node frames it, or before it has begun (HEAD, 204, 304). */
export type BodyEnd = number | 'framed' | 'empty';

/** The exchange that a body belongs to. */
export interface BodyOwner {
  readonly isOver: boolean;
  /** The last byte was handed to node. */
  bodyEnded(): void;
  bodyCut(): void;
}

export class NodeResponseBody implements ResponseBody {
  onDrain: (() => void) | undefined;
  readonly #owner: BodyOwner;
  readonly #response: ServerResponse;
  readonly #end: BodyEnd;
  /** Bytes still owed, where they were announced. */
  #left: number;
  #hasWritten = false;

  constructor(owner: BodyOwner, response: ServerResponse, end: BodyEnd) {
    this.#owner = owner;
    this.#response = response;
    this.#end = end;
    this.#left = typeof end === 'number' ? end : 0;
    response.on('drain', () => {
      if (!owner.isOver) this.onDrain?.();
    });
    // A head that nothing follows in this turn goes out by itself.
    process.nextTick(() => {
      if (!this.#hasWritten && !owner.isOver) response.flushHeaders();
    });
  }

  write(chunk: Uint8Array): boolean {
    if (this.#owner.isOver) return false;
    if (this.#end === 'empty' || chunk.length === 0) return true;
    if (typeof this.#end === 'number') {
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.cut();
        return false;
      }
    }
    this.#hasWritten = true;
    return this.#response.write(chunk);
  }

  end(trailers?: Fields): void {
    if (this.#owner.isOver) return;
    if (this.#left > 0) {
      this.cut();
      return;
    }
    // Node leaves them out where its framing cannot carry them.
    if (trailers !== undefined) this.#response.addTrailers([...trailers]);
    this.#response.end();
    this.#owner.bodyEnded();
  }

  cut(): void {
    if (!this.#owner.isOver) this.#owner.bodyCut();
  }
}
