import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { fnmatch } from '../../../src/vcl/vmods/fnmatch.ts';

const flags = { pathname: true, noescape: false, period: false };

/** By trying everything. Without brackets. */
function naive(pattern: string, subject: string, pathname: boolean): boolean {
  if (pattern === '') return subject === '';
  const [first] = pattern;
  const rest = pattern.slice(1);
  const mayTake = subject !== '' && !(pathname && subject[0] === '/');
  if (first === '*')
    return naive(rest, subject, pathname) || (mayTake && naive(pattern, subject.slice(1), pathname));
  if (first === '?') return mayTake && naive(rest, subject.slice(1), pathname);
  return subject[0] === first && naive(rest, subject.slice(1), pathname);
}

describe('fnmatch', () => {
  test.prop(
    [
      fc.string({ unit: fc.constantFrom('a', 'b', '*', '*', '?', '/'), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 }),
      fc.boolean(),
    ],
    { numRuns: 5_000 },
  )('finds what trying everything finds', (pattern, subject, pathname) => {
    expect(fnmatch(pattern, subject, { ...flags, pathname })).toBe(naive(pattern, subject, pathname));
  });

  it.each([
    ['[ab]', 'b', true],
    ['[!ab]', 'c', true],
    ['[^ab]', 'a', false],
    ['[a-c]x', 'bx', true],
    ['[]a]', ']', true],
    ['[a\\]]', ']', true],
    ['[a', '[a', true],
    ['[[:alpha:][:digit:]]', '7', true],
    ['[!a]', '/', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a', false],
    ['*.jpg', 'a/b.jpg', false],
    ['', '', true],
    ['*', '', true],
  ])('%s and %s: %s', (pattern, subject, expected) => {
    expect(fnmatch(pattern, subject, flags)).toBe(expected);
  });

  it('hides points at the beginning where that is asked for', () => {
    const period = { ...flags, period: true };
    expect(fnmatch('*', '.a', period)).toBe(false);
    expect(fnmatch('.*', '.a', period)).toBe(true);
    expect(fnmatch('a/?b', 'a/.b', period)).toBe(false);
    expect(fnmatch('a?b', 'a.b', period)).toBe(true);
  });

  it('takes no more than pattern times subject, however many stars there are', () => {
    expect(fnmatch(`${'*a'.repeat(200)}b`, 'a'.repeat(20_000), flags)).toBe(false);
  });
});
