/**
 * What is done to a body on its way from a backend: packed, unpacked, or held back until it is whole. Packing happens
 * off the event loop, a piece at a time.
 */
import { createGunzip, createGzip, type Gunzip, type Gzip } from 'node:zlib';
import type { Fields } from '../http/fields.ts';
import type { BackendResponseMessage } from './backend-response.ts';

/** Who asked for the body, and who is to have it. */
export interface FilterOwner {
  /** @param length bytes to come; undefined: nobody knows */
  filterBegan(length: number | undefined): void;
  /** False: stop until `resume`. */
  filtered(chunk: Uint8Array): boolean;
  filterEnded(trailers: Fields | undefined): void;
  /** @param hasBegun whether it was told that the body began */
  filterBroke(hasBegun: boolean): void;
  /** The backend may send on. */
  resumeSource(): void;
}

/** `test`: it goes on as it is, if it is a gzip. */
type Packing = 'gzip' | 'gunzip' | 'test' | undefined;

/** Changes the fields of an answer to what its filter makes of it. @returns undefined: the body goes on as it is */
export function filterOf(beresp: BackendResponseMessage, owner: FilterOwner): FetchFilter | undefined {
  const { http, status, doStream, doGzip, doGunzip } = beresp;
  if (doStream && !doGzip && !doGunzip) return undefined;
  let packing: Packing;
  const coding = http.get('Content-Encoding');
  if (status !== 206) {
    const isGzip = coding?.toLowerCase() === 'gzip';
    if (doGunzip && isGzip) packing = 'gunzip';
    // What goes on while it comes is not looked into: nothing could be said any more, and unpacking costs more than sending.
    else if (isGzip && !doStream) packing = 'test';
    else if (doGzip && coding === undefined) packing = 'gzip';
  }
  if (doStream && packing === undefined) return undefined;
  if (packing === 'gzip' || packing === 'gunzip') describe(http, packing);
  return new FetchFilter(owner, packing, doStream);
}

function describe(fields: Fields, packing: 'gzip' | 'gunzip'): void {
  const { isLegal } = fields;
  fields.unset('Content-Encoding');
  fields.unset('Content-Length');
  const etag = fields.get('ETag');
  if (etag !== undefined && !etag.startsWith('W/')) fields.set('ETag', `W/${etag}`);
  if (packing === 'gzip') {
    fields.append('Content-Encoding', 'gzip');
    varyByEncoding(fields);
  }
  fields.isLegal = isLegal;
}

/** Says that what is sent depends on Accept-Encoding. */
export function varyByEncoding(fields: Fields): void {
  const vary = fields.get('Vary');
  if (vary === undefined) fields.append('Vary', 'Accept-Encoding');
  else if (!/(?:^|[\s,])accept-encoding(?:[\s,]|$)/i.test(vary))
    fields.set('Vary', `${vary}, Accept-Encoding`);
}

export class FetchFilter {
  readonly #owner: FilterOwner;
  readonly #zlib: Gzip | Gunzip | undefined;
  /** Pieces that are held back; undefined: none are. */
  #held: Uint8Array[] | undefined;
  readonly #isTest: boolean;
  /** Bytes of the backend's. */
  #received = 0;
  #trailers: Fields | undefined;
  #isOver = false;

  constructor(owner: FilterOwner, packing: Packing, streams: boolean) {
    this.#owner = owner;
    this.#held = streams ? undefined : [];
    this.#isTest = packing === 'test';
    if (packing === undefined) return;
    const zlib = packing === 'gzip' ? createGzip() : createGunzip();
    this.#zlib = zlib;
    zlib.on('data', (piece: Uint8Array) => {
      if (!this.#isTest && !this.#isOver && !this.#pass(piece)) zlib.pause();
    });
    zlib.on('drain', () => owner.resumeSource());
    // What follows a gzip and is none is left unread.
    zlib.on('end', () => (zlib.bytesWritten < this.#received ? this.broke() : this.#finish()));
    zlib.on('error', () => this.broke());
  }

  /** The answer's head is known. */
  begin(length: number | undefined): void {
    if (this.#held === undefined) this.#owner.filterBegan(this.#zlib === undefined ? length : undefined);
  }

  /** False: stop until `resumeSource` is called. */
  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#received += chunk.length;
    if (this.#isTest) this.#pass(chunk);
    return this.#zlib === undefined ? this.#pass(chunk) : this.#zlib.write(chunk);
  }

  end(trailers: Fields | undefined): void {
    this.#trailers = trailers;
    if (this.#zlib === undefined) this.#finish();
    else this.#zlib.end();
  }

  /** The backend has broken off, or what it sends is no gzip. */
  broke(): void {
    if (this.#isOver) return;
    this.stop();
    this.#owner.filterBroke(this.#held === undefined);
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#isOver = true;
    this.#zlib?.destroy();
  }

  /** The reader takes more. */
  resume(): void {
    if (this.#zlib === undefined) this.#owner.resumeSource();
    else this.#zlib.resume();
  }

  #pass(piece: Uint8Array): boolean {
    if (this.#held === undefined) return this.#owner.filtered(piece);
    this.#held.push(piece);
    return true;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const held = this.#held;
    if (held !== undefined) {
      let length = 0;
      for (const piece of held) length += piece.length;
      this.#owner.filterBegan(length);
      for (const piece of held) this.#owner.filtered(piece);
    }
    this.#owner.filterEnded(this.#trailers);
  }
}
