/**
 * One client reading the body of an object, at its own pace, while the body comes or after it.
 */
import type { ObjectBody } from '../cache/object-body.ts';
import type { ResponseBody } from '../http/exchange.ts';

/** Whose reading it is. */
export interface ReadingOwner {
  /** Bytes were handed to the client's connection. */
  bytesRead(bytes: number): void;
  /** The client has got all, or all that there will be. */
  readingOver(isWhole: boolean): void;
}

/** Bytes that are handed to a connection at a time: what it cannot send yet stays in memory, whatever becomes of the object. */
const sliceBytes = 256 * 1024;

export class ObjectReading {
  /** Of the byte that is read next. */
  position: number;
  isOver = false;
  /** Called when it has got further while others write. */
  onProgress: ((reading: ObjectReading) => void) | undefined;
  readonly #body: ObjectBody;
  readonly #stream: ResponseBody;
  readonly #owner: ReadingOwner;
  /** Behind the last byte that is wanted. */
  readonly #end: number;
  /** Whether its client takes no more for now. */
  isFull = false;

  /**
   * @param from the first position that is wanted
   * @param end behind the last one
   */
  constructor(
    body: ObjectBody,
    stream: ResponseBody,
    owner: ReadingOwner,
    from = 0,
    end = Number.POSITIVE_INFINITY,
  ) {
    this.#body = body;
    this.#stream = stream;
    this.#owner = owner;
    this.position = from;
    this.#end = end;
    stream.onDrain = () => {
      this.isFull = false;
      this.pump();
      this.onProgress?.(this);
    };
  }

  /** Writes what there is, as much as the client takes. */
  pump(): void {
    const body = this.#body;
    while (!this.isOver && !this.isFull && this.position < this.#end) {
      const there = body.from(this.position);
      if (there === undefined) break;
      const most = Math.min(sliceBytes, this.#end - this.position);
      const slice = there.length <= most ? there : there.subarray(0, most);
      this.position += slice.length;
      this.#owner.bytesRead(slice.length);
      if (!this.#stream.write(slice)) this.isFull = true;
    }
    if (this.isOver) return;
    // What broke off is cut at once; what has ended ends when the client has taken it.
    if (this.position >= this.#end) this.#finish(true);
    else if (body.state === 'broken') this.#finish(false);
    else if (body.state === 'whole' && this.position === body.size) this.#finish(true);
  }

  /** Its client has gone. */
  stop(): void {
    this.isOver = true;
  }

  /** Its client must go. */
  cut(): void {
    if (!this.isOver) this.#finish(false);
  }

  #finish(isWhole: boolean): void {
    this.isOver = true;
    if (isWhole) this.#stream.end();
    else this.#stream.cut();
    this.#owner.readingOver(isWhole);
    this.onProgress?.(this);
  }
}
