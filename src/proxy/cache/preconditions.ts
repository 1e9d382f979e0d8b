/**
 * Whether what a client has already is what it would get: RFC 9110 section 13, as a cache evaluates it (RFC 9111
 * section 4.3.2).
 */
import type { Fields } from '../http/fields.ts';
import { membersOf } from './cache-control.ts';
import { dateOf } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';

/**
 * Whether a request can be answered with 304.
 *
 * @param stored the fields of an object with status 200
 */
export function isUnchanged(request: Fields, stored: Fields, now: number): boolean {
  if (request.has('If-None-Match')) {
    const etag = stored.get('ETag');
    return request.getAll('If-None-Match').some((value) => matches(value, etag));
  }
  const value = request.get('If-Modified-Since');
  const since = value === undefined ? undefined : parseHttpDate(value, now);
  if (since === undefined) return false;
  const modified = dateOf(stored, 'Last-Modified', now) ?? dateOf(stored, 'Date', now);
  return modified !== undefined && modified <= since;
}

/** If-Range (RFC 9110 section 13.1.5): whether a part may be sent, because the rest is what the client thinks. */
export function mayBePart(request: Fields, stored: Fields, now: number): boolean {
  const value = request.get('If-Range');
  if (value === undefined) return true;
  if (value.startsWith('"')) return value === stored.get('ETag');
  // A weak tag cannot match here.
  if (value.startsWith('W/')) return false;
  const date = parseHttpDate(value, now);
  const modified = dateOf(stored, 'Last-Modified', now);
  const made = dateOf(stored, 'Date', now);
  // Strong only if it cannot have changed within the same second (section 8.8.2.2).
  const isStrong = modified !== undefined && made !== undefined && made - modified >= 1_000;
  return isStrong && date === modified;
}

/** Whether two entity tags are the same by weak comparison (RFC 9110 section 8.8.3.2). */
export function isSameTag(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

function matches(list: string, etag: string | undefined): boolean {
  if (list.trim() === '*') return true;
  return etag !== undefined && membersOf(list).some((tag) => isSameTag(tag, etag));
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
