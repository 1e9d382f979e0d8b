/**
 * Reads chunked bodies: RFC 9112 section 7.1. llhttp decodes; what lies between the pieces of the
 * body that it found (sizes, extensions, line ends, trailers) is held against the grammar once more, because
 * llhttp takes extensions without a name and sizes beyond 2^53. The bytes between are bounded, too.
 *
 * The body's pieces are moved together in place, so that many small chunks give one buffer, not many.
 */
import { Fields } from '../http/fields.ts';
import type { BodyReader } from './body-reader.ts';
import { type Fault, malformed, tooLarge } from './fault.ts';
import { type MessageParser, MORE, PAUSED, type ParserEvents, STOP, windowBytes } from './llhttp.ts';
import { INCOMPLETE, REFUSED } from './outcome.ts';
import { trimmedSlice } from './white-space.ts';

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = '"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const extensions = `(?:;${token}(?:=(?:${token}|${quoted}))?)*`;
/** The end of the chunk before, if there is one, a size below 2^52, extensions. */
const sizeLine = new RegExp(`^(?:\\r\\n)?0{0,19}[0-9a-f]{1,13}${extensions}\\r\\n$`, 'i');
const lastLine = new RegExp(`^(?:\\r\\n)?0{1,32}${extensions}\\r\\n`);
const trailerLine = new RegExp(`^(${token}):[\\t -~\\x80-\\xff]*$`);
/** RFC 9110 section 6.5.1: fields that frame, route or authorise mean nothing behind a body. */
const forbiddenTrailer =
  /^(?:content-(?:length|encoding|type|range)|transfer-encoding|trailer|host|connection|te|upgrade|expect|authorization|proxy-.*|cookie|max-forwards|cache-control)$/i;

/** What one peer may take. */
export interface ChunkLimits {
  /** Bytes of extensions between two chunks, or of all trailers. */
  readonly fieldBytes: number;
  /** Number of trailer fields. */
  readonly fieldCount: number;
}

export class ChunkReader implements BodyReader, ParserEvents {
  /** Body bytes of the last `read`; undefined: none. Part of the chunk given, which is changed. */
  data: Buffer | undefined;
  readonly left = undefined;
  /** After the end, what followed the body. */
  trailers: Fields | undefined;
  /** Why `read` gave REFUSED. */
  fault: Fault | undefined;

  readonly #parser: MessageParser;
  readonly #limits: ChunkLimits;
  /** What was read since the last byte of the body. */
  #between = '';
  #chunk: Buffer = Buffer.alloc(0);
  /** Offset in the chunk of the range that the parser is in, and of what is not accounted for yet. */
  #base = 0;
  #unread = 0;
  /** Body bytes found in this chunk: where they begin and, moved together, end. */
  #dataStart = 0;
  #dataEnd = 0;
  #isInPiece = false;

  constructor(parser: MessageParser, limits: ChunkLimits) {
    this.#parser = parser;
    this.#limits = limits;
    parser.resume();
  }

  /** @returns the offset right after the body and its trailers, INCOMPLETE or REFUSED */
  read(chunk: Buffer, from: number): number {
    this.#chunk = chunk;
    this.#unread = from;
    this.#dataStart = -1;
    this.#dataEnd = -1;
    const outcome = this.#run(chunk, from);
    this.data = this.#dataStart < 0 ? undefined : chunk.subarray(this.#dataStart, this.#dataEnd);
    return outcome;
  }

  #run(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; ) {
      const end = Math.min(chunk.length, at + windowBytes);
      this.#base = at;
      const code = this.#parser.run(chunk, at, end, this);
      if (code === PAUSED) {
        const bodyEnd = at + this.#parser.consumed;
        return this.#account(bodyEnd) && this.#takeEnd() ? bodyEnd : REFUSED;
      }
      if (code !== MORE) {
        this.fault ??= malformed(`a malformed chunked body: ${this.#parser.errorReason()}`);
        return REFUSED;
      }
      at = end;
      if (!this.#account(end)) return REFUSED;
    }
    return INCOMPLETE;
  }

  onBody(start: number, end: number): number {
    const from = this.#base + start;
    const to = this.#base + end;
    // A piece goes on where a range ended within it; otherwise a size line lies before it.
    if (from !== this.#unread || this.#between !== '' || !this.#isInPiece) {
      if (!this.#account(from)) return STOP;
      if (!sizeLine.test(this.#between)) {
        this.fault = malformed('an illegal chunk size or extension');
        return STOP;
      }
      this.#between = '';
    }
    this.#isInPiece = true;
    this.#unread = to;
    if (this.#dataStart < 0) {
      this.#dataStart = from;
      this.#dataEnd = to;
    } else {
      if (this.#dataEnd !== from) this.#chunk.copyWithin(this.#dataEnd, from, to);
      this.#dataEnd += to - from;
    }
    return 0;
  }

  onTarget(): number {
    return STOP;
  }

  onFieldName(): number {
    return 0;
  }

  /** Keeps what lies between the last body byte and an offset. */
  #account(to: number): boolean {
    if (to > this.#unread) {
      this.#between += this.#chunk.toString('latin1', this.#unread, to);
      this.#unread = to;
      this.#isInPiece = false;
      if (this.#between.length > this.#limits.fieldBytes) {
        this.fault = tooLarge(`chunk extensions or trailers of more than ${this.#limits.fieldBytes} bytes`);
        return false;
      }
    }
    return true;
  }

  #takeEnd(): boolean {
    const match = lastLine.exec(this.#between);
    if (match === null || !this.#between.endsWith('\r\n')) {
      this.fault = malformed('an illegal last chunk');
      return false;
    }
    const lines = this.#between.slice(match[0].length, -2);
    if (lines === '') return true;
    return this.#takeTrailers(lines.split('\r\n'));
  }

  #takeTrailers(lines: readonly string[]): boolean {
    const raw: string[] = [];
    // The last line's end leaves an empty string behind.
    for (const line of lines.slice(0, -1)) {
      const match = trailerLine.exec(line);
      if (match === null) {
        this.fault = malformed('a trailer line that is no name, colon and value');
        return false;
      }
      const name = match[1] as string;
      if (!forbiddenTrailer.test(name)) raw.push(name, trimmedSlice(line, name.length + 1, line.length));
    }
    if (raw.length > 2 * this.#limits.fieldCount) {
      this.fault = tooLarge(`more than ${this.#limits.fieldCount} trailer fields`);
      return false;
    }
    this.trailers = new Fields(raw, true);
    return true;
  }
}
