/** Random patterns, most of them right, and texts that some of them match. */
import { integer, oneOf } from '../../support/draw.ts';

const pieces: [string, ...string[]] = [
  'a',
  ...[
    'b',
    'c',
    'A',
    '.',
    '\\d',
    '\\w',
    '\\s',
    '\\W',
    '[ab]',
    '[^a]',
    '[a-c]',
    '[[:alpha:]]',
    '[[:^upper:]_]',
  ],
  ...[
    '^',
    '$',
    '\\b',
    '\\B',
    '\\A',
    '\\z',
    '\\Z',
    '\\h',
    '\\R',
    '\\x61',
    '\\Qa.b\\E',
    '\\N',
    '\\v',
    '[\\d_]',
    '[]a]',
  ],
  ...[
    '[a\\]]',
    '[^]a]',
    '\\.',
    '-',
    '1',
    '\\1',
    '\\2',
    '\\K',
    ' ',
    '(?i)',
    '(?s)',
    '(?m)',
    '(?-i)',
    '(?x)',
    '(?#c)',
  ],
  ...[
    '[a-]',
    '[-a]',
    '\\141',
    '\\e',
    '\\cA',
    '(?<n>a)',
    '\\k<n>',
    '(?U)',
    '(?n)',
    '(?^)',
    '{',
    '{a}',
    '\\g{-1}',
    '\\C',
  ],
];
const quantifiers: [string, ...string[]] = [
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '*+',
  '++',
  '{2}',
  '{1,2}',
  '{0,2}',
  '{2,}',
  '{2,}?',
  '{1,3}+',
];
const openings: [string, ...string[]] = [
  '(',
  '(',
  '(?:',
  '(?:',
  '(?>',
  '(?=',
  '(?!',
  '(?<=',
  '(?<!',
  '(?i:',
  '(?s-i:',
];
const letters: [string, ...string[]] = [
  'a',
  'b',
  'c',
  'A',
  'B',
  '1',
  ' ',
  '\n',
  '\r',
  '_',
  '.',
  '-',
  ']',
  '\xe9',
  '\xc9',
  '\t',
];

export function randomPattern(random: () => number, depth = 3): string {
  let pattern = '';
  for (let left = integer(random, 1, 3); left > 0; left--) {
    if (depth > 0 && integer(random, 0, 11) < 5) {
      const others = integer(random, 0, 3) === 0 ? `|${randomPattern(random, depth - 1)}` : '';
      pattern += `${oneOf(random, openings)}${randomPattern(random, depth - 1)}${others})`;
    } else {
      pattern +=
        integer(random, 0, 1) === 0
          ? oneOf(random, pieces)
          : oneOf(random, ['a', 'b', 'ab', '.', '[ab]', '\\w']);
    }
    if (integer(random, 0, 4) < 2) pattern += oneOf(random, quantifiers);
  }
  return pattern;
}

export function randomText(random: () => number): string {
  let text = '';
  for (let left = integer(random, 0, 8); left > 0; left--) {
    text += integer(random, 0, 2) === 0 ? oneOf(random, letters) : oneOf(random, ['a', 'b', 'c']);
  }
  return text;
}
