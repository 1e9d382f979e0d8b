/**
 * The head of an answer as the parser gives it: raw names and values. Besides turning them into Fields this
 * checks what decides where the answer ends (RFC 9112 section 6.3), where the parser leaves room: an answer
 * whose end two readers may see in two places is how one client comes to read another's bytes.
 */
import { Fields } from '../http/fields.ts';

/** In place of a body's length: it comes in chunks. */
export const CHUNKED = -1;
/** In place of a body's length: it ends with the connection. */
const UNTIL_CLOSE = -2;

/** What `toString('latin1')` calls in the end; a third faster for pieces as short as these. */
interface Latin1Bytes {
  latin1Slice(): string;
}

/** Names and values as latin1 strings. */
export function fieldsOf(raw: readonly Buffer[]): Fields {
  const strings = new Array<string>(raw.length);
  for (let i = 0; i < raw.length; i += 2) {
    strings[i] = (raw[i] as Buffer & Latin1Bytes).latin1Slice();
    strings[i + 1] = withoutTrailingSpace((raw[i + 1] as Buffer & Latin1Bytes).latin1Slice());
  }
  return new Fields(strings);
}

/** The parser leaves it in place; it is no part of a value (RFC 9110 section 5.5). */
function withoutTrailingSpace(value: string): string {
  let end = value.length;
  while (end > 0 && (value.charCodeAt(end - 1) === 0x20 || value.charCodeAt(end - 1) === 0x09)) end--;
  return end === value.length ? value : value.slice(0, end);
}

/**
 * Where an answer's body ends, by its fields alone: a number of bytes, CHUNKED or UNTIL_CLOSE.
 *
 * @returns a string, which says what is wrong, if that is not beyond doubt
 */
export function framingOf(fields: Fields, isHttp10: boolean): number | string {
  const { raw } = fields;
  let length: string | undefined;
  let coding: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    // Names of other lengths cannot be these; most fields are passed by with one comparison.
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) return 'it has two Content-Length fields';
      length = raw[i + 1] as string;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (coding !== undefined) return 'it has two Transfer-Encoding fields';
      coding = raw[i + 1] as string;
    }
  }
  if (coding !== undefined) {
    if (length !== undefined) return 'it has both Content-Length and Transfer-Encoding';
    if (isHttp10) return 'it is HTTP/1.0 and has Transfer-Encoding';
    return coding.toLowerCase() === 'chunked' ? CHUNKED : 'its Transfer-Encoding is not chunked alone';
  }
  if (length === undefined) return UNTIL_CLOSE;
  return lengthOf(length) ?? 'its Content-Length is not a number';
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

/**
 * A reason phrase as latin1, or undefined if it has a control character, which the parser lets pass. undici
 * decodes it as UTF-8, which makes characters that a latin1 writer would cut down to other bytes, a line end
 * among them.
 */
export function reasonOf(statusText: string): string | undefined {
  let isAscii = true;
  for (let i = 0; i < statusText.length; i++) {
    const code = statusText.charCodeAt(i);
    if (code > 0x7f) isAscii = false;
    else if (code === 0x7f || (code < 0x20 && code !== 0x09)) return undefined;
  }
  return isAscii ? statusText : Buffer.from(statusText, 'utf8').toString('latin1');
}
