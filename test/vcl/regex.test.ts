import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/simulation/seeded-random.ts';
import { Backtracker, MatchLimit } from '../../src/vcl/regex/backtracker.ts';
import { parseRegex } from '../../src/vcl/regex/parse-regex.ts';
import { compileRegexProgram } from '../../src/vcl/regex/regex-program.ts';
import { writeRegex } from '../../src/vcl/regex/write-regex.ts';
import { mistakeInRegex, VclRegex } from '../../src/vcl/regex.ts';
import { createRegsub } from '../../src/vcl/regsub.ts';
import { needVarnishd } from '../support/varnishd.ts';
import { configOf } from './fuzz/read-program.ts';
import { randomPattern, randomText } from './regex/random-regex.ts';
import {
  askVarnishdForRegexes,
  type RegexAnswers,
  type RegexCase,
  readGoldenRegexes,
  regexCases,
  replacement,
} from './regex/regex-table.ts';

const golden = readGoldenRegexes();
const matcher = (pattern: string) => new Backtracker(compileRegexProgram(parseRegex(pattern)));

function answersOf({ pattern, texts }: RegexCase): RegexAnswers {
  const regex = new VclRegex(pattern);
  return texts.map((text) => [
    regex.test(text),
    createRegsub(regex, false)(text, replacement),
    createRegsub(regex, true)(text, replacement),
  ]);
}

