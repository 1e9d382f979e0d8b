/**
 * What the checker makes of a program: every name known, every conversion explicit. The compiler turns each node
 * into a piece of JavaScript, and can do nothing wrong any more.
 */
import type { Token } from './token.ts';
import type { ValueType } from './value-type.ts';
import type { Variable } from './variables.ts';
import type { VmodFunction } from './vmod.ts';

/** `type` is what the value is; of texts, STRING. */
export type Checked = { readonly type: ValueType } & (
  | { readonly op: 'constant'; readonly value: string | number | boolean | undefined }
  | { readonly op: 'variable'; readonly variable: Variable }
  | { readonly op: 'header'; readonly message: string; readonly name: string }
  /** A field itself, for functions that take one. */
  | { readonly op: 'field'; readonly message: string; readonly name: string }
  | { readonly op: 'ip'; readonly address: string; readonly port: number }
  | { readonly op: 'acl'; readonly name: string }
  | { readonly op: 'regex'; readonly source: string; readonly token: Token }
  /** Several texts, one behind the other. */
  | { readonly op: 'concat'; readonly parts: readonly Checked[] }
  /** Text of something that is none. */
  | { readonly op: 'text'; readonly of: Checked }
  /** Whether something counts as true. */
  | { readonly op: 'truth'; readonly of: Checked }
  | { readonly op: 'not' | 'negative' | 'upper' | 'lower' | 'group' | 'resolve'; readonly of: Checked }
  | { readonly op: 'logic'; readonly operator: '&&' | '||'; readonly operands: readonly Checked[] }
  | {
      readonly op: 'arithmetic' | 'comparison';
      readonly operator: string;
      readonly left: Checked;
      readonly right: Checked;
    }
  | { readonly op: 'match'; readonly subject: Checked; readonly regex: Checked; readonly isNegated: boolean }
  | { readonly op: 'within'; readonly ip: Checked; readonly acl: string; readonly isNegated: boolean }
  | {
      readonly op: 'regsub';
      readonly all: boolean;
      readonly subject: Checked;
      readonly regex: Checked;
      readonly replacement: Checked;
    }
  | {
      readonly op: 'vmod';
      readonly function: VmodFunction;
      readonly instance: string | undefined;
      readonly args: readonly (Checked | undefined)[];
    }
);

export type CheckedStatement =
  | { readonly op: 'block'; readonly body: readonly CheckedStatement[] }
  | {
      readonly op: 'if';
      readonly branches: readonly {
        readonly condition: Checked;
        readonly body: readonly CheckedStatement[];
      }[];
      readonly otherwise: readonly CheckedStatement[] | undefined;
    }
  | { readonly op: 'set'; readonly variable: Variable; readonly operator: string; readonly value: Checked }
  | {
      readonly op: 'set-header';
      readonly message: string;
      readonly name: string;
      readonly operator: string;
      readonly value: Checked;
    }
  | { readonly op: 'ban'; readonly value: Checked }
  | { readonly op: 'unset'; readonly variable: Variable }
  | { readonly op: 'unset-header'; readonly message: string; readonly name: string }
  | { readonly op: 'call'; readonly sub: string }
  | {
      readonly op: 'return';
      readonly word: string | undefined;
      readonly args: readonly Checked[];
      /** Of `vcl`. */
      readonly label?: string;
    }
  | { readonly op: 'hash-data' | 'synthetic' | 'evaluate'; readonly value: Checked };

export interface Definition {
  readonly first: Token;
  readonly body: readonly CheckedStatement[];
}
