/** What is known of a sub while its program is checked: what it uses, calls and returns. */
import type { CheckedStatement, Definition } from './checked.ts';
import type { Method } from './methods.ts';
import type { HandleSymbol } from './symbols.ts';
import type { Token } from './token.ts';

export type UseKind = 'read' | 'write' | 'unset' | 'action';

/** A variable, a function or an action, where it stands. */
export interface Use {
  readonly kind: UseKind;
  readonly first: Token;
  readonly last: Token;
  /** Methods in which that is allowed, as bits. */
  readonly methods: number;
  /** Methods in which the variable can be read; of anything else, the same as `methods`. */
  readonly readable: number;
}

export interface SubRecord {
  readonly symbol: HandleSymbol;
  /** undefined: a sub that others call. */
  readonly method: Method | undefined;
  /** Of its name, where it is first defined; undefined: only the built-in VCL, or nobody, defines it. */
  name: Token | undefined;
  readonly definitions: Definition[];
  readonly uses: Use[];
  readonly calls: { readonly sub: HandleSymbol; readonly token: Token }[];
  /** Words returned, and where first. */
  readonly returns: Map<string, Token>;
}

export function newSubRecord(symbol: HandleSymbol, method: Method | undefined): SubRecord {
  return { symbol, method, name: undefined, definitions: [], uses: [], calls: [], returns: new Map() };
}

/** Whether a sub may end its caller's method, too. */
export function mayReturn(
  statements: readonly CheckedStatement[],
  ofSub: (name: string) => boolean,
): boolean {
  return statements.some((statement) => {
    switch (statement.op) {
      case 'return':
        return statement.word !== undefined;
      case 'call':
        return ofSub(statement.sub);
      case 'block':
        return mayReturn(statement.body, ofSub);
      case 'if':
        return (
          statement.branches.some(({ body }) => mayReturn(body, ofSub)) ||
          mayReturn(statement.otherwise ?? [], ofSub)
        );
      default:
        return false;
    }
  });
}
