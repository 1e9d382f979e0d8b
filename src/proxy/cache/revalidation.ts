/**
 * Asking an origin whether an object is still what it would send: RFC 9111 sections 4.3.1 (what is asked), 4.3.4 and
 * 3.2 (what a 304 changes).
 */
import { Fields, sameName } from '../http/fields.ts';
import { isSameTag } from './preconditions.ts';

/** Fields of a 304 that say nothing about the object that is kept (RFC 9111 section 3.2), or would corrupt it. */
const notTaken = ['Content-Length', 'Content-Encoding', 'Content-Range', 'Transfer-Encoding', 'Age'] as const;

/** Fields that make a request conditional or partial; a cache that wants the whole asks without a client's own. */
export function dropConditions(request: Fields): void {
  request.dropWhere(isCondition);
}

function isCondition(name: string): boolean {
  switch (name.length) {
    case 5:
      return sameName(name, 'range');
    case 8:
      return sameName(name, 'if-match') || sameName(name, 'if-range');
    case 13:
      return sameName(name, 'if-none-match');
    case 17:
      return sameName(name, 'if-modified-since');
    case 19:
      return sameName(name, 'if-unmodified-since');
    default:
      return false;
  }
}

export function hasValidator(stored: Fields): boolean {
  return stored.has('ETag') || stored.has('Last-Modified');
}

/** Makes a request ask whether an object has changed. */
export function addConditions(request: Fields, stored: Fields): void {
  const etag = stored.get('ETag');
  const modified = stored.get('Last-Modified');
  if (etag !== undefined) request.appendLegal('If-None-Match', etag);
  if (modified !== undefined) request.appendLegal('If-Modified-Since', modified);
}

/** Whether a 304 speaks of this object: with a tag of another one it does not. */
export function confirms(notModified: Fields, stored: Fields): boolean {
  const tag = notModified.get('ETag');
  const own = stored.get('ETag');
  return tag === undefined || own === undefined || isSameTag(tag, own);
}

/** The fields of an object after a 304: those that it brings replace those of the same name. */
export function freshened(stored: Fields, notModified: Fields): Fields {
  const brought = new Fields([], notModified.isLegal);
  for (const [name, value] of notModified) {
    if (!notTaken.some((other) => sameName(other, name))) brought.raw.push(name, value);
  }
  const raw: string[] = [];
  for (const [name, value] of stored) {
    if (!brought.has(name) && !sameName(name, 'Age')) raw.push(name, value);
  }
  raw.push(...brought.raw);
  return new Fields(raw, stored.isLegal && brought.isLegal);
}
