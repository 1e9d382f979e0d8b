/** The words that VCL is made of, with varnishd's names for them, which its error messages use. */
import type { VclSource } from './source.ts';

export type TokenKind = 'ID' | 'CNUM' | 'FNUM' | 'CSTR' | 'CSRC' | 'CBLOB' | 'EOI' | (typeof symbols)[number];

/** Longest first, so that the first one that fits is the one that is meant. */
export const symbols = [
  ...(['++', '--', '&&', '||', '<=', '==', '!=', '>=', '>>', '<<', '+=', '-=', '*=', '/=', '!~'] as const),
  ...([
    '{',
    '}',
    '(',
    ')',
    '*',
    '+',
    '-',
    '/',
    '%',
    '>',
    '<',
    '=',
    ';',
    '!',
    '&',
    '.',
    '|',
    '~',
    ',',
  ] as const),
] as const;

export interface Token {
  readonly kind: TokenKind;
  readonly source: VclSource;
  /** Offsets into the source; the end is the first character behind it. */
  readonly start: number;
  readonly end: number;
  /** As written; of a string, what is between its delimiters. */
  readonly text: string;
}

/** As varnishd names a token in a message. */
export function tokenName({ kind, source, start, end }: Token): string {
  if (kind === 'EOI') return 'end of input';
  if (kind === 'CSRC') return 'C{ ... }C';
  return `'${source.text.slice(start, end)}'`;
}

/** As varnishd names a kind of token. */
export function kindName(kind: TokenKind): string {
  return /^[A-Z]/.test(kind) ? kind : `'${kind}'`;
}
