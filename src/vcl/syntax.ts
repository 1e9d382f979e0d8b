/**
 * What the parser makes of tokens: declarations, statements and expressions as they are written, with the tokens
 * that mistakes will be shown at. No meaning yet: a name is a chain of words.
 */
import type { Token } from './token.ts';

/** `req.http."X-Foo"`: words, or quoted header names, joined by points. */
export type Name = readonly [Token, ...Token[]];

export interface Argument {
  /** Of `name = value`. */
  readonly name: Token | undefined;
  readonly value: Expression;
}

export interface Call {
  readonly open: Token;
  readonly args: readonly Argument[];
  readonly close: Token;
}

interface Spanned {
  readonly first: Token;
  readonly last: Token;
}

export type Expression = Spanned &
  (
    | { readonly kind: 'string'; readonly token: Token }
    | { readonly kind: 'blob'; readonly token: Token }
    | {
        readonly kind: 'number';
        readonly token: Token;
        readonly isNegative: boolean;
        readonly unit: Token | undefined;
      }
    | { readonly kind: 'name'; readonly name: Name; readonly call: Call | undefined }
    | {
        readonly kind: 'property';
        readonly of: Expression;
        readonly name: Token;
        readonly call: Call | undefined;
      }
    | { readonly kind: 'group'; readonly of: Expression }
    | { readonly kind: 'minus'; readonly of: Expression }
    | { readonly kind: 'not'; readonly of: Expression }
    | BinaryExpression
    | { readonly kind: 'logic'; readonly operator: Token; readonly operands: readonly Expression[] }
  );

export interface BinaryExpression extends Spanned {
  /** `product`: * / %. `sum`: + -. */
  readonly kind: 'product' | 'sum' | 'comparison';
  readonly operator: Token;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Branch {
  readonly condition: Expression;
  readonly body: Block;
}

export interface Block {
  readonly open: Token;
  readonly statements: readonly Statement[];
  readonly close: Token;
}

/** `first` is the word that it begins with. */
export type Statement = { readonly first: Token } & (
  | { readonly kind: 'block'; readonly body: Block }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Block | undefined }
  | { readonly kind: 'set'; readonly name: Name; readonly operator: Token; readonly value: Expression }
  | { readonly kind: 'unset'; readonly name: Name }
  | { readonly kind: 'call'; readonly target: Expression }
  | { readonly kind: 'return'; readonly action: ReturnAction | undefined }
  | { readonly kind: 'new'; readonly name: Token; readonly object: Expression }
  /** ban(), hash_data(), synthetic() */
  | { readonly kind: 'action'; readonly argument: Expression }
  /** A function or method, called for what it does. */
  | { readonly kind: 'expression'; readonly expression: Expression }
);

export interface ReturnAction {
  readonly word: Token;
  /** undefined: there are no parentheses. */
  readonly args: readonly Expression[] | undefined;
}

export type FieldValue =
  | { readonly kind: 'strings'; readonly tokens: readonly [Token, ...Token[]] }
  | { readonly kind: 'number'; readonly token: Token; readonly unit: Token | undefined }
  | { readonly kind: 'word'; readonly token: Token }
  | { readonly kind: 'blob'; readonly token: Token }
  | { readonly kind: 'fields'; readonly fields: readonly Field[] };

/** `.host = "127.0.0.1";` */
export interface Field {
  readonly name: Token;
  readonly value: FieldValue;
  /** What follows: varnishd shows some mistakes there. */
  readonly next: Token;
}

export interface AclEntry {
  readonly isNegated: boolean;
  /** In parentheses: ignored where it cannot be resolved. */
  readonly isOptional: boolean;
  readonly address: Token;
  readonly mask: Token | undefined;
}

/** `note`: what a comment says before it, where nobody wrote one. */
export type Declaration = { readonly first: Token; readonly note?: string } & (
  | { readonly kind: 'version'; readonly version: Token }
  | { readonly kind: 'sub'; readonly name: Token; readonly body: Block }
  | { readonly kind: 'backend'; readonly name: Token; readonly fields: readonly Field[] | undefined }
  | { readonly kind: 'probe'; readonly name: Token; readonly fields: readonly Field[] }
  | {
      readonly kind: 'acl';
      readonly name: Token;
      readonly flags: readonly Token[];
      readonly entries: readonly AclEntry[];
    }
  | {
      readonly kind: 'import';
      readonly module: Token;
      readonly alias: Token | undefined;
      readonly path: Token | undefined;
    }
);
