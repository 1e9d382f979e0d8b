/**
 * fnmatch(3), over bytes. Cost: at most the pattern's length times the subject's, because only the last `*` is ever
 * tried anew: what stands in front of it has matched as early as it can.
 */

interface FnmatchFlags {
  /** Wildcards do not match a slash. */
  readonly pathname: boolean;
  /** A backslash is itself. */
  readonly noescape: boolean;
  /** Wildcards do not match a point at the beginning. */
  readonly period: boolean;
}

/** What matches one byte, or any number of them. */
type Piece =
  | { readonly kind: 'star' }
  | { readonly kind: 'one'; readonly isWild: boolean; has(byte: string): boolean };

/** Patterns may be made of requests: no more than so many are kept. */
const MOST_READ = 1_000;
const read = new Map<string, readonly Piece[]>();

export function fnmatch(
  pattern: string,
  subject: string,
  { pathname, noescape, period }: FnmatchFlags,
): boolean {
  const pieces = piecesOf(pattern, noescape);
  const isHidden = (at: number) =>
    period && subject[at] === '.' && (at === 0 || (pathname && subject[at - 1] === '/'));
  const isBarred = (at: number) => (pathname && subject[at] === '/') || isHidden(at);
  let piece = 0;
  let at = 0;
  /** Of the last star: what comes behind it, and where that was tried last. */
  let star: { readonly behind: number; at: number } | undefined;
  while (at < subject.length || piece < pieces.length) {
    const current = pieces[piece];
    if (current?.kind === 'star') {
      if (at < subject.length && isHidden(at)) return false;
      star = { behind: ++piece, at };
    } else if (current !== undefined && at < subject.length && fits(current, subject, at, isBarred)) {
      piece++;
      at++;
    } else {
      if (star === undefined || star.at >= subject.length || (pathname && subject[star.at] === '/'))
        return false;
      star.at++;
      piece = star.behind;
      at = star.at;
    }
  }
  return true;
}

function fits(
  { isWild, has }: Extract<Piece, { kind: 'one' }>,
  subject: string,
  at: number,
  isBarred: (at: number) => boolean,
): boolean {
  return has(subject.charAt(at)) && !(isWild && isBarred(at));
}

function piecesOf(pattern: string, noescape: boolean): readonly Piece[] {
  const key = `${Number(noescape)}${pattern}`;
  let pieces = read.get(key);
  if (pieces === undefined) {
    if (read.size >= MOST_READ) read.clear();
    pieces = readPieces(pattern, noescape);
    read.set(key, pieces);
  }
  return pieces;
}

function readPieces(pattern: string, noescape: boolean): Piece[] {
  const pieces: Piece[] = [];
  const literal = (byte: string): Piece => ({ kind: 'one', isWild: false, has: (other) => other === byte });
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '*') pieces.push({ kind: 'star' });
    else if (character === '?') pieces.push({ kind: 'one', isWild: true, has: () => true });
    else if (character === '\\' && !noescape) {
      // A pattern that ends with it matches nothing.
      at++;
      pieces.push(literal(at < pattern.length ? pattern.charAt(at) : ''));
    } else {
      const set = character === '[' ? readSet(pattern, at, noescape) : undefined;
      pieces.push(set === undefined ? literal(character) : { kind: 'one', isWild: true, has: set.has });
      if (set !== undefined) at = set.end;
    }
  }
  return pieces;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[^ -~\x80-\xff]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t-\r ]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** @returns undefined: no bracket closes it, so it is a character */
function readSet(
  pattern: string,
  start: number,
  noescape: boolean,
): { readonly end: number; has(byte: string): boolean } | undefined {
  let at = start + 1;
  const isNegated = pattern[at] === '!' || pattern[at] === '^';
  if (isNegated) at++;
  const first = at;
  const tests: ((byte: string) => boolean)[] = [];
  for (; at < pattern.length; at++) {
    if (pattern[at] === ']' && at > first) {
      return { end: at, has: (byte) => tests.some((test) => test(byte)) !== isNegated };
    }
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12));
    const set = named?.[1] === undefined ? undefined : classes[named[1]];
    if (named !== null && set !== undefined) {
      tests.push((byte) => set.test(byte));
      at += named[0].length - 1;
      continue;
    }
    if (pattern[at] === '\\' && !noescape) at++;
    const low = pattern.charAt(at);
    let high = low;
    if (pattern[at + 1] === '-' && pattern[at + 2] !== ']' && at + 2 < pattern.length) {
      at += 2;
      if (pattern[at] === '\\' && !noescape) at++;
      high = pattern.charAt(at);
    }
    tests.push((byte) => low <= byte && byte <= high);
  }
  return undefined;
}
