/**
 * What a client gets of an object that wants less than the whole: that it has not changed (304), a part (206), or that
 * there is no such part (416).
 */
import { type ByteRange, byteRange } from '../cache/byte-range.ts';
import { isUnchanged, mayBePart } from '../cache/preconditions.ts';
import type { Manners } from './manners.ts';
import type { ClientMessage, ResponseMessage } from './messages.ts';

interface Part {
  /** The part that is sent; undefined: no body at all. */
  readonly range: ByteRange | undefined;
  /** Content-Length; undefined: none. */
  readonly length: number | undefined;
}

/**
 * Changes status and fields of the response to what is sent.
 *
 * @param length of the whole; undefined: nobody knows, so that parts of it cannot be told
 * @param now milliseconds since 1970
 * @returns undefined: it gets the whole
 */
export function partOf(
  req: ClientMessage,
  resp: ResponseMessage,
  length: number | undefined,
  now: number,
  manners: Manners,
): Part | undefined {
  // Other statuses are what they are, whatever the client has (RFC 9110 section 13.2.1).
  if (resp.status !== 200) return undefined;
  if (isUnchanged(req.http, resp.http, now)) {
    resp.status = 304;
    return { range: undefined, length: undefined };
  }
  const range = req.http.get('Range');
  if (range === undefined || req.method !== 'GET' || length === undefined) return undefined;
  if (!mayBePart(req.http, resp.http, now)) return undefined;
  const bytes = byteRange(range, length);
  if (bytes === undefined) return undefined;
  if (bytes === 'none') {
    resp.status = 416;
    resp.reason = manners.phrase(416);
    resp.http.appendLegal('Content-Range', `bytes */${length}`);
    return { range: undefined, length: 0 };
  }
  const { first, last } = bytes;
  resp.status = 206;
  resp.http.appendLegal('Content-Range', `bytes ${first}-${last}/${length}`);
  return { range: bytes, length: last - first + 1 };
}
