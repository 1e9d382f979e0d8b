/**
 * From text to tokens: vcl(7), with the rules of varnishd 7.1.1 for strings, numbers and comments. Cost: one pass.
 */
import { VclMistake } from './mistake.ts';
import type { VclSource } from './source.ts';
import { symbols, type Token, type TokenKind } from './token.ts';

/** RFC 8941 sections 3.3.1 and 3.3.2, which varnishd 7.1 enforces: digits of a whole number, and around a point. */
const MOST_INTEGER_DIGITS = 15;
const MOST_REAL_DIGITS = 12;
const MOST_DECIMALS = 3;

interface Delimited {
  readonly name: string;
  readonly open: string;
  readonly close: string;
  readonly mayBreak: boolean;
  readonly kind: TokenKind;
}

/** Those that begin with the same character: the longer one first. */
const delimited: readonly Delimited[] = [
  { name: 'long-string', open: '"""', close: '"""', mayBreak: true, kind: 'CSTR' },
  { name: 'long-string', open: '{"', close: '"}', mayBreak: true, kind: 'CSTR' },
  { name: 'string', open: '"', close: '"', mayBreak: false, kind: 'CSTR' },
  { name: 'inline C source', open: 'C{', close: '}C', mayBreak: true, kind: 'CSRC' },
];

const blank = /[\t\n\v\f\r ]+/y;
const lineComment = /(?:#|\/\/)[^\n]*/y;
const word = /[A-Za-z][A-Za-z0-9_-]*/y;
const digits = /([0-9]+)(?:\.([0-9]*))?/y;
const blob = /([A-Za-z0-9+/]*)(=*)/y;

/**
 * Reads a whole file.
 *
 * @returns its tokens, the last one EOI
 * @throws VclMistake the first thing that is no token
 */
export function lex(source: VclSource): Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  const token = (kind: TokenKind, start: number, end: number, inner?: string): Token => ({
    kind,
    source,
    start,
    end,
    text: inner ?? text.slice(start, end),
  });
  let at = 0;
  while (at < text.length) {
    const after = skip(blank, text, at) ?? skip(lineComment, text, at) ?? skipComment(source, at);
    if (after !== undefined) {
      at = after;
      continue;
    }
    const enclosed = delimited.find(({ open }) => text.startsWith(open, at));
    if (enclosed !== undefined) {
      const { open, close, kind } = enclosed;
      const end = endOf(enclosed, text, at + open.length);
      if (end < 0) {
        const start = token('EOI', at, at + open.length);
        throw new VclMistake(`Unterminated ${enclosed.name}, starting at`, start);
      }
      const inner = text.slice(at + open.length, end);
      tokens.push(token(kind, at, end + close.length, inner));
      at = end + close.length;
      continue;
    }
    const symbol = symbols.find((candidate) => text.startsWith(candidate, at));
    const end = symbol === undefined ? (skip(word, text, at) ?? at) : at + symbol.length;
    if (end > at) {
      tokens.push(token(symbol ?? 'ID', at, end));
      at = end;
      continue;
    }
    const next = text[at] === ':' ? blobAt(source, at) : numberAt(source, at);
    if (next === undefined) throw new VclMistake('Syntax error at', token('EOI', at, at + 1));
    tokens.push(next);
    at = next.end;
  }
  tokens.push(token('EOI', text.length, text.length));
  return tokens;
}

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function endOf({ close, mayBreak }: Delimited, text: string, from: number): number {
  const end = text.indexOf(close, from);
  if (end < 0 || mayBreak) return end;
  return /[\r\n]/.test(text.slice(from, end)) ? -1 : end;
}

function skipComment(source: VclSource, at: number): number | undefined {
  const { text } = source;
  if (!text.startsWith('/*', at)) return undefined;
  const mark = (start: number): Token => ({ kind: 'EOI', source, start, end: start + 2, text: '/*' });
  const end = text.indexOf('*/', at + 2);
  const inner = text.indexOf('/*', at + 2);
  if (inner >= 0 && (end < 0 || inner < end)) {
    throw new VclMistake('/* ... */ comment contains /*', mark(at), mark(at));
  }
  if (end < 0) throw new VclMistake('Unterminated /* ... */ comment, starting at', mark(at));
  return end + 2;
}

function numberAt(source: VclSource, start: number): Token | undefined {
  digits.lastIndex = start;
  const match = digits.exec(source.text);
  if (match === null) return undefined;
  const [text, whole = '', decimals] = match;
  const kind = decimals === undefined ? 'CNUM' : 'FNUM';
  const token: Token = { kind, source, start, end: start + text.length, text };
  if (decimals === undefined && whole.length > MOST_INTEGER_DIGITS) {
    throw new VclMistake('Too many digits for integer.', token);
  }
  if (decimals !== undefined && (whole.length > MOST_REAL_DIGITS || decimals.length > MOST_DECIMALS)) {
    throw new VclMistake('Too many digits for real.', token);
  }
  return token;
}

/** RFC 8941 section 3.3.5: base64 between colons. */
function blobAt(source: VclSource, start: number): Token {
  blob.lastIndex = start + 1;
  const [written = '', letters = '', padding = ''] = blob.exec(source.text) ?? [];
  const close = start + 1 + written.length;
  const token: Token = { kind: 'CBLOB', source, start, end: close + 1, text: letters + padding };
  const next = source.text[close] ?? '';
  const isClosed = next === ':';
  if (!isClosed && (next === '' || /\s/.test(next))) {
    throw new VclMistake('Missing colon at end of BLOB:', { ...token, end: start + 1 });
  }
  const isWhole = written.length % 4 === 0 && padding.length <= 2;
  if (isClosed && padding === '' && !isWhole) {
    throw new VclMistake('BLOB must have n*4 base64 characters', token);
  }
  if (padding !== '' && !(isClosed && isWhole)) throw new VclMistake("Wrong padding ('=') in BLOB:", token);
  // What the last letter has beyond whole bytes must be nothing.
  const isExact = Buffer.from(token.text, 'base64').toString('base64') === token.text;
  if (!isClosed || !isExact) throw new VclMistake('Illegal BLOB character:', token);
  return token;
}
