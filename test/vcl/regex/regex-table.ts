/** Patterns and texts, and what varnishd makes of them: `test/golden/record-regexes.ts` writes it down. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { seededRandom } from '../../../src/simulation/seeded-random.ts';
import { mistakeInRegex } from '../../../src/vcl/regex.ts';
import { startVarnishd } from '../../support/varnishd.ts';
import { randomPattern, randomText } from './random-regex.ts';

export interface RegexCase {
  readonly pattern: string;
  readonly texts: readonly string[];
}

/** For each text: whether it matches, and what regsub() and regsuball() with `replacement` make of it. */
export type RegexAnswers = readonly (readonly [matches: boolean, once: string, all: string])[];

export const replacement = '<\\0|\\1|\\2>';

/** One for each thing that PCRE has, with texts that tell whether it means the same. */
const chosen: readonly (readonly [pattern: string, ...texts: string[]])[] = [
  ['(?i)abc', 'xABCx', 'abc', 'ab', '\xc1bc'],
  ['(?i)\xe9', '\xe9', '\xc9'],
  ['(?i:a)b', 'Ab', 'AB', 'ab'],
  ['a(?i)b|c', 'aB', 'C', 'AB', 'c'],
  ['(a(?i)b)c', 'aBc', 'aBC', 'Abc'],
  ['(?i)a(?-i)b', 'Ab', 'AB'],
  ['(?-i)(?i)a', 'A'],
  ['(?s)a.b', 'a\nb', 'axb'],
  ['a.b', 'a\nb', 'a\rb', 'a\xe9b'],
  ['(?m)^b$', 'a\nb\nc', 'ab', 'b'],
  ['(?m)^', 'a\nb\n', '\n'],
  ['(?m)$', 'a\nb\n', ''],
  ['^b', 'a\nb', 'b'],
  ['a$', 'a\n', 'a\nb', 'a', 'a\n\n'],
  ['a\\z', 'a\n', 'a'],
  ['a\\Z', 'a\n', 'a', 'a\n\n'],
  ['\\Aa', 'aa', 'ba'],
  ['(?x) a b # c', 'ab', 'a b'],
  ['(?x)a\\ b[ c]', 'a b ', 'a bc'],
  ['(?xx)[a b]c', ' c', 'bc'],
  ['a(?#comment)b', 'ab', 'acb'],
  ['a(?#comment)*b', 'aab', 'b'],
  ['\\Qa.b*\\Ec', 'a.b*c', 'axbbc'],
  ['\\Qab\\E+', 'abbb', 'abab'],
  ['[\\Q]^\\E]', ']', '^', 'x'],
  ['\\h+', ' \t\xa0x', '\n'],
  ['\\H', ' ', 'a'],
  ['\\v', '\n', '\x0b', '\x85', ' '],
  ['\\V+', 'ab\ncd'],
  ['a\\Rb', 'a\r\nb', 'a\nb', 'a\x85b', 'a\n\rb'],
  ['a\\R\\nb', 'a\r\nb', 'a\r\n\nb'],
  ['\\N+', 'ab\ncd'],
  ['\\d+\\D', '12a', '12', '\xb2a'],
  ['\\w+', 'a_1-', '\xe9\xe8'],
  ['\\bfoo\\b', 'a foo b', 'food', '\xe9foo'],
  ['\\Boo', 'foo', 'oo'],
  ['\\s', '\x0b', '\x0c', '\xa0', '\x85', ' '],
  ['[[:alpha:]]+', 'abC1', '\xe9'],
  ['[[:^digit:]]+', '1ab2'],
  ['[[:punct:]]+', 'a!-~b', '$+<=>^`|'],
  ['[[:space:]]+', 'a\x0b\tb'],
  ['[[:blank:]]+', 'a \t\nb'],
  ['[[:print:]]+', '\x01ab \x7f'],
  ['[[:graph:]]+', ' ab '],
  ['[[:cntrl:]]+', 'a\x01\x7fb'],
  ['[[:xdigit:]]+', 'xfFg'],
  ['[[:word:]]+', '-a_1-'],
  ['[[:ascii:]]+', 'a\xe9b'],
  ['(?i)[[:upper:]]+', 'aBc1'],
  ['[[:upper:][:digit:]]+', 'aB1c'],
  ['[]a]+', ']a]b'],
  ['[^]a]+', ']ab]'],
  ['[a-]+', 'b-a-'],
  ['[\\w-]+', 'a-b c'],
  ['[\\]\\\\]+', ']\\a'],
  ['[\\x41-\\x43]+', 'ABCD'],
  ['[\\b]', '\b', 'b'],
  ['[a-c\\d]+', 'xb2y'],
  ['[^\\W\\d]+', '12ab_'],
  ['\\x41\\x{42}\\o{103}\\104', 'ABCD'],
  ['\\t\\e\\f\\a\\cA\\c[', '\t\x1b\f\x07\x01\x1b'],
  ['\\0', 'a'],
  ['\\011x', '\tx'],
  ['a++b', 'aaab', 'aaa'],
  ['a++ab', 'aaab'],
  ['a*+a', 'aaa'],
  ['a?+a', 'a', 'aa'],
  ['a{1,2}+a', 'aa', 'aaa'],
  ['(?>a+)b', 'aaab', 'aaac'],
  ['(?>a|ab)c', 'abc', 'ac'],
  ['(?>(a+))(b)', 'aaab'],
  ['((?>a+)b)+', 'aababb'],
  ['(a)++b', 'aaab'],
  ['a+?', 'aaa'],
  ['a??b', 'ab', 'b'],
  ['a{2,3}?', 'aaaa'],
  ['(?U)a+', 'aaa'],
  ['(?U)a+?', 'aaa'],
  ['a{2}', 'a', 'aa', 'aaa'],
  ['a{,2}', 'a', 'a{,2}'],
  ['a{x}', 'a{x}'],
  ['x{0}y', 'xy', 'y'],
  ['(a)\\1', 'aa', 'ab'],
  ['(a)|\\1b', 'ab', 'b'],
  ['(?:(a)|b)*', 'ab', 'ba', 'aab'],
  ['(a*)*', 'aab', 'b'],
  ['(a*)+', 'aab', 'b'],
  ['(?:|a)+', 'aaa'],
  ['(|a)+b', 'aab'],
  ['(?:a|())*b', 'aab'],
  ['(a|b)*?c', 'abc'],
  ['(?<year>\\d{4})-(?<month>\\d\\d)', '2010-08-09'],
  ["(?P<a>x)(?'b'y)\\k<a>\\k{b}(?P=a)", 'xyxyx'],
  ['(a)(b)\\g1\\g{2}\\g{-1}', 'abab', 'ababb'],
  ['(?i)(a)\\1', 'aA', 'Aa', 'ab'],
  ['(?n)(a)(?<x>b)', 'ab'],
  ['(?^)a', 'a', 'A'],
  ['(?i)(?^)a', 'a', 'A'],
  ['a(?=b)', 'ab', 'ac'],
  ['a(?!b)', 'ab', 'ac'],
  ['(?<=a)b', 'ab', 'bb'],
  ['(?<!a)b', 'ab', 'bb', 'b'],
  ['(?<=a|bc)d', 'ad', 'bcd', 'cd'],
  ['(?=(a+))a*b\\1', 'aaab', 'baaabac'],
  ['(?!(a))b', 'b'],
  ['foo\\Kbar', 'foobar', 'bar'],
  ['(foo)\\Kbar', 'foobarfoobar'],
  ['\\Ga', 'aab', 'baa'],
  ['', '', 'ab'],
  ['x*', 'abc', 'xxaxx'],
  ['x*?', 'xx'],
  ['b|', 'abc'],
  ['(?=b)', 'abab'],
  ['\\b', 'ab cd'],
  ['.*', 'ab', 'a\nb', ''],
  ['(?s).*', 'a\nb'],
  ['(.*)(b)', 'abab', 'a\nbb'],
  ['^(.*?)(b)', 'abab'],
  ['^/([^/]+)/?(.*)$', '/a/b/c', '/a', '/a/\n'],
  ['^(?:https?://)?([^/:]+)(:\\d+)?', 'http://www.example.com:80/a', 'b/c'],
  ['(^|; ) *x=([^;]+)', 'a=b; x=1; y=2', 'x=1'],
  ['\\.(?:jpe?g|png|gif)(?:\\?|$)', '/a.jpg', '/a.jpeg?x', '/a.jpgx'],
  ['[?&](utm_[a-z]+|gclid)=[^&]*', '/a?utm_source=x&b=c', '/a?b=c&gclid=1&utm_x=2'],
  ['[[:<:]]foo[[:>:]]', 'a foo b', 'afoo'],
  ['\\C\\C', 'a\n'],
  ['[^a]', '\n', '\xff'],
  ['\\$\\^\\.', '$^.'],
  ['a|b|', 'c'],
  ['(((((a)))))', 'ba'],
  ['((a)|(b))+', 'ab', 'ba'],
  ['(a(?=b)|a(?=c))+', 'abac'],
  ['(?:(?=(a))ab)+', 'abab'],
  ['^(a+)+$', 'aaaa', 'aaab'],
];

