/**
 * What stands before the parser while an answer is awaited. The parser takes HTTP/0.9, HTTP/2.0 and empty
 * lines for an answer's begin, and an interim answer for the answer, so the first bytes are looked at here:
 *
 * - an answer begins with HTTP/1.0 or HTTP/1.1, a space and a status from 100 to 999 (RFC 9112 section 4);
 * - interim answers (1xx) are taken out, asked for or not, as RFC 9110 section 15.2 demands of a client;
 *   nobody here has asked for more of them than a few;
 * - 101 is an answer only where other protocols were offered.
 *
 * Cost: a dozen comparisons for an answer.
 */

/** Length of `HTTP/1.1 200`. */
const STATUS_END = 12;
/** Interim answers to one request. A 100 and some early hints are usual. */
const MAX_INTERIM = 16;
/** Bytes of one interim answer. */
const MAX_INTERIM_BYTES = 16 * 1024;
const MAX_STATUS_LINE_BYTES = 8 * 1024;

const prefix = Buffer.from('HTTP/1.');
const emptyLine = Buffer.from('\r\n\r\n');

/** Nothing of it is used, but a head that two readers take apart in two ways ends in two places. */
const interimHead =
  /^HTTP\/1\.[01] 1\d\d(?: [\t -~\x80-\xff]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n$/;

export class AnswerStart {
  /** Whether the answer is HTTP/1.0, where connections end unless told otherwise. */
  isHttp10 = false;
  #held: Buffer | undefined;
  #interim = 0;
  #maySwitch = false;

  /** A new answer is awaited. */
  begin(maySwitch: boolean): void {
    this.#held = undefined;
    this.#interim = 0;
    this.#maySwitch = maySwitch;
  }

  /**
   * Takes the next bytes in.
   *
   * @returns what the parser shall have: the final answer's first bytes; undefined if more must come first;
   *   a string, which says what is wrong, if this is no answer
   */
  admit(chunk: Buffer): Buffer | string | undefined {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (true) {
      const mistake = this.#mistakeIn(bytes);
      if (mistake !== undefined) return mistake;
      if (bytes.length < STATUS_END) return this.#hold(bytes);
      // 0x31: '1'
      if (bytes[9] !== 0x31) return this.#wholeStatusLine(bytes);
      if (bytes[10] === 0x30 && bytes[11] === 0x31) {
        if (this.#maySwitch) return this.#wholeStatusLine(bytes);
        return 'it switched protocols without being asked (status 101)';
      }
      const end = bytes.indexOf(emptyLine);
      if (end > MAX_INTERIM_BYTES || (end < 0 && bytes.length > MAX_INTERIM_BYTES)) {
        return `an interim answer (1xx) longer than ${MAX_INTERIM_BYTES} bytes`;
      }
      if (end < 0) return this.#hold(bytes);
      if (++this.#interim > MAX_INTERIM) return `more than ${MAX_INTERIM} interim answers (1xx)`;
      const after = end + emptyLine.length;
      if (!interimHead.test(bytes.toString('latin1', 0, after))) return 'its interim answer (1xx) is no head';
      bytes = bytes.subarray(after);
    }
  }

  /** With the whole line, so that nobody else has to mind one that comes in pieces. */
  #wholeStatusLine(bytes: Buffer): Buffer | string | undefined {
    // 0x0a: line feed
    if (bytes.indexOf(0x0a, STATUS_END) >= 0) return bytes;
    if (bytes.length > MAX_STATUS_LINE_BYTES)
      return `a status line longer than ${MAX_STATUS_LINE_BYTES} bytes`;
    return this.#hold(bytes);
  }

  #hold(bytes: Buffer): undefined {
    // A copy: this may be the end of a 64 KB buffer, and the next piece may be long in coming.
    if (bytes.length > 0) this.#held = Buffer.from(bytes);
  }

  /** Looks at as much of `HTTP/1.1 200` as is there. */
  #mistakeIn(bytes: Buffer): string | undefined {
    const { length } = bytes;
    for (let i = 0; i < prefix.length; i++) {
      if (i >= length) return undefined;
      if (bytes[i] !== prefix[i]) return 'it does not begin with HTTP/1.';
    }
    for (let i = prefix.length; i < STATUS_END && i < length; i++) {
      const byte = bytes[i] as number;
      if (i === 7) {
        if (byte !== 0x30 && byte !== 0x31) return 'its version is not HTTP/1.0 or HTTP/1.1';
        this.isHttp10 = byte === 0x30;
      } else if (i === 8 ? byte !== 0x20 : byte < (i === 9 ? 0x31 : 0x30) || byte > 0x39) {
        return 'its status is not a number from 100 to 999';
      }
    }
    return undefined;
  }
}
