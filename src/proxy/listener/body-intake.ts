/**
 * The way in of one request's body: decodes what was received when somebody wants it, or skips it, within a
 * bound, when nobody will read it any more.
 */
import type { Fields } from '../http/fields.ts';
import type { BodyReader } from '../http1/body-reader.ts';
import { INCOMPLETE, REFUSED } from '../http1/outcome.ts';
import type { ListenerLimits } from './listener-limits.ts';
import { malformed, type Refusal, refusalOf, tooLarge } from './refusal.ts';
import { type BodySource, RequestBody } from './request-body.ts';

export class BodyIntake {
  readonly body: RequestBody;
  /** Somebody waits for the next piece. */
  isWanted = false;
  /** Nobody reads the body: it is read to get to its end. */
  isSkipping = false;
  /** The client may wait for 100 Continue: RFC 9110 section 10.1.1. */
  owesContinue: boolean;
  /** What the last `read` found for the body; undefined: nothing. */
  data: Buffer | undefined;
  /** Why `read` gave REFUSED. */
  refusal: Refusal | undefined;

  readonly #reader: BodyReader;
  readonly #limits: ListenerLimits;
  #received = 0;
  #skipped = 0;

  constructor(source: BodySource, reader: BodyReader, limits: ListenerLimits, owesContinue: boolean) {
    this.body = new RequestBody(source);
    this.owesContinue = owesContinue;
    this.#reader = reader;
    this.#limits = limits;
  }

  /** Bytes still to come, where they were announced. */
  get left(): number | undefined {
    return this.#reader.left;
  }

  get trailers(): Fields | undefined {
    return this.#reader.trailers;
  }

  /** @returns the offset right after the body, INCOMPLETE or REFUSED */
  read(chunk: Buffer, from: number): number {
    const reader = this.#reader;
    const outcome = reader.read(chunk, from);
    this.data = reader.data;
    if (outcome === REFUSED) {
      this.refusal = reader.fault === undefined ? malformed('a malformed body') : refusalOf(reader.fault);
      return REFUSED;
    }
    const bytes = reader.data === undefined ? 0 : reader.data.length;
    this.#received += bytes;
    if (this.isSkipping) this.#skipped += bytes;
    const { bodyBytes } = this.#limits;
    if (bodyBytes > 0 && this.#received > bodyBytes) {
      this.refusal = bodyTooLarge(this.#limits);
      return REFUSED;
    }
    // What is skipped is wanted to the end; a reader asks for each piece.
    if (outcome === INCOMPLETE && bytes > 0 && !this.isSkipping) this.isWanted = false;
    return outcome;
  }

  /** Whether skipping has gone on for too long. */
  get hasSkippedEnough(): boolean {
    return this.#skipped > this.#limits.skipBytes;
  }

  /** Whether a client that still owes its body will hardly get to its end before the next request. */
  get isTooMuchToSkip(): boolean {
    const { left } = this;
    return this.owesContinue || (left !== undefined && left > this.#limits.skipBytes);
  }

  /** Whether the body cannot become whole, now that the client has sent its last byte. */
  isShortOf(unread: number): boolean {
    const { left } = this;
    return left === undefined ? this.isWanted : left > unread;
  }
}

export function bodyTooLarge(limits: ListenerLimits): Refusal {
  return tooLarge(413, `a request body of more than ${limits.bodyBytes} bytes`);
}
