/**
 * What Varnish 3's programs have besides Varnish 4's. Statements have no kinds of their own: `error 404 "x";` is read
 * as a `return` of the word `error` with arguments, and so on; what they mean is the translation's business.
 */
import type { CommonDeclaration } from '../parser.ts';
import type { Field } from '../syntax.ts';
import type { Token } from '../token.ts';

export interface DirectorMember {
  /** Its brace. */
  readonly first: Token;
  readonly fields: readonly Field[];
}

/** `director app round-robin { { .backend = b1; } }` */
export interface DirectorDeclaration {
  readonly kind: 'director';
  readonly first: Token;
  readonly name: Token;
  readonly policy: Token;
  readonly options: readonly Field[];
  readonly members: readonly DirectorMember[];
}

export type OldDeclaration = CommonDeclaration | DirectorDeclaration;

export type SubDeclaration = Extract<OldDeclaration, { readonly kind: 'sub' }>;
