/** Characters and classes of characters, as PCRE writes them: pcre2pattern(3), in its 8-bit form without UTF. */
import { ByteSet } from './byte-set.ts';
import { RegexMistake, type RegexReader, refused } from './regex-reader.ts';

const digit = ByteSet.from('0-9');
const word = ByteSet.from('0-9A-Za-z_');
const space = ByteSet.from('\t-\r ');
const horizontal = ByteSet.from('\t \xa0');
export const vertical = ByteSet.from('\n-\r\x85');
export const newline = ByteSet.of(10);

/** Sets that one letter stands for; the same in brackets, but for \N. */
export const shorthands: ReadonlyMap<string, ByteSet> = new Map([
  ['d', digit],
  ['D', digit.complement()],
  ['w', word],
  ['W', word.complement()],
  ['s', space],
  ['S', space.complement()],
  ['h', horizontal],
  ['H', horizontal.complement()],
  ['v', vertical],
  ['V', vertical.complement()],
]);

const posixClasses: ReadonlyMap<string, ByteSet> = new Map(
  Object.entries({
    alnum: '0-9A-Za-z',
    alpha: 'A-Za-z',
    ascii: '\x00-\x7f',
    blank: ' \t',
    cntrl: '\x00-\x1f\x7f',
    digit: '0-9',
    graph: '!-~',
    lower: 'a-z',
    print: ' -~',
    punct: '!-/:-@[-`{-~',
    space: '\t-\r ',
    upper: 'A-Z',
    word: '0-9A-Za-z_',
    xdigit: '0-9A-Fa-f',
  }).map(([name, text]) => [name, ByteSet.from(text)]),
);

const controls: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
]);

/** Of what is written as one character; the backslash is read. */
export function readCode(reader: RegexReader): number {
  const hex = reader.match(/x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))/y);
  if (hex?.[0] === 'x' && reader.sees('{')) {
    throw new RegexMistake('digits missing in \\x{} or \\o{} or \\N{U+}');
  }
  if (hex !== undefined) return byte(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16));
  const octal = reader.match(/o\{([0-7]+)\}|0[0-7]{0,2}|[1-7][0-7]{0,2}/y);
  if (octal !== undefined) return byte(Number.parseInt(octal[1] ?? octal[0], 8));
  const character = reader.next();
  if (character === 'c') {
    const control = reader.next();
    if (!/^[ -~]$/.test(control)) {
      throw new RegexMistake('\\c must be followed by a printable ASCII character');
    }
    return control.toUpperCase().charCodeAt(0) ^ 0x40;
  }
  const control = controls.get(character);
  if (control !== undefined) return control;
  if (/[A-Za-z]/.test(character)) throw new RegexMistake('unrecognized character follows \\');
  return character.charCodeAt(0);
}

function byte(code: number): number {
  if (code > 0xff) throw new RegexMistake('character code point value in \\x{} or \\o{} is too large');
  return code;
}

/** A class in brackets; the opening one is read. @param isExtended whether blanks and tabs in it are left out */
export function readClass(reader: RegexReader, ignoresCase: boolean, isExtended: boolean): ByteSet {
  const isNegated = reader.take('^');
  let set = ByteSet.none;
  let isFirst = true;
  for (;;) {
    if (reader.isAtEnd) throw new RegexMistake('missing terminating ] for character class');
    if (reader.take('\\E')) continue;
    if (!isFirst && reader.take(']')) break;
    if (reader.take('\\Q')) {
      set = set.union(ByteSet.of(...reader.quoted().map((character) => character.charCodeAt(0))));
      if (reader.isAtEnd) continue;
    } else if (!isExtended || reader.match(/[ \t]/y) === undefined) {
      set = set.union(readClassItem(reader, ignoresCase));
    } else {
      continue;
    }
    isFirst = false;
  }
  if (ignoresCase) set = set.anyCase();
  return isNegated ? set.complement() : set;
}

function readClassItem(reader: RegexReader, ignoresCase: boolean): ByteSet {
  const posix = readPosixClass(reader, ignoresCase);
  if (posix !== undefined) {
    expectNoRange(reader);
    return posix;
  }
  const low = readClassCharacter(reader);
  if (typeof low !== 'number') {
    expectNoRange(reader);
    return low;
  }
  if (!reader.sees('-') || reader.sees('-]')) return ByteSet.of(low);
  reader.take('-');
  if (reader.sees('[:') && posixAhead.test(reader.rest(64))) throw invalidRange();
  if (reader.isAtEnd) return ByteSet.of(low, 0x2d);
  const high = readClassCharacter(reader);
  if (typeof high !== 'number') throw invalidRange();
  if (high < low) throw new RegexMistake('range out of order in character class');
  return ByteSet.range(low, high);
}

function invalidRange(): RegexMistake {
  return new RegexMistake('invalid range in character class');
}

/** Behind a set, a hyphen is itself only where the class ends. */
function expectNoRange(reader: RegexReader): void {
  if (reader.sees('-') && !reader.sees('-]') && reader.rest(2).length === 2) throw invalidRange();
}

const posixAhead = /^\[([:.=])((?:[^\\\]:.=]|\\.)*)\1\]/;

function readPosixClass(reader: RegexReader, ignoresCase: boolean): ByteSet | undefined {
  const match = posixAhead.exec(reader.rest(64));
  if (match === null) return undefined;
  const [all, kind, written = ''] = match;
  if (kind !== ':') throw new RegexMistake('POSIX collating elements are not supported');
  reader.skip(all.length);
  const isNegated = written.startsWith('^');
  const name = isNegated ? written.slice(1) : written;
  const set = posixClasses.get(ignoresCase && (name === 'upper' || name === 'lower') ? 'alpha' : name);
  if (set === undefined) throw new RegexMistake('unknown POSIX class name');
  return isNegated ? set.complement() : set;
}

/** A character, or a whole set. */
function readClassCharacter(reader: RegexReader): number | ByteSet {
  const character = reader.next();
  if (character !== '\\') return character.charCodeAt(0);
  if (reader.isAtEnd) throw new RegexMistake('\\ at end of pattern');
  const kind = reader.rest(1);
  const set = shorthands.get(kind);
  if (set !== undefined) {
    reader.skip(1);
    return set;
  }
  if (reader.take('b')) return 8;
  if (kind === 'N') throw new RegexMistake('\\N is not supported in a class');
  if (kind === 'B' || kind === 'R' || kind === 'X') {
    throw new RegexMistake('escape sequence is invalid in character class');
  }
  if (kind === 'p' || kind === 'P') throw refused(`a Unicode property, \\${kind}`);
  return readCode(reader);
}