/** Those above, and random ones. */
export function regexCases(): RegexCase[] {
  const random = seededRandom(711);
  const cases: RegexCase[] = chosen.map(([pattern, ...texts]) => ({ pattern, texts }));
  while (cases.length < 400) {
    const pattern = randomPattern(random);
    const texts = Array.from({ length: 4 }, () => randomText(random));
    if (mistakeInRegex(pattern) === undefined && !isKnownDifference(pattern)) cases.push({ pattern, texts });
  }
  return cases;
}

/** PCRE2 leaves out what it holds for unnecessary, and is stricter about what must have one length than it says. */
function isKnownDifference(pattern: string): boolean {
  return /\{0\}|\\R|\\K|\(\?<[=!][^)]*[*+?}(\\[]/.test(pattern);
}

/** Line ends, quotes and what varnishd's compiler may not see stand in long strings; between texts stands a \x02. */
function quoted(text: string): string {
  return `{"${text}"}`;
}

/** Asks varnishd. */
export async function askVarnishdForRegexes(cases: readonly RegexCase[]): Promise<RegexAnswers[]> {
  const branches = cases.map(({ pattern, texts }, index) => {
    const statements = texts.flatMap((text) => [
      `if (${quoted(text)} ~ ${quoted(pattern)}) { synthetic("1"); } else { synthetic("0"); }`,
      `synthetic({"\x02"} + regsub(${quoted(text)}, ${quoted(pattern)}, ${quoted(replacement)}));`,
      `synthetic({"\x02"} + regsuball(${quoted(text)}, ${quoted(pattern)}, ${quoted(replacement)}) + {"\x02"});`,
    ]);
    return `sub p${index} { ${statements.join('\n')} }`;
  });
  const calls = cases.map((_, index) => `if (req.url == "/${index}") { call p${index}; return (deliver); }`);
  const vcl = `vcl 4.1; backend none none;
sub vcl_recv { return (synth(200)); }
${branches.join('\n')}
sub vcl_synth { ${calls.join('\n')} }`;
  const varnishd = await startVarnishd({
    vcl,
    encoding: 'latin1',
    params: { cc_command: 'exec gcc -O0 -fpic -shared -Wl,-x -o %o %s' },
  });
  try {
    const answers: RegexAnswers[] = [];
    for (const [index, { texts }] of cases.entries()) {
      const { body } = await varnishd.get(`/${index}`);
      const parts = body.split('\x02');
      answers.push(
        texts.map((_, at) => [parts[3 * at] === '1', parts[3 * at + 1] ?? '', parts[3 * at + 2] ?? '']),
      );
    }
    return answers;
  } finally {
    await varnishd.stop();
  }
}

export const goldenRegexFile = join(import.meta.dirname, '../../golden/regexes-varnishd-7.1.1.json.gz');

export function readGoldenRegexes(): { cases: RegexCase[]; answers: RegexAnswers[] } {
  return JSON.parse(gunzipSync(readFileSync(goldenRegexFile)).toString('utf8'));
}

export function goldenRegexes(cases: readonly RegexCase[], answers: readonly RegexAnswers[]): Buffer {
  return gzipSync(JSON.stringify({ cases, answers }), { level: 9 });
}
