/** What turns received bytes into those of one body: chunked (chunk-reader.ts), counted, or all that comes. */
import type { Fields } from '../http/fields.ts';
import type { Fault } from './fault.ts';
import { INCOMPLETE } from './outcome.ts';

export interface BodyReader {
  /** Body bytes of the last `read`; undefined: none. */
  readonly data: Buffer | undefined;
  /** Bytes of the body still to come, where they were announced. */
  readonly left: number | undefined;
  readonly trailers: Fields | undefined;
  /** Why `read` gave REFUSED. */
  readonly fault: Fault | undefined;
  /** @returns the offset right after the body, INCOMPLETE or REFUSED */
  read(chunk: Buffer, from: number): number;
}

/** A body of an announced length: RFC 9112 section 6.2. */
export class CountedReader implements BodyReader {
  data: Buffer | undefined;
  left: number;
  readonly trailers = undefined;
  readonly fault = undefined;

  constructor(length: number) {
    this.left = length;
  }

  read(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.left);
    this.data = chunk.subarray(from, end);
    this.left -= end - from;
    return this.left === 0 ? end : INCOMPLETE;
  }
}

/** A body that ends with the connection: RFC 9112 section 6.3, number 8. */
export class RestReader implements BodyReader {
  data: Buffer | undefined;
  readonly left = undefined;
  readonly trailers = undefined;
  readonly fault = undefined;

  read(chunk: Buffer, from: number): number {
    this.data = from === 0 ? chunk : chunk.subarray(from);
    return INCOMPLETE;
  }
}
