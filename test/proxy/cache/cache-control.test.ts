import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { membersOf, parseCacheControl } from '../../../src/proxy/cache/cache-control.ts';

test('names have no case', () => {
  expect(parseCacheControl(['No-Store, MAX-AGE=5'])).toMatchObject({ noStore: true, maxAge: 5 });
});

test('what is quoted is no directive', () => {
  const control = parseCacheControl(['x="a, no-store, \\"private", max-age=7']);
  expect(control).toMatchObject({ noStore: false, isPrivate: false, maxAge: 7 });
});

test('a quote that is not closed takes the rest', () => {
  expect(parseCacheControl(['max-age=7, x="no-store, private'])).toMatchObject({ noStore: false, maxAge: 7 });
});

test.each([
  ['max-age="9"', 9],
  ['max-age=007', 7],
  ['max-age=99999999999999', 2 ** 31],
  ['max-age=5, max-age=5', 5],
  // What cannot be trusted is stale.
  ['max-age', 0],
  ['max-age=', 0],
  ['max-age=-1', 0],
  ['max-age=1.5', 0],
  ["max-age='5'", 0],
  ['max-age=5 6', 0],
  ['max-age= 5', 0],
  ['max-age=5, max-age=50', 0],
])('%s is %i s', (text, seconds) => {
  expect(parseCacheControl([text]).maxAge).toBe(seconds);
});

test('several fields are one list', () => {
  expect(parseCacheControl(['public', 's-maxage=3'])).toMatchObject({ isPublic: true, sMaxAge: 3 });
});

test.prop([fc.string()])('never throws, and finds no member that holds nothing', (text) => {
  parseCacheControl([text]);
  expect(membersOf(text)).not.toContain('');
});

const plain = fc.stringMatching(/^[a-z=0-9-]{1,8}$/);
const quoted = fc.stringMatching(/^[a-z, ]{0,8}$/).map((text) => `x="${text}"`);
test.prop([fc.array(fc.oneof(plain, quoted))])(
  'splits at commas outside quotes, and only there',
  (members) => {
    expect(membersOf(members.join(' , '))).toEqual(members);
  },
);
