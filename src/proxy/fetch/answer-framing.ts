/**
 * Where an answer ends (RFC 9112 section 6.3) and whether its connection may go on (section 9.3), by its
 * fields. An answer whose end two readers may see in two places is how one client comes to read another's
 * bytes, so whatever leaves room is refused.
 */

import { sameName } from '../http/fields.ts';

/** In place of a body's length: it comes in chunks. */
export const CHUNKED = -1;
/** In place of a body's length: it ends with the connection. */
export const UNTIL_CLOSE = -2;

export class AnswerFraming {
  /** Of the Upgrade fields, as one list; empty: none. */
  upgrade = '';
  #contentLength: string | undefined;
  #contentLengths = 0;
  #transferEncoding: string | undefined;
  #transferEncodings = 0;
  #connection = '';
  #keepAlive = '';

  clear(): void {
    this.upgrade = '';
    this.#contentLength = undefined;
    this.#contentLengths = 0;
    this.#transferEncoding = undefined;
    this.#transferEncodings = 0;
    this.#connection = '';
    this.#keepAlive = '';
  }

  /** Looks at one field. Names of other lengths cannot be these: most fields are passed by with one comparison. */
  note(name: string, value: string): void {
    switch (name.length) {
      case 7:
        if (sameName(name, 'upgrade')) this.upgrade = joined(this.upgrade, value);
        break;
      case 10:
        if (sameName(name, 'connection')) this.#connection = joined(this.#connection, value);
        else if (sameName(name, 'keep-alive')) this.#keepAlive = value;
        break;
      case 14:
        if (sameName(name, 'content-length')) {
          this.#contentLength = value;
          this.#contentLengths++;
        }
        break;
      case 17:
        if (sameName(name, 'transfer-encoding')) {
          this.#transferEncoding = value;
          this.#transferEncodings++;
        }
        break;
    }
  }

  /** A number of bytes, CHUNKED or UNTIL_CLOSE; a string, which says what is wrong, if that is not beyond doubt. */
  length(isHttp10: boolean): number | string {
    if (this.#contentLengths > 1) return 'it has two Content-Length fields';
    if (this.#transferEncodings > 0) {
      if (this.#transferEncodings > 1) return 'it has two Transfer-Encoding fields';
      if (this.#contentLengths > 0) return 'it has both Content-Length and Transfer-Encoding';
      if (isHttp10) return 'it is HTTP/1.0 and has Transfer-Encoding';
      const isChunked = this.#transferEncoding?.toLowerCase() === 'chunked';
      return isChunked ? CHUNKED : 'its Transfer-Encoding is not chunked alone';
    }
    if (this.#contentLength === undefined) return UNTIL_CLOSE;
    return lengthOf(this.#contentLength) ?? 'its Content-Length is not a number';
  }

  /** Whether the backend keeps the connection after an answer whose end it has marked. */
  keepsAlive(isHttp10: boolean): boolean {
    if (this.#connection === '') return !isHttp10;
    const options = this.#connection.toLowerCase();
    if (hasToken(options, 'close')) return false;
    return !isHttp10 || hasToken(options, 'keep-alive');
  }

  /** Milliseconds for which the backend says that it keeps the connection; undefined: it does not say. */
  keepAliveMs(): number | undefined {
    if (this.#keepAlive === '') return undefined;
    const match = /(?:^|[,; \t])timeout=(\d{1,9})/i.exec(this.#keepAlive);
    return match === null ? undefined : Number(match[1]) * 1_000;
  }
}

function joined(list: string, more: string): string {
  return list === '' ? more : `${list},${more}`;
}

/** @param token in lower case, as the list */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true;
  if (!list.includes(',')) return false;
  return list.split(',').some((item) => item.trim() === token);
}

/** 1*DIGIT, and what a double can count exactly. */
function lengthOf(value: string): number | undefined {
  if (value.length === 0 || value.length > 16) return undefined;
  let bytes = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    bytes = bytes * 10 + digit;
  }
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
