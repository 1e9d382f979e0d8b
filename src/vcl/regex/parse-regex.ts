/**
 * Reads PCRE patterns, as PCRE2 10.42 does without options and without UTF: pcre2pattern(3). What can be written in
 * several ways (flags, classes, cases) comes out in one. What Troupe has not is refused by name.
 */
import { ByteSet } from './byte-set.ts';
import { newline, readClass, readCode, shorthands, vertical } from './parse-class.ts';
import { type Assertion, lengthOf, type RegexNode, type RegexSyntax, sequence, some } from './regex-node.ts';
import { RegexMistake, RegexReader, refused } from './regex-reader.ts';

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly n: boolean;
  readonly s: boolean;
  readonly x: boolean;
  readonly xx: boolean;
  readonly J: boolean;
  readonly U: boolean;
}

const noFlags: Flags = { i: false, m: false, n: false, s: false, x: false, xx: false, J: false, U: false };

/** The most that a quantifier may say, and groups that may stand in each other: PCRE2's limits. */
const MOST_REPEATS = 65_535;
const DEEPEST = 250;
/** Places that a pattern may come to when its repeats are written out; PCRE2 stops at some 64 KB, too. */
const MOST_PLACES = 50_000;

const assertions: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'start'],
  ['z', 'end'],
  ['Z', 'last-line-end'],
  ['b', 'boundary'],
  ['B', 'no-boundary'],
  ['G', 'search-start'],
]);

/** A reference as it is written: known groups are told only at the end. */
type Pending = RegexNode & { kind: 'reference' } & { number: number; name?: string };

/** @throws RegexMistake */
export function parseRegex(pattern: string): RegexSyntax {
  return new Parser(pattern).run();
}

class Parser {
  readonly #reader: RegexReader;
  readonly #names = new Map<string, number>();
  readonly #references: Pending[] = [];
  #groups = 0;
  #depth = 0;
  #looks = 0;

  constructor(pattern: string) {
    this.#reader = new RegexReader(pattern);
  }

