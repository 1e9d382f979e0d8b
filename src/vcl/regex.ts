/**
 * From PCRE, VCL's regular expressions, to JavaScript's. VCL matches bytes, and so do these: texts are latin1. What
 * JavaScript lacks is written out (case, dots, anchors, classes), what cannot be is refused by name.
 *
 * Atomic groups and possessive quantifiers become a lookahead, which is never tried anew, and a reference to what it
 * found. That takes numbers of groups, so the groups of the pattern may have other numbers than in PCRE.
 */

export interface TranslatedRegex {
  readonly source: string;
  /** By the number in PCRE, from 0: the number in JavaScript. */
  readonly groups: readonly number[];
  readonly isRisky: boolean;
}

interface Flags {
  readonly i: boolean;
  readonly s: boolean;
  readonly m: boolean;
  readonly x: boolean;
}

const noFlags: Flags = { i: false, s: false, m: false, x: false };

class RegexMistake extends Error {}

/** @returns a sentence where the pattern is wrong, or has no translation */
export function translateRegex(pattern: string): TranslatedRegex | string {
  const translation = new Translation(pattern);
  try {
    const translated = translation.run();
    // What is well-formed by the rules here must be so by JavaScript's.
    new RegExp(translated.source);
    return translated;
  } catch (error) {
    if (error instanceof RegexMistake || error instanceof SyntaxError) return error.message;
    throw error;
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Outside of brackets, and inside where they fit. */
const shorthands: Readonly<Record<string, readonly [inside: string, isNegated: boolean]>> = {
  d: ['0-9', false],
  D: ['0-9', true],
  w: ['0-9A-Za-z_', false],
  W: ['0-9A-Za-z_', true],
  s: ['\\t-\\r ', false],
  S: ['\\t-\\r ', true],
  h: ['\\t \\xa0', false],
  H: ['\\t \\xa0', true],
  v: ['\\n-\\r\\x85', false],
  V: ['\\n-\\r\\x85', true],
  N: ['\\n', true],
};

const controls: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** The most that a quantifier may say in PCRE. */
const MOST_REPEATS = 65_535;

class Translation {
  readonly #pattern: string;
  #at = 0;
  #groups: number[] = [0];
  #names = new Map<string, number>();
  /** Groups of JavaScript so far. */
  #count = 0;
  #depth = 0;
  #isRisky = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  run(): TranslatedRegex {
    const { source } = this.#alternatives(noFlags);
    if (this.#at < this.#pattern.length) throw new RegexMistake('unmatched closing parenthesis');
    // Numbers of groups are known only now: references may point forward.
    const resolved = source.replace(/\u0100(\w+)\u0101/g, (_all, reference: string) => {
      const number = /^\d/.test(reference) ? Number(reference) : this.#names.get(reference);
      const group = number === undefined ? undefined : this.#groups[number];
      if (group === undefined) throw new RegexMistake('reference to non-existent subpattern');
      return `(?:\\${group})`;
    });
    return { source: resolved, groups: this.#groups, isRisky: this.#isRisky };
  }

  /** Until a closing parenthesis, or the end. */
  #alternatives(given: Flags): { readonly source: string; readonly hasLoop: boolean } {
    if (++this.#depth > 200) throw new RegexMistake('parentheses are too deeply nested');
    let flags = given;
    let source = '';
    let hasLoop = false;
    while (this.#at < this.#pattern.length && this.#peek() !== ')') {
      if (this.#take('|')) {
        source += '|';
        continue;
      }
      if (flags.x && this.#skipBlank()) continue;
      const change = this.#flagChange(flags);
      if (change !== undefined) {
        flags = change;
        continue;
      }
      const item = this.#item(flags);
      const quantified = this.#quantified(item.source, item.isRepeatable, item.hasLoop);
      source += quantified.source;
      hasLoop ||= item.hasLoop || quantified.hasLoop;
    }
    this.#depth--;
    return { source, hasLoop };
  }

  #item(flags: Flags): {
    readonly source: string;
    readonly isRepeatable: boolean;
    readonly hasLoop: boolean;
  } {
    const item = (source: string, isRepeatable = true, hasLoop = false) => ({
      source,
      isRepeatable,
      hasLoop,
    });
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(flags);
      case '[':
        return item(this.#bracket(flags));
      case '\\':
        return this.#escape(flags);
      case '.':
        return item(flags.s ? '[^]' : '[^\\n]');
      case '^':
        return item(flags.m ? '(?:^|(?<=\\n))' : '^', false);
      case '$':
        return item(flags.m ? '(?=\\n|$)' : '(?=\\n?$)', false);
      case '*':
      case '+':
      case '?':
        throw new RegexMistake('quantifier does not follow a repeatable item');
      default:
        return item(literal(character.charCodeAt(0), flags));
    }
  }

  #quantified(
    item: string,
    isRepeatable: boolean,
    hasLoop: boolean,
  ): { readonly source: string; readonly hasLoop: boolean } {
    const match = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/.exec(this.#pattern.slice(this.#at, this.#at + 20));
    if (match === null) return { source: item, hasLoop: false };
    const [quantifier, low = '0', comma, high = ''] = match;
    if (Number(low) > MOST_REPEATS || Number(high) > MOST_REPEATS) {
      throw new RegexMistake('number too big in {} quantifier');
    }
    if (high !== '' && Number(high) < Number(low)) {
      throw new RegexMistake('numbers out of order in {} quantifier');
    }
    if (!isRepeatable) {
      // PCRE takes `^*`, which says nothing.
      item = `(?:${item})`;
    }
    this.#at += quantifier.length;
    const isLoop = quantifier === '*' || quantifier === '+' || (comma !== undefined && high === '');
    if (this.#take('+')) {
      return { source: this.#atomic(`${item}${quantifier}`), hasLoop: false };
    }
    if (isLoop && hasLoop) this.#isRisky = true;
    const lazy = this.#take('?') ? '?' : '';
    return { source: `${item}${quantifier}${lazy}`, hasLoop: isLoop };
  }

  #flagChange(flags: Flags): Flags | undefined {
    const match = /^\(\?(\^?)([imsx]*)(?:-([imsx]*))?\)/.exec(this.#pattern.slice(this.#at, this.#at + 20));
    if (match === null || match[0] === '(?)') return undefined;
    this.#at += match[0].length;
    return withFlags(match[1] === '^' ? noFlags : flags, match[2] ?? '', match[3] ?? '');
  }

  #group(flags: Flags): {
    readonly source: string;
    readonly isRepeatable: boolean;
    readonly hasLoop: boolean;
  } {
    if (this.#peek() === '*') throw refused('a verb, (*...)');
    if (!this.#take('?')) return this.#capture(flags, undefined);
    const opening = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(this.#pattern.slice(this.#at));
    if (opening !== null) {
      this.#at += opening[0].length;
      return this.#capture(flags, opening[1] ?? opening[2]);
    }
    for (const look of ['=', '!', '<=', '<!']) {
      if (!this.#take(look)) continue;
      const { source } = this.#closed(flags);
      return { source: `(?${look}${source})`, isRepeatable: false, hasLoop: false };
    }
    if (this.#take('>')) {
      return {
        source: this.#atomic('', () => this.#closed(flags).source),
        isRepeatable: true,
        hasLoop: false,
      };
    }
    if (this.#take('#')) {
      const end = this.#pattern.indexOf(')', this.#at);
      if (end < 0) throw new RegexMistake('missing ) after (?# comment');
      this.#at = end + 1;
      return { source: '', isRepeatable: false, hasLoop: false };
    }
    const named = /^P=(\w+)\)/.exec(this.#pattern.slice(this.#at));
    if (named !== null) {
      this.#at += named[0].length;
      return { source: reference(named[1] ?? ''), isRepeatable: true, hasLoop: false };
    }
    const scoped = /^(\^?)([imsx]*)(?:-([imsx]*))?:/.exec(this.#pattern.slice(this.#at));
    if (scoped !== null) {
      this.#at += scoped[0].length;
      const inner = withFlags(scoped[1] === '^' ? noFlags : flags, scoped[2] ?? '', scoped[3] ?? '');
      const { source, hasLoop } = this.#closed(inner);
      return { source: `(?:${source})`, isRepeatable: true, hasLoop };
    }
    const rest = this.#pattern.slice(this.#at, this.#at + 3);
    if (rest.startsWith('|')) throw refused('a branch reset, (?|...)');
    if (rest.startsWith('(')) throw refused('a conditional group, (?(...)...)');
    if (rest.startsWith('C')) throw refused('a callout, (?C)');
    if (/^(?:[R0-9&+-]|P>)/.test(rest)) throw refused('recursion, (?R) and its like');
    throw new RegexMistake('unrecognized character after (? or (?-');
  }

  #capture(
    flags: Flags,
    name: string | undefined,
  ): { readonly source: string; readonly isRepeatable: boolean; readonly hasLoop: boolean } {
    const number = this.#groups.length;
    this.#groups.push(++this.#count);
    if (name !== undefined) {
      if (this.#names.has(name)) throw new RegexMistake('two named subpatterns have the same name');
      this.#names.set(name, number);
    }
    const { source, hasLoop } = this.#closed(flags);
    return { source: `(${source})`, isRepeatable: true, hasLoop };
  }

  #closed(flags: Flags): { readonly source: string; readonly hasLoop: boolean } {
    const inner = this.#alternatives(flags);
    if (!this.#take(')')) throw new RegexMistake('missing closing parenthesis');
    return inner;
  }

  /** What is inside must get its number before the groups in it do, but the possessive is only seen behind it. */
  #atomic(done: string, read?: () => string): string {
    const number = ++this.#count;
    if (read !== undefined) return `(?:(?=(${read()}))\\${number})`;
    // Groups inside have lower numbers by their place in the source: the lookahead's opens before them.
    const inside = (done.match(/\((?!\?)/g) ?? []).length - (done.match(/\\\(/g) ?? []).length;
    if (inside > 0) throw refused('a possessive quantifier behind a capturing group');
    return `(?:(?=(${done}))\\${number})`;
  }

  #escape(flags: Flags): {
    readonly source: string;
    readonly isRepeatable: boolean;
    readonly hasLoop: boolean;
  } {
    const item = (source: string, isRepeatable = true) => ({ source, isRepeatable, hasLoop: false });
    if (this.#at >= this.#pattern.length) throw new RegexMistake('\\ at end of pattern');
    const character = this.#next();
    if (Object.hasOwn(shorthands, character)) {
      const [inside, isNegated] = shorthands[character] as readonly [string, boolean];
      return item(`[${isNegated ? '^' : ''}${inside}]`);
    }
    switch (character) {
      case 'A':
        return item('^', false);
      case 'z':
        return item('$', false);
      case 'Z':
        return item('(?=\\n?$)', false);
      case 'b':
      case 'B':
        return item(`\\${character}`, false);
      case 'R':
        return item('(?:\\r\\n|[\\n-\\r\\x85])');
      case 'C':
        return item('[^]');
      case 'Q': {
        const end = this.#pattern.indexOf('\\E', this.#at);
        const text = this.#pattern.slice(this.#at, end < 0 ? undefined : end);
        this.#at = end < 0 ? this.#pattern.length : end + 2;
        return item([...text].map((one) => literal(one.charCodeAt(0), flags)).join(''));
      }
      case 'E':
        return item('', false);
      case 'G':
        throw refused('\\G');
      case 'K':
        throw refused('\\K');
      case 'X':
        throw refused('\\X');
      case 'p':
      case 'P':
        throw refused(`a Unicode property, \\${character}`);
      case 'g':
      case 'k':
        return item(this.#namedReference());
      default:
        break;
    }
    if (/[1-9]/.test(character)) {
      const more = /^\d*/.exec(this.#pattern.slice(this.#at))?.[0] ?? '';
      const number = Number(character + more);
      // PCRE: below ten always a reference, above one only if there are so many groups; else octal.
      if (number < 10 || number < this.#groups.length) {
        this.#at += more.length;
        return item(reference(String(number)));
      }
    }
    this.#at--;
    return item(literal(this.#code(), flags));
  }

  #namedReference(): string {
    const match = /^(?:\{(-?\w+)\}|<(\w+)>|'(\w+)'|(\d+))/.exec(this.#pattern.slice(this.#at));
    if (match === null) throw refused('a call of a group, \\g<...>');
    this.#at += match[0].length;
    const name = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    return reference(name.startsWith('-') ? String(this.#groups.length + Number(name)) : name);
  }

  /** A character that is escaped; the backslash is read already. */
  #code(): number {
    const rest = this.#pattern.slice(this.#at);
    const hex = /^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))/.exec(rest);
    if (hex !== null) {
      this.#at += hex[0].length;
      return byte(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16));
    }
    const octal = /^(?:o\{([0-7]+)\}|([0-7]{1,3}))/.exec(rest);
    if (octal !== null) {
      this.#at += octal[0].length;
      return byte(Number.parseInt(octal[1] ?? octal[2] ?? '0', 8));
    }
    const character = this.#next();
    if (character === 'c') return this.#next().toUpperCase().charCodeAt(0) ^ 0x40;
    if (Object.hasOwn(controls, character)) return controls[character] as number;
    if (/[A-Za-z]/.test(character)) throw new RegexMistake('unrecognized character follows \\');
    return character.charCodeAt(0);
  }

  /** A class in brackets; the opening one is read. */
  #bracket(flags: Flags): string {
    const isNegated = this.#take('^');
    let inside = '';
    let isFirst = true;
    for (;;) {
      if (this.#at >= this.#pattern.length)
        throw new RegexMistake('missing terminating ] for character class');
      if (!isFirst && this.#take(']')) break;
      isFirst = false;
      inside += this.#classItem(flags);
    }
    return `[${isNegated ? '^' : ''}${inside}]`;
  }

  #classItem(flags: Flags): string {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#pattern.slice(this.#at));
    if (posix !== null) {
      this.#at += posix[0].length;
      const name = posix[2] ?? '';
      if (!Object.hasOwn(posixClasses, name)) throw new RegexMistake('unknown POSIX class name');
      const set = posixClasses[flags.i && (name === 'upper' || name === 'lower') ? 'alpha' : name] as string;
      return posix[1] === '^' ? complement(set) : set;
    }
    const low = this.#classCharacter();
    if (typeof low === 'string') return low;
    const isRange = this.#peek() === '-' && !['', ']'].includes(this.#pattern.charAt(this.#at + 1));
    if (!isRange) return classRange(low, low, flags);
    const mark = this.#at++;
    const high = this.#classCharacter();
    if (typeof high === 'string') {
      // `[a-\d]`: the hyphen is itself.
      this.#at = mark + 1;
      return `${classRange(low, low, flags)}\\-`;
    }
    if (high < low) throw new RegexMistake('range out of order in character class');
    return classRange(low, high, flags);
  }

  /** A character, or a whole set. */
  #classCharacter(): number | string {
    const character = this.#next();
    if (character !== '\\') return character.charCodeAt(0);
    const kind = this.#peek();
    if (Object.hasOwn(shorthands, kind) && kind !== 'N') {
      this.#at++;
      const [inside, isNegated] = shorthands[kind] as readonly [string, boolean];
      return isNegated ? complement(inside) : inside;
    }
    if (this.#take('b')) return 8;
    if (kind === 'p' || kind === 'P') throw refused(`a Unicode property, \\${kind}`);
    return this.#code();
  }

  #skipBlank(): boolean {
    const match = /^(?:\s+|#[^\n]*\n?)/.exec(this.#pattern.slice(this.#at));
    if (match === null) return false;
    this.#at += match[0].length;
    return true;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #next(): string {
    return this.#pattern.charAt(this.#at++);
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const changed: Record<string, boolean> = { ...flags };
  for (const flag of on) changed[flag] = true;
  for (const flag of off) changed[flag] = false;
  return changed as unknown as Flags;
}

/** To be replaced when all groups are known. */
function reference(name: string): string {
  return `\u0100${name}\u0101`;
}

function literal(code: number, { i }: Flags): string {
  const letter = String.fromCharCode(code);
  if (i && /[A-Za-z]/.test(letter)) return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
  return escaped(code);
}

function escaped(code: number): string {
  const text = String.fromCharCode(code);
  return /[\w ]/.test(text) ? text : `\\x${code.toString(16).padStart(2, '0')}`;
}

function classRange(low: number, high: number, { i }: Flags): string {
  const range = low === high ? escaped(low) : `${escaped(low)}-${escaped(high)}`;
  if (!i) return range;
  let both = range;
  for (const [from, to, shift] of [
    [0x41, 0x5a, 0x20],
    [0x61, 0x7a, -0x20],
  ] as const) {
    const first = Math.max(low, from);
    const last = Math.min(high, to);
    if (first <= last) both += `${escaped(first + shift)}-${escaped(last + shift)}`;
  }
  return both;
}

/** Everything that a set leaves out, as ranges. */
function complement(inside: string): string {
  const set = new RegExp(`[${inside}]`);
  let ranges = '';
  for (let code = 0; code < 256; code++) {
    if (set.test(String.fromCharCode(code))) continue;
    const start = code;
    while (code < 255 && !set.test(String.fromCharCode(code + 1))) code++;
    ranges += `${escaped(start)}-${escaped(code)}`;
  }
  return ranges;
}

function byte(code: number): number {
  if (code > 0xff) throw new RegexMistake('character code point value in \\x{} or \\o{} is too large');
  return code;
}

function refused(what: string): RegexMistake {
  return new RegexMistake(`Troupe cannot match ${what}`);
}
