import { expect, test } from 'vitest';
import { alsoInvalid, invalidates } from '../../../src/proxy/cache/invalidation.ts';
import { addConditions, confirms, dropConditions, freshened } from '../../../src/proxy/cache/revalidation.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

test('asks with the validators of the object, not with those of the client', () => {
  const request = new Fields(['Host', 'a', 'if-none-match', '"b"', 'Range', 'bytes=0-1']);
  dropConditions(request);
  addConditions(request, new Fields(['etag', '"a"', 'Last-Modified', 'then']));
  expect(request.raw).toEqual(['Host', 'a', 'If-None-Match', '"a"', 'If-Modified-Since', 'then']);
});

test('a 304 replaces the fields that it brings, but not what describes the body', () => {
  const stored = new Fields(['X-A', '1', 'x-b', '2', 'Age', '7', 'Content-Length', '5', 'X-A', '3']);
  const answer = new Fields(['x-a', '9', 'X-C', '4', 'Content-Length', '0', 'Content-Encoding', 'gzip']);
  expect(freshened(stored, answer).raw).toEqual(['x-b', '2', 'Content-Length', '5', 'x-a', '9', 'X-C', '4']);
});

test('a 304 about another tag confirms nothing', () => {
  const stored = new Fields(['ETag', '"a"']);
  expect(confirms(new Fields(['ETag', 'W/"a"']), stored)).toBe(true);
  expect(confirms(new Fields([]), stored)).toBe(true);
  expect(confirms(new Fields(['ETag', '"b"']), stored)).toBe(false);
});

test('what may have changed something makes its URL invalid, if it went well', () => {
  expect(invalidates('POST', 200)).toBe(true);
  expect(invalidates('BREW', 303)).toBe(true);
  expect(invalidates('PUT', 500)).toBe(false);
  expect(invalidates('GET', 200)).toBe(false);
});

test('and the URLs that the answer names on the same host', () => {
  const answer = new Fields(['Location', '/made?x=1', 'Content-Location', 'http://EXAMPLE.com/b']);
  expect(alsoInvalid('/a', 'example.com', answer)).toEqual(['/made?x=1', '/b']);
  expect(alsoInvalid('/a', 'example.com', new Fields(['Location', 'http://other.com/b']))).toEqual([]);
  expect(alsoInvalid('/a', 'exa mple', new Fields(['Location', 'http://other.com/b']))).toEqual([]);
});