describe('regular expressions', () => {
  it('match and replace as in varnishd', () => {
    expect(golden.cases).toEqual(regexCases());
    for (const [index, one] of golden.cases.entries()) {
      expect(answersOf(one), JSON.stringify(one)).toEqual(golden.answers[index]);
    }
  });

  it('match and replace in varnishd as recorded', async (context) => {
    needVarnishd(context);
    const cases = golden.cases.slice(0, 150);
    expect(await askVarnishdForRegexes(cases)).toEqual(golden.answers.slice(0, 150));
  });

  test.prop([fc.integer()], { numRuns: 3_000 })('find the same by both matchers', (seed) => {
    const random = seededRandom(seed);
    const pattern = randomPattern(random);
    if (mistakeInRegex(pattern) !== undefined) return;
    const written = writeRegex(parseRegex(pattern));
    if (written === undefined) return;
    const own = matcher(pattern);
    for (let i = 0; i < 4; i++) {
      const text = randomText(random);
      try {
        const found = own.exec(text);
        expect(found !== undefined, `${pattern} ${text}`).toBe(new RegExp(written.source).test(text));
      } catch (error) {
        if (!(error instanceof MatchLimit)) throw error;
      }
    }
  });

  test.prop([fc.integer()], { numRuns: 500 })('find the same in a text that is long', (seed) => {
    const random = seededRandom(seed);
    const pattern = randomPattern(random, 2);
    if (mistakeInRegex(pattern) !== undefined) return;
    const regex = new VclRegex(pattern);
    const written = writeRegex(parseRegex(pattern));
    // What tries could grow with more than the square of the text is not left to JavaScript's matcher here, either.
    if (written === undefined || regex.warning !== undefined) return;
    const text = `${randomText(random)}${'-'.repeat(1_100)}${randomText(random)}`;
    expect(regex.test(text), `${pattern} ${text}`).toBe(new RegExp(written.source).test(text));
  });

  it.each([
    ['(a+)+$', 'a'],
    ['^(a|a)*b', 'a'],
    ['(a*)*b', 'a'],
    ['^(\\w+\\s?)*$', 'a'],
    ['(?:a?b?)*c', 'ab'],
    ['(.*)(,.*){10}x', ','],
    ['(x+x+)+y', 'x'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
    ['(?=(a+)+b)c|a', 'a'],
    ['(a|ab|b)*\\1c', 'ab'],
    ['(?>(a+)+)b', 'a'],
  ])('%s ends on a hostile text, or says that it will not', (pattern, letters) => {
    const text = `${letters.repeat(8_000 / letters.length)}!`;
    for (const regex of [new VclRegex(pattern), new VclRegex(`(?i)${pattern}`)]) {
      for (const match of [() => regex.test(text), () => regex.exec(text)]) {
        try {
          match();
        } catch (error) {
          expect(error).toBeInstanceOf(MatchLimit);
        }
      }
    }
  });

  it.each([
    '(a+)+$',
    '(a|a)*b',
    '(a*)*b',
    '(?:a?b?)*c',
    '^(\\w+\\s?)*$',
    '(a|ab|b)*c',
    '(x+x+)+y',
    '(?=(a+)+b)c',
    '(?:[a-z]+\\.?)+$',
    '(a{2,}){2,}',
  ])('%s is told of, because tries double', (pattern) => {
    expect(new VclRegex(pattern).warning).toContain('double with each byte');
  });

  it.each(['a.*b.*c', '(.*)(,.*){10}', '\\s+\\w*\\s*;', 'a+[^b]+.+c'])(
    '%s is told of, because repeats share the text',
    (pattern) => {
      expect(new VclRegex(pattern).warning).toMatch(/to the power of \d+/);
    },
  );

  it.each([
    '^/foo',
    '\\.(?:jpe?g|png|gif)(\\?.*)?$',
    '(?i)^(www\\.)?example\\.com(:[0-9]+)?$',
    '(?:[a-z]{2,63}\\.)+com',
    '(?:[0-9a-f]{32})+x',
    '(^|; ?)session=([^;]*)',
    '^[^?]*\\?(.*&)?id=',
    '(?:a++b)*c',
    '[?&]utm_[a-z]+=[^&]*',
    '^(?:[^/]+/)*[^/]+$',
    '(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\\.){3}',
  ])('%s is not told of', (pattern) => {
    expect(new VclRegex(pattern).warning).toBeUndefined();
  });

  it.each([
    ['(?R)', 'recursion'],
    ['(a)(?1)', 'recursion'],
    ['(?P>a)', 'recursion'],
    ['(?|a|b)', 'branch reset'],
    ['(a)?(?(1)b|c)', 'conditional'],
    ['a(?C1)b', 'callout'],
    ['(*UTF8)a', 'verb'],
    ['a(*SKIP)b', 'verb'],
    ['\\X', '\\X'],
    ['\\p{Lu}', 'Unicode property'],
    ['[\\p{Lu}]', 'Unicode property'],
    ['\\g<a>', 'call of a group'],
    ['(?J)(?<a>b)(?<a>c)', 'several groups of one name'],
  ])('%s is refused by name', (pattern, name) => {
    expect(mistakeInRegex(pattern)).toMatch(/^Troupe cannot match /);
    expect(mistakeInRegex(pattern)).toContain(name);
  });

  test.prop(
    [
      fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 60,
      }),
    ],
    {
      numRuns: 5_000,
    },
  )('of any bytes are right, or wrong by a sentence', (pattern) => {
    const mistake = mistakeInRegex(pattern);
    if (mistake === undefined) expect(typeof new VclRegex(pattern).test(pattern)).toBe('boolean');
    else expect(mistake).not.toBe('');
  });

  it('fail the request, and nothing else, where a match would take too long', () => {
    const { recv } = configOf(`vcl 4.1; backend b { .host = "127.0.0.1"; }
sub vcl_recv { if (req.url ~ "^(a|ab|b)*\\1c") { return (pass); } return (pipe); }`).hooks;
    const ask = (url: string) => recv?.({ req: { url } } as Parameters<NonNullable<typeof recv>>[0]);
    expect(() => ask('ab'.repeat(4_000))).toThrow('match limit exceeded');
    expect(ask('aac')).toBe('pass');
    expect(ask('xaac')).toBe('pipe');
  });

  it('may be nested as deep as PCRE lets them', () => {
    const nested = (depth: number) => '('.repeat(depth) + ')'.repeat(depth);
    expect(mistakeInRegex(nested(249))).toBeUndefined();
    expect(mistakeInRegex(nested(100_000))).toBe('parentheses are too deeply nested');
  });
});

describe('regsub', () => {
  const all = (text: string, pattern: string, by: string) =>
    createRegsub(new VclRegex(pattern), true)(text, by);

  it('puts in groups, and what stands behind a backslash', () => {
    expect(all('abc', '(b)', '[\\1]')).toBe('a[b]c');
    expect(all('abc', '(b)(x)?', '\\0\\1\\2\\3\\9')).toBe('abbc');
    expect(all('abc', 'b', '\\\\\\x\\&$&$1')).toBe('a\\x&$&$1c');
    expect(all('abc', 'b', '\\')).toBe('a\\c');
  });

  test.prop([
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 }),
    fc.string({ unit: fc.constantFrom('x', '\\0', 'y'), maxLength: 4 }),
  ])('of a plain text is what splitting and joining is', (text, part, by) => {
    expect(all(text, part, by)).toBe(text.split(part).join(by.replaceAll('\\0', part)));
  });
});
