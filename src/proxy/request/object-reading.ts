/**
 * One client reading the body of an object, at its own pace, while the body comes or after it.
 */
import type { ObjectBody } from '../cache/stored-object.ts';
import type { ResponseBody } from '../http/exchange.ts';

/** Whose reading it is. */
export interface ReadingOwner {
  /** Bytes were handed to the client's connection. */
  bytesRead(bytes: number): void;
  /** The client has got all, or all that there will be. */
  readingOver(isWhole: boolean): void;
}

export class ObjectReading {
  /** Number of the piece that is read next. */
  next: number;
  isOver = false;
  /** Called when it has got further while others write. */
  onProgress: ((reading: ObjectReading) => void) | undefined;
  readonly #body: ObjectBody;
  readonly #stream: ResponseBody;
  readonly #owner: ReadingOwner;
  #isFull = false;

  constructor(body: ObjectBody, stream: ResponseBody, owner: ReadingOwner) {
    this.#body = body;
    this.#stream = stream;
    this.#owner = owner;
    this.next = body.first;
    stream.onDrain = () => {
      this.#isFull = false;
      this.pump();
      this.onProgress?.(this);
    };
  }

  /** Writes what there is, as much as the client takes. */
  pump(): void {
    const body = this.#body;
    while (!this.isOver && !this.#isFull && this.next < body.end) {
      const piece = body.pieces[this.next - body.first] as Uint8Array;
      this.next++;
      this.#owner.bytesRead(piece.length);
      if (!this.#stream.write(piece)) this.#isFull = true;
    }
    if (this.isOver || body.state === 'filling') return;
    // What broke off is cut at once; what has ended ends when the client has taken it.
    if (body.state === 'broken') this.#end(false);
    else if (this.next === body.end) this.#end(true);
  }

  /** Its client has gone, or must go. */
  stop(): void {
    this.isOver = true;
  }

  #end(isWhole: boolean): void {
    this.isOver = true;
    if (isWhole) this.#stream.end();
    else this.#stream.cut();
    this.#owner.readingOver(isWhole);
    this.onProgress?.(this);
  }
}
