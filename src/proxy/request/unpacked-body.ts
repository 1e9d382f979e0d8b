/**
 * A gzip body, unpacked for a client that does not take it. Unpacking happens off the event loop, a piece at a time.
 */
import { createGunzip } from 'node:zlib';
import { isGzip } from '../cache/stored-object.ts';
import type { ResponseBody } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { ResponseMessage } from './messages.ts';

/** Whose body it is. */
export interface UnpackingOwner {
  /** Bytes were handed to the client's connection. */
  bytesUnpacked(bytes: number): void;
  /** The client has got all, or all that there will be. */
  unpackingOver(isWhole: boolean): void;
}

export class UnpackedBody implements ResponseBody {
  onDrain: (() => void) | undefined;
  readonly #gunzip = createGunzip();
  readonly #stream: ResponseBody;
  #isOver = false;
  /** Bytes of the gzip. */
  #received = 0;

  readonly #owner: UnpackingOwner;

  /** @param stream where the unpacked bytes go */
  constructor(stream: ResponseBody, owner: UnpackingOwner) {
    this.#stream = stream;
    this.#owner = owner;
    const gunzip = this.#gunzip;
    stream.onDrain = () => gunzip.resume();
    gunzip.on('data', (piece: Uint8Array) => {
      if (this.#isOver) return;
      owner.bytesUnpacked(piece.length);
      if (!stream.write(piece)) gunzip.pause();
    });
    gunzip.on('drain', () => this.onDrain?.());
    // What follows a gzip and is none is left unread.
    gunzip.on('end', () => this.#close(gunzip.bytesWritten >= this.#received));
    // It is no gzip, or not all of it.
    gunzip.on('error', () => this.#close(false));
  }

  write(chunk: Uint8Array): boolean {
    this.#received += chunk.length;
    return this.#isOver || this.#gunzip.write(chunk);
  }

  end(): void {
    this.#gunzip.end();
  }

  cut(): void {
    this.#close(false);
  }

  /** Its client has gone. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gunzip.destroy();
  }

  #close(isWhole: boolean): void {
    if (this.#isOver) return;
    this.stop();
    if (isWhole) this.#stream.end();
    else this.#stream.cut();
    this.#owner.unpackingOver(isWhole);
  }
}

/** Whether the body of an answer is a whole gzip. */
export function isUnpackable({ status, http }: ResponseMessage): boolean {
  return status !== 206 && isGzip(http);
}

/** Whether a request says that it takes gzip: RFC 9110 section 12.5.3. */
export function takesGzip(request: Fields): boolean {
  const value = request.get('Accept-Encoding');
  if (value === undefined) return false;
  let any = false;
  for (const list of request.getAll('Accept-Encoding')) {
    for (const member of list.split(',')) {
      const [coding = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
      const isTaken = !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
      if (coding === 'gzip' || coding === 'x-gzip') return isTaken;
      if (coding === '*') any = isTaken;
    }
  }
  return any;
}

/** The fields of an answer after its body was unpacked; it is not the same, byte for byte, any more. */
export function unpackedFields(fields: Fields): void {
  fields.unset('Content-Encoding');
  fields.unset('Content-Length');
  const etag = fields.get('ETag');
  if (etag === undefined || etag.startsWith('W/')) return;
  const { isLegal } = fields;
  fields.set('ETag', `W/${etag}`);
  fields.isLegal = isLegal;
}
