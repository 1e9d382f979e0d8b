/** The body of a response that is sent in pieces: RFC 9112 sections 6 and 7.1. */

import type { ResponseBody } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { Outbox } from './outbox.ts';

/**
 * How the body ends: after a number of bytes, with a last chunk, with the connection (HTTP/1.0), or before it
 * has begun (HEAD, 204, 304).
 */
export type BodyFraming = number | 'chunked' | 'until-close' | 'empty';

/** The exchange that a body belongs to. */
export interface BodyOwner {
  readonly outbox: Outbox;
  readonly isOver: boolean;
  bodyEnded(): void;
  /** @param endsWithConnection an orderly close would look like the body's end */
  bodyCut(endsWithConnection: boolean): void;
}

export class StreamedBody implements ResponseBody {
  onDrain: (() => void) | undefined;
  readonly #owner: BodyOwner;
  readonly #framing: BodyFraming;
  /** Bytes still owed, where they were announced. */
  #left: number;

  constructor(owner: BodyOwner, framing: BodyFraming) {
    this.#owner = owner;
    this.#framing = framing;
    this.#left = typeof framing === 'number' ? framing : 0;
  }

  write(chunk: Uint8Array): boolean {
    const { outbox, isOver } = this.#owner;
    if (isOver) return false;
    // An empty chunk would end a chunked body.
    if (chunk.length === 0) return true;
    switch (this.#framing) {
      case 'empty':
        return true;
      case 'chunked':
        outbox.addText(`${chunk.length.toString(16)}\r\n`);
        outbox.addBytes(chunk);
        outbox.addText('\r\n');
        break;
      case 'until-close':
        outbox.addBytes(chunk);
        break;
      default:
        this.#left -= chunk.length;
        if (this.#left < 0) {
          this.cut();
          return false;
        }
        outbox.addBytes(chunk);
    }
    outbox.flushSoon();
    return !outbox.isFull;
  }

  end(trailers?: Fields): void {
    const owner = this.#owner;
    if (owner.isOver) return;
    if (this.#left > 0) {
      this.cut();
      return;
    }
    if (this.#framing === 'chunked') owner.outbox.addText(lastChunk(trailers));
    owner.outbox.flush();
    owner.bodyEnded();
  }

  cut(): void {
    if (this.#owner.isOver) return;
    this.#owner.outbox.flush();
    this.#owner.bodyCut(this.#framing === 'until-close');
  }
}

function lastChunk(trailers: Fields | undefined): string {
  if (trailers === undefined) return '0\r\n\r\n';
  let text = '0\r\n';
  for (const [name, value] of trailers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}
