import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  BanCandidate,
  type BannedObject,
  type BannedRequest,
  banWords,
  readBan,
} from '../../../src/proxy/cache/ban-conditions.ts';
import { endsOf, ObjectLife } from '../../../src/proxy/cache/object-life.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { VclRegex } from '../../../src/vcl/regex.ts';

const SECOND = 1_000;
/** Milliseconds since 1970: an object was made then, fresh for a minute, graced for 10 s, kept for an hour. */
const MADE_AT = 1_000_000;

const request: BannedRequest = {
  url: '/news/a?b=1',
  http: new Fields(['Host', 'example.com', 'X-Who', 'ann', 'X-Empty', '']),
};

function object(): BannedObject {
  const terms = { origin: MADE_AT, ttl: 60 * SECOND, grace: 10 * SECOND, keep: 3_600 * SECOND };
  const life = new ObjectLife(endsOf(terms));
  const fields = new Fields(['X-Lang', 'en', 'X-Url', '/news/a']);
  return { status: 200, origin: MADE_AT, life, fields: () => fields };
}

/** @param ageMs of the object when the ban is issued */
function holds(ban: string, ageMs = 0, candidate = new BanCandidate(object(), request)): boolean {
  const conditions = readBan(banWords(ban));
  if (typeof conditions === 'string') throw new Error(conditions);
  return conditions.every((one) => one.holds(candidate, MADE_AT + ageMs));
}

test.each([
  'req.url == /news/a?b=1',
  'req.url ~ ^/news',
  'req.url !~ ^/sport',
  'req.url != /news',
  'req.http.x-who == ann',
  'req.http.X-WHO ~ ^(ann|bob)$',
  'req.http.nosuch != ann',
  'req.http.x-empty != x',
  'req.http.x-empty ~ ^$',
  'obj.status == 200',
  'obj.status ~ ^2',
  'obj.status != 404',
  'obj.http.x-lang == en',
  'obj.http.nosuch != en',
  'obj.grace == 10s',
  'obj.grace >= 10000ms',
  'obj.keep > 59m',
  'obj.keep == 1h',
  'obj.ttl == 1m',
  'obj.ttl <= 60s',
  'obj.age < .5s',
  'req.url ~ ^/news && obj.http.x-lang == en && obj.status == 200',
])('%s holds', (ban) => {
  expect(holds(ban)).toBe(true);
});

test.each([
  'req.url == /news',
  'req.url ~ ^/sport',
  'req.http.x-who == Ann',
  'req.http.nosuch == ann',
  'req.http.nosuch ~ .',
  // As in varnishd, whose manual says otherwise.
  'req.http.nosuch !~ .',
  'obj.http.nosuch !~ .',
  'obj.status == 20',
  'obj.status !~ 0',
  'obj.http.x-lang != en',
  'obj.grace > 10s',
  'obj.keep < 1h',
  'obj.ttl > 1m',
  'obj.age > 0s',
  'req.url ~ ^/news && obj.http.x-lang == de',
])('%s does not hold', (ban) => {
  expect(holds(ban)).toBe(false);
});

const letter = fc.constantFrom('a', '/', '-', '=', '&', '#', '%', '~', '.', '$', 'é');
const word = (most: number) => fc.string({ unit: letter, minLength: 1, maxLength: most });

property.prop([fc.constantFrom('', '^'), word(3), word(6)], { numRuns: 500 })(
  'a pattern that is a text is found where the regular expression is',
  (anchor, text, url) => {
    const pattern = anchor + text;
    const conditions = readBan(['req.url', '~', pattern]);
    if (typeof conditions === 'string') throw new Error(conditions);
    const candidate = new BanCandidate(undefined, { ...request, url });
    expect(conditions[0]?.holds(candidate, 0)).toBe(new VclRegex(pattern).test(url));
  },
);

test('ttl and age are those of the moment in which the ban is issued', () => {
  expect(holds('obj.age > 30s', 30 * SECOND)).toBe(false);
  expect(holds('obj.age > 30s', 30 * SECOND + 1)).toBe(true);
  expect(holds('obj.ttl < 30s', 30 * SECOND)).toBe(false);
  expect(holds('obj.ttl < 30s', 30 * SECOND + 1)).toBe(true);
});

test('nothing holds of what is not known', () => {
  const noObject = new BanCandidate(undefined, request);
  const noRequest = new BanCandidate(object(), undefined);
  for (const ban of ['obj.status != 404', 'obj.http.a != b', 'obj.age >= 0s']) {
    expect(holds(ban, 0, noObject)).toBe(false);
  }
  for (const ban of ['req.url != /a', 'req.http.a != b']) expect(holds(ban, 0, noRequest)).toBe(false);
});

test('what might be banned is, where a hostile pattern takes too many steps', () => {
  const ban = 'req.url ~ ^(?:(a+)+\\1)+$';
  const hostile = { url: `${'a'.repeat(4_000)}b`, http: new Fields([]) };
  // There is no match in it, but nobody lives to see that.
  expect(holds(ban, 0, new BanCandidate(undefined, hostile))).toBe(true);
});

describe('what is wrong is said in varnishd’s words', () => {
  test.each([
    ['', 'No ban conditions found.'],
    ['req.url', 'Expected comparison operator.'],
    ['req.url ==', 'Expected second operand.'],
    ['req.url == /a && ', 'No ban conditions found.'],
    ['req.url == /a ||', 'Expected && between conditions, found "||"'],
    ['req.nosuch == a', 'Unknown or unsupported field "req.nosuch"'],
    ['obj.http.a > b', 'expected conditional (==, !=, ~ or !~) got ">"'],
    ['obj.age ~ 1s', 'expected conditional (==, !=, >, >=, < or <=) got "~"'],
    ['obj.age == 1', 'expected duration <n.nn>[ms|s|m|h|d|w|y] got "1"'],
    ['obj.age toString 1s', 'expected conditional (==, !=, >, >=, < or <=) got "toString"'],
  ])('%j', (ban, mistake) => {
    expect(readBan(banWords(ban))).toBe(mistake);
  });

  test('and a pattern is judged as in VCL', () => {
    expect(readBan(['req.url', '~', '('])).toMatch(/^Regex compile error: /);
  });
});

test.each([
  ['obj.keep == 123ms', 'obj.keep == 123ms'],
  ['obj.keep == 0.456s', 'obj.keep == 456ms'],
  ['obj.keep == 6.789s', 'obj.keep == 6.789s'],
  ['obj.keep == 365d', 'obj.keep == 1y'],
  ['obj.keep == 7d', 'obj.keep == 1w'],
  ['obj.keep == 1.5h', 'obj.keep == 90m'],
  ['obj.keep == 0s', 'obj.keep == 0s'],
  ['req.urls ~ a', 'req.url ~ a'],
  ['  req.http.X-Who  ~   ^a ', 'req.http.X-Who ~ ^a'],
])('%s is shown as %s', (ban, shown) => {
  const conditions = readBan(banWords(ban));
  expect(typeof conditions === 'string' ? conditions : conditions.map(({ text }) => text).join()).toBe(shown);
});
