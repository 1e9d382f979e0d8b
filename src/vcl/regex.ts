/**
 * VCL's regular expressions: PCRE's, over bytes (texts are latin1), without Unicode. Each is matched by JavaScript's
 * own matcher where that finds the same and can be trusted with the text, and by a backtracking one that counts its
 * steps where not: see regex-risk.ts for what a pattern may cost at worst, and backtracker.ts for the limit. So one
 * match takes some milliseconds at most, whatever the pattern and the text.
 */
import { Backtracker } from './regex/backtracker.ts';
import { parseRegex } from './regex/parse-regex.ts';
import { type RegexNode, type RegexSyntax, some } from './regex/regex-node.ts';
import { compileRegexProgram, isForgetful } from './regex/regex-program.ts';
import { RegexMistake } from './regex/regex-reader.ts';
import { anchorOf, riskOf } from './regex/regex-risk.ts';
import { hasSameGroups, writeRegex } from './regex/write-regex.ts';

/** Tries that JavaScript's matcher may come to, at some ns each. */
const MOST_TRIES = 1024 * 1024;
/** The same where our own matcher can keep no memory, and so would come to its limit sooner. */
const MOST_FORGETFUL_TRIES = 16 * MOST_TRIES;
/** Bytes of text with which tries that double with each byte stay below that, and ways to begin are counted in. */
const LONGEST_DOUBLED = 12;

export interface RegexMatch {
  /** Of its first byte, and of the first behind it. */
  readonly start: number;
  readonly end: number;
  /** Of groups, the whole match first; undefined: they found nothing. */
  readonly texts: readonly (string | undefined)[];
}

/** @returns a sentence where the pattern is wrong, or has what Troupe has not */
export function mistakeInRegex(pattern: string): string | undefined {
  try {
    parseRegex(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof RegexMistake) return error.message;
    throw error;
  }
}

export class VclRegex {
  readonly #syntax: RegexSyntax;
  /** JavaScript's, for `test` and for `exec`; undefined: it does not find the same. */
  readonly #tester: RegExp | undefined;
  readonly #finder: RegExp | undefined;
  readonly #groups: readonly number[];
  /** Bytes of the longest text that JavaScript's matcher is trusted with. */
  readonly #longestTested: number;
  readonly #longestSearched: number;
  readonly #power: number;
  #backtracker: Backtracker | undefined;

  /** @param pattern one without a mistake */
  constructor(pattern: string) {
    const syntax = parseRegex(pattern);
    this.#syntax = syntax;
    const { root } = syntax;
    const written = writeRegex(syntax);
    const lead = written === undefined ? '' : leadOf(root);
    const isAnchored = anchorOf(root) !== undefined;
    this.#power = riskOf(root, isAnchored || lead !== '').power;
    const tries = some(root, isForgetful) ? MOST_FORGETFUL_TRIES : MOST_TRIES;
    this.#longestTested = longestFor(this.#power, tries);
    this.#longestSearched = longestFor(isAnchored || lead === '' ? this.#power : this.#power + 1, tries);
    this.#tester = written === undefined ? undefined : new RegExp(`${lead}(?:${written.source})`);
    this.#finder = written !== undefined && hasSameGroups(root) ? new RegExp(written.source, 'g') : undefined;
    this.#groups = written?.groups ?? [];
  }

  /** What a hostile text could make of it, if anything. */
  get warning(): string | undefined {
    if (this.#power < 3) return undefined;
    const growth =
      this.#power === Number.POSITIVE_INFINITY
        ? 'double with each byte of a hostile text, because a repeat in it can match the same text in several ways'
        : `grow with the length of a hostile text to the power of ${this.#power}, because ${this.#power} repeats can share the same text`;
    const bound = `A text of more than ${this.#longestTested} bytes is matched in a slower way, of a bounded number of steps.`;
    return `the tries of this pattern may ${growth}. ${bound}`;
  }

  /** Whether it matches anywhere. @throws MatchLimit */
  test(text: string): boolean {
    if (text.length <= this.#longestTested && this.#tester !== undefined) return this.#tester.test(text);
    return this.#matcher().exec(text) !== undefined;
  }

  /**
   * The first match from a place on.
   *
   * @param mayBeEmpty whether a match of nothing counts
   * @throws MatchLimit
   */
  exec(text: string, from = 0, mayBeEmpty = true): RegexMatch | undefined {
    const finder = text.length <= this.#longestSearched ? this.#finder : undefined;
    if (finder === undefined) return this.#found(text, from, mayBeEmpty);
    finder.lastIndex = from;
    const match = finder.exec(text);
    if (match === null) return undefined;
    // Another way to match here may use up something: JavaScript's matcher cannot be asked for it.
    if (match[0] === '' && !mayBeEmpty) return this.#found(text, from, false);
    const texts = this.#groups.map((group) => match[group]);
    return { start: match.index, end: match.index + match[0].length, texts };
  }

  #matcher(): Backtracker {
    this.#backtracker ??= new Backtracker(compileRegexProgram(this.#syntax));
    return this.#backtracker;
  }

  #found(text: string, from: number, mayBeEmpty: boolean): RegexMatch | undefined {
    const found = this.#matcher().exec(text, from, mayBeEmpty);
    if (found === undefined) return undefined;
    const texts = Array.from({ length: found.length / 2 }, (_, group) => {
      const [start = -1, end = -1] = found.subarray(2 * group, 2 * group + 2);
      return start < 0 || end < start ? undefined : text.slice(start, end);
    });
    return { start: found[0] ?? 0, end: found[1] ?? 0, texts };
  }
}

/** A pattern that begins with `.*` matches at the beginning of a line, if it does at all: no other need be tried. */
function leadOf(root: RegexNode): string {
  const first = root.kind === 'sequence' ? root.items[0] : root;
  if (first?.kind !== 'repeat' || first.least !== 0 || first.most !== Number.POSITIVE_INFINITY) return '';
  if (first.of.kind !== 'set' || some(root, ({ kind }) => kind === 'reference')) return '';
  const others = first.of.set.complement().ranges();
  if (others.length === 0) return '^';
  const [[low, high]] = others as [[number, number]];
  return others.length === 1 && low === 10 && high === 10 ? '(?:^|(?<=\\n))' : '';
}

function longestFor(power: number, tries: number): number {
  if (power <= 1) return Number.POSITIVE_INFINITY;
  if (power === Number.POSITIVE_INFINITY) return LONGEST_DOUBLED;
  // No Math.pow: it differs between versions of Node.
  let length = 1;
  while (raised(2 * length, power) <= tries) length *= 2;
  return length;
}

function raised(base: number, power: number): number {
  let result = 1;
  for (let i = 0; i < power; i++) result *= base;
  return result;
}
