/**
 * A gzip body, unpacked for a client that does not take it. Unpacking happens off the event loop, a piece at a time.
 */
import { createGunzip } from 'node:zlib';
import { isGzip } from '../cache/stored-object.ts';
import type { ResponseBody } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { ResponseMessage } from './messages.ts';

export class UnpackedBody implements ResponseBody {
  onDrain: (() => void) | undefined;
  readonly #gunzip = createGunzip();
  readonly #stream: ResponseBody;
  #isOver = false;

  /** @param stream where the unpacked bytes go */
  constructor(stream: ResponseBody) {
    this.#stream = stream;
    const gunzip = this.#gunzip;
    stream.onDrain = () => gunzip.resume();
    gunzip.on('data', (piece: Uint8Array) => {
      if (!this.#isOver && !stream.write(piece)) gunzip.pause();
    });
    gunzip.on('drain', () => this.onDrain?.());
    gunzip.on('end', () => this.#close(() => stream.end()));
    // It is no gzip, or not all of it.
    gunzip.on('error', () => this.#close(() => stream.cut()));
  }

  write(chunk: Uint8Array): boolean {
    return this.#isOver || this.#gunzip.write(chunk);
  }

  end(): void {
    this.#gunzip.end();
  }

  cut(): void {
    this.#close(() => this.#stream.cut());
    this.#gunzip.destroy();
  }

  #close(last: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    last();
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