  run(): RegexSyntax {
    if (this.#reader.sees('(*')) throw refused('a verb, (*...)');
    const root = this.#alternatives(noFlags);
    if (!this.#reader.isAtEnd) throw new RegexMistake('unmatched closing parenthesis');
    for (const reference of this.#references) {
      const number = reference.name === undefined ? reference.number : (this.#names.get(reference.name) ?? 0);
      if (number < 1 || number > this.#groups) {
        throw new RegexMistake('reference to non-existent subpattern');
      }
      reference.number = number;
    }
    expectFixedBehind(root);
    if (sizeOf(root) > MOST_PLACES) throw new RegexMistake('regular expression is too large');
    return { root, groups: this.#groups };
  }

  /** Until a closing parenthesis, or the end. */
  #alternatives(given: Flags): RegexNode {
    if (++this.#depth > DEEPEST) throw new RegexMistake('parentheses are too deeply nested');
    const reader = this.#reader;
    let flags = given;
    const options: RegexNode[] = [];
    let items: RegexNode[] = [];
    /** Whether the last item may be repeated. */
    let isRepeatable = false;
    while (!reader.isAtEnd && !reader.sees(')')) {
      if (reader.take('|')) {
        options.push(sequence(items));
        items = [];
        isRepeatable = false;
        continue;
      }
      // What says nothing does not come between an item and what repeats it.
      if (reader.take('\\E') || this.#comment() || (flags.x && reader.match(/[\t-\r ]+|#[^\n]*\n?/y)))
        continue;
      const quantifier = reader.match(/[*+?]|\{(\d+)(?:(,)(\d*))?\}/y);
      if (quantifier !== undefined) {
        const last = items.pop();
        if (last === undefined || !isRepeatable) {
          throw new RegexMistake('quantifier does not follow a repeatable item');
        }
        items.push(this.#repeated(last, quantifier, flags));
        isRepeatable = false;
        continue;
      }
      if (reader.take('\\Q')) {
        for (const character of reader.quoted()) {
          items.push(literal(character.charCodeAt(0), flags));
          isRepeatable = true;
        }
        continue;
      }
      const change = this.#flagChange(flags);
      if (change !== undefined) {
        flags = change;
        isRepeatable = false;
        continue;
      }
      const isGroup = reader.sees('(');
      const item = this.#item(flags);
      items.push(item);
      isRepeatable = isGroup || (item.kind !== 'keep' && item.kind !== 'assertion');
    }
    this.#depth--;
    options.push(sequence(items));
    return options.length === 1 ? (options[0] as RegexNode) : { kind: 'choice', options };
  }

  #item(flags: Flags): RegexNode {
    const reader = this.#reader;
    const character = reader.next();
    switch (character) {
      case '(':
        return this.#group(flags);
      case '[': {
        if (/^\[[:.=](?:[^\\\]:.=]|\\.)*[:.=]\]/.test(`[${reader.rest(64)}`)) {
          throw new RegexMistake('POSIX named classes are supported only within a class');
        }
        const border = reader.match(/\[:([<>]):\]\]/y);
        if (border !== undefined) return wordBorder(border[1] === '>');
        return { kind: 'set', set: readClass(reader, flags.i, flags.xx) };
      }
      case '\\':
        return this.#escape(flags);
      case '.':
        return { kind: 'set', set: flags.s ? ByteSet.all : newline.complement() };
      case '^':
        return { kind: 'assertion', what: flags.m ? 'line-start' : 'start' };
      case '$':
        return { kind: 'assertion', what: flags.m ? 'line-end' : 'last-line-end' };
      default:
        return literal(character.charCodeAt(0), flags);
    }
  }

  #repeated(of: RegexNode, [text, low = '', comma, high = '']: RegExpExecArray, flags: Flags): RegexNode {
    let least = text === '+' ? 1 : 0;
    let most = text === '?' ? 1 : Number.POSITIVE_INFINITY;
    if (text.startsWith('{')) {
      least = Number(low);
      if (comma === undefined) most = least;
      else if (high !== '') most = Number(high);
      if (least > MOST_REPEATS || (most > MOST_REPEATS && high !== '')) {
        throw new RegexMistake('number too big in {} quantifier');
      }
      if (most < least) throw new RegexMistake('numbers out of order in {} quantifier');
    }
    const isPossessive = this.#reader.take('+');
    const isLazy = (!isPossessive && this.#reader.take('?')) !== flags.U;
    // A look says the same however often it is said.
    if (of.kind === 'look') [least, most] = [Math.min(1, least), Math.min(1, most)];
    const repeat: RegexNode = { kind: 'repeat', of, least, most, isLazy: isLazy && !isPossessive };
    return isPossessive ? { kind: 'atomic', of: repeat } : repeat;
  }

  #comment(): boolean {
    if (!this.#reader.take('(?#')) return false;
    if (this.#reader.match(/[^)]*\)/y) === undefined) throw new RegexMistake('missing ) after (?# comment');
    return true;
  }

  #flagChange(flags: Flags): Flags | undefined {
    const match = this.#reader.match(/\(\?(\^?)([imsnxJU]*)(?:-([imsnxJU]*))?\)/y);
    return match === undefined ? undefined : changed(flags, match);
  }

  #group(flags: Flags): RegexNode {
    const reader = this.#reader;
    if (reader.sees('*')) throw refused('a verb, (*...)');
    if (!reader.take('?')) return flags.n ? this.#closed(flags) : this.#capture(flags, undefined);
    const named = reader.match(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y);
    if (named !== undefined) return this.#capture(flags, named[1] ?? named[2]);
    const look = reader.match(/(<?)([=!])/y);
    if (look !== undefined) {
      const isBehind = look[1] === '<';
      const isNegated = look[2] === '!';
      this.#looks++;
      const of = this.#closed(flags);
      this.#looks--;
      return { kind: 'look', isBehind, isNegated, of };
    }
    if (reader.take('>')) return { kind: 'atomic', of: this.#closed(flags) };
    const reference = reader.match(/P=(\w+)\)/y);
    if (reference !== undefined) return this.#reference(reference[1] ?? '', flags);
    const scoped = reader.match(/(\^?)([imsnxJU]*)(?:-([imsnxJU]*))?:/y);
    if (scoped !== undefined) return this.#closed(changed(flags, scoped));
    const rest = reader.rest(3);
    if (rest.startsWith('|')) throw refused('a branch reset, (?|...)');
    if (rest.startsWith('(')) throw refused('a conditional group, (?(...)...)');
    if (rest.startsWith('C')) throw refused('a callout, (?C)');
    if (/^(?:R|[0-9&+]|-\d|P>)/.test(rest)) throw refused('recursion, (?R) and its like');
    if (/^(?:\*|<\*)/.test(rest)) throw refused('a non-atomic assertion, (?*...)');
    throw new RegexMistake('unrecognized character after (? or (?-');
  }

  #capture(flags: Flags, name: string | undefined): RegexNode {
    const number = ++this.#groups;
    if (name !== undefined) {
      const known = this.#names.get(name);
      if (name.length > 32) throw new RegexMistake('subpattern name is too long (maximum 32 code units)');
      if (known !== undefined && !flags.J) {
        throw new RegexMistake('two named subpatterns have the same name (PCRE2_DUPNAMES not set)');
      }
      if (known !== undefined) throw refused('several groups of one name, (?J)');
      this.#names.set(name, number);
    }
    return { kind: 'capture', number, of: this.#closed(flags) };
  }

  #closed(flags: Flags): RegexNode {
    const inner = this.#alternatives(flags);
    if (!this.#reader.take(')')) throw new RegexMistake('missing closing parenthesis');
    return inner;
  }

  #escape(flags: Flags): RegexNode {
    const reader = this.#reader;
    if (reader.isAtEnd) throw new RegexMistake('\\ at end of pattern');
    const character = reader.rest(1);
    const set = shorthands.get(character);
    const what = assertions.get(character);
    if (set !== undefined || what !== undefined) reader.skip(1);
    if (set !== undefined) return { kind: 'set', set };
    if (what !== undefined) return { kind: 'assertion', what };
    if (reader.match(/N(?!\{)/y)) return { kind: 'set', set: newline.complement() };
    if (reader.take('R')) return lineEnd;
    if (reader.take('K')) {
      if (this.#looks > 0) {
        throw new RegexMistake(
          '\\K is not allowed in lookarounds (but see PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK)',
        );
      }
      return { kind: 'keep' };
    }
    if (reader.take('C')) return { kind: 'set', set: ByteSet.all };
    if (character === 'X' || character === 'N') throw refused(`\\${character}`);
    if (character === 'p' || character === 'P') throw refused(`a Unicode property, \\${character}`);
    const named = reader.match(
      /g\{?(-?\d+)\}?|[gk]\{([A-Za-z_]\w*)\}|k(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/y,
    );
    if (named !== undefined) {
      const [, number, ...names] = named;
      if (number === undefined) return this.#reference(names.find((name) => name !== undefined) ?? '', flags);
      return this.#reference(
        number.startsWith('-') ? this.#groups + 1 + Number(number) : Number(number),
        flags,
      );
    }
    if (character === 'g') throw refused('a call of a group, \\g<...>');
    // PCRE: below ten always a reference, above only if there are so many groups already; else octal.
    const digits = /^[1-9]\d*/.exec(reader.rest(6))?.[0];
    if (digits !== undefined && (Number(digits) < 10 || Number(digits) <= this.#groups)) {
      reader.skip(digits.length);
      return this.#reference(Number(digits), flags);
    }
    return literal(readCode(reader), flags);
  }

  #reference(group: string | number, flags: Flags): RegexNode {
    const number = typeof group === 'number' ? group : 0;
    const name = typeof group === 'string' ? { name: group } : {};
    const reference: Pending = { kind: 'reference', number, ignoresCase: flags.i, ...name };
    this.#references.push(reference);
    return reference;
  }
}

/** \R: never parted once it has matched. */
const lineEnd: RegexNode = {
  kind: 'atomic',
  of: {
    kind: 'choice',
    options: [
      sequence([
        { kind: 'set', set: ByteSet.of(13) },
        { kind: 'set', set: ByteSet.of(10) },
      ]),
      { kind: 'set', set: vertical },
    ],
  },
};

/** [[:<:]] and [[:>:]]: where a word begins, and where it ends. */
function wordBorder(isBehind: boolean): RegexNode {
  const of: RegexNode = { kind: 'set', set: shorthands.get('w') ?? ByteSet.none };
  return sequence([
    { kind: 'assertion', what: 'boundary' },
    { kind: 'look', isBehind, isNegated: false, of },
  ]);
}

function literal(code: number, { i }: Flags): RegexNode {
  const set = ByteSet.byte(code);
  return { kind: 'set', set: i ? set.anyCase() : set };
}

function changed(flags: Flags, [, reset, on = '', off = '']: RegExpExecArray): Flags {
  const next: Record<keyof Flags, boolean> =
    reset === '^' ? { ...noFlags, J: flags.J, U: flags.U } : { ...flags };
  if (on.includes('x')) next.xx = on.includes('xx');
  if (off.includes('x')) next.xx = false;
  for (const flag of on) next[flag as keyof Flags] = true;
  for (const flag of off) next[flag as keyof Flags] = false;
  return next;
}

/** What is looked at behind a place must be as long as its alternative says: PCRE2 goes back before it looks. */
function expectFixedBehind(root: RegexNode): void {
  const isWrong = (node: RegexNode) => {
    if (node.kind !== 'look' || !node.isBehind) return false;
    const options = node.of.kind === 'choice' ? node.of.options : [node.of];
    return options.some((option) => lengthOf(option) === undefined);
  };
  if (some(root, isWrong)) throw new RegexMistake('lookbehind assertion is not fixed length');
}

/** Places, with repeats written out. */
function sizeOf(node: RegexNode): number {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce((sum, item) => sum + sizeOf(item), 0);
    case 'choice':
      return node.options.reduce((sum, option) => sum + sizeOf(option) + 2, 0);
    case 'repeat':
      return (
        (sizeOf(node.of) + 1) *
        Math.max(1, node.most === Number.POSITIVE_INFINITY ? node.least + 1 : node.most)
      );
    case 'capture':
    case 'atomic':
    case 'look':
      return sizeOf(node.of) + 2;
    default:
      return 1;
  }
}
