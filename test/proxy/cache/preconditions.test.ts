import { expect, test } from 'vitest';
import { isUnchanged, mayBePart } from '../../../src/proxy/cache/preconditions.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

const now = Date.UTC(2026, 0, 1);
const at = (seconds: number) => new Date(now + seconds * 1_000).toUTCString();
const unchanged = (request: string[], stored: string[]) =>
  isUnchanged(new Fields(request), new Fields(stored), now);
const part = (request: string[], stored: string[]) => mayBePart(new Fields(request), new Fields(stored), now);

test.each([
  [['If-None-Match', '"a"'], ['ETag', '"a"'], true],
  [['If-None-Match', 'W/"a"'], ['ETag', '"a"'], true],
  [['If-None-Match', '"b", "a"'], ['ETag', 'W/"a"'], true],
  [['If-None-Match', '"b,", "a"'], ['ETag', '"b,"'], true],
  [['If-None-Match', '*'], [], true],
  [['If-None-Match', '"b"'], ['ETag', '"a"'], false],
  [['If-None-Match', '"b"'], [], false],
  // The date is not looked at where there is a tag.
  [['If-None-Match', '"b"', 'If-Modified-Since', at(0)], ['ETag', '"a"', 'Last-Modified', at(-9)], false],
  [['If-Modified-Since', at(-9)], ['Last-Modified', at(-9)], true],
  [['If-Modified-Since', at(-10)], ['Last-Modified', at(-9)], false],
  [['If-Modified-Since', at(-5)], ['Date', at(-9)], true],
  [['If-Modified-Since', 'yesterday'], ['Last-Modified', at(-9)], false],
  [[], ['ETag', '"a"'], false],
])('%j of %j: %j', (request, stored, expected) => {
  expect(unchanged(request, stored)).toBe(expected);
});

test.each([
  [[], [], true],
  [['If-Range', '"a"'], ['ETag', '"a"'], true],
  [['If-Range', 'W/"a"'], ['ETag', 'W/"a"'], false],
  [['If-Range', '"a"'], ['ETag', 'W/"a"'], false],
  [['If-Range', at(-9)], ['Last-Modified', at(-9), 'Date', at(0)], true],
  [['If-Range', at(-9)], ['Last-Modified', at(-9), 'Date', at(-9)], false],
  [['If-Range', at(-8)], ['Last-Modified', at(-9), 'Date', at(0)], false],
])('a part for %j of %j: %j', (request, stored, expected) => {
  expect(part(request, stored)).toBe(expected);
});
