import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { isGlob, matchesGlob } from '../../src/admin/glob.ts';

/** fnmatch without sets, by trying everything. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern.startsWith('*')) return naive(rest, text) || (text !== '' && naive(pattern, text.slice(1)));
  if (text === '') return false;
  return (pattern.startsWith('?') || pattern.charAt(0) === text.charAt(0)) && naive(rest, text.slice(1));
}

const letters = (...all: string[]) =>
  fc.array(fc.constantFrom(...all), { maxLength: 10 }).map((a) => a.join(''));

test.prop([letters('a', 'b', '.', '*', '?'), letters('a', 'b', '.')])(
  'matches what trying everything matches',
  (pattern, text) => {
    expect(matchesGlob(pattern, text)).toBe(naive(pattern, text));
  },
);

test.prop([fc.string()])('text without special characters matches itself alone', (text) => {
  fc.pre(!isGlob(text));
  expect(matchesGlob(text, text)).toBe(true);
  expect(matchesGlob(text, `${text}x`)).toBe(false);
});

test.prop([fc.string()])('any text matches itself when each character is escaped', (text) => {
  const escaped = Array.from({ length: text.length }, (_, i) => `\\${text.charAt(i)}`).join('');
  expect(matchesGlob(escaped, text)).toBe(true);
});

test.each([
  ['[abc]', 'b', true],
  ['[abc]', 'd', false],
  ['b[0-9]', 'b7', true],
  ['b[!0-9]', 'b7', false],
  ['b[^0-9]', 'bx', true],
  ['[]x]', ']', true],
  ['[a-]', '-', true],
  ['[', '[', true],
  ['[ab', '[ab', true],
  ['[\\]]', ']', true],
  ['boot.b*', 'boot.b1', true],
  ['\\*', '*', true],
  ['\\*', 'x', false],
])('%s, tried on %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test('a pattern made to be slow takes no longer than the product of both lengths', () => {
  // By trying everything this would take longer than the universe has existed.
  expect(matchesGlob(`${'*a'.repeat(50)}b`, 'a'.repeat(1_000))).toBe(false);
});
