/** Statements: what each may contain, and what it does. */
import { checkOperand, checkValue } from './check-expression.ts';
import { checkCall, methodOfNothing, notThere, type Scope, use } from './check-name.ts';
import type { Checked, CheckedStatement } from './checked.ts';
import { methodBits, returnWords } from './methods.ts';
import { type Mistakes, VclMistake } from './mistake.ts';
import { wrongKind } from './symbols.ts';
import type { Block, Expression, Name, Statement } from './syntax.ts';
import type { Token } from './token.ts';
import { assignableOf } from './value-type.ts';
import type { Variable } from './variables.ts';

export interface StatementScope extends Scope {
  readonly mistakes: Mistakes;
  /** Declares an object. @throws VclMistake */
  readonly declare: (statement: Extract<Statement, { kind: 'new' }>, scope: Scope) => void;
}

/** Where the actions may stand that may not stand everywhere. */
const actionMethods: Readonly<Record<string, number>> = {
  hash_data: methodBits('vcl_hash'),
  new: methodBits('vcl_init'),
  synthetic: methodBits('vcl_synth, vcl_backend_error'),
};

/** A statement with a mistake is left out, and the mistake taken down. */
export function checkBlock({ statements }: Block, scope: StatementScope): CheckedStatement[] {
  const checked: CheckedStatement[] = [];
  for (const statement of statements) {
    const result = scope.mistakes.guard('reading', () => checkStatement(statement, scope));
    if (result !== undefined) checked.push(...result);
  }
  return checked;
}

function checkStatement(statement: Statement, scope: StatementScope): CheckedStatement[] {
  switch (statement.kind) {
    case 'block':
      return [{ op: 'block', body: checkBlock(statement.body, scope) }];
    case 'if': {
      const branches = statement.branches.map(({ condition, body }) => {
        // What stands in its blocks is looked at even if a condition is wrong.
        const checked = scope.mistakes.guard('reading', () => checkValue(condition, 'BOOL', scope));
        return { condition: checked ?? alwaysTrue, body: checkBlock(body, scope) };
      });
      const { otherwise } = statement;
      return [
        { op: 'if', branches, otherwise: otherwise === undefined ? undefined : checkBlock(otherwise, scope) },
      ];
    }
    case 'set':
      return [checkSet(statement, scope)];
    case 'unset':
      return [checkUnset(statement.name, scope)];
    case 'call':
      return [checkSubCall(statement.target, scope)];
    case 'return':
      return [checkReturn(statement, scope)];
    case 'new':
      useAction(statement.first, scope);
      scope.declare(statement, scope);
      return [];
    case 'action': {
      const word = statement.first.text.toLowerCase();
      useAction(statement.first, scope);
      const value = checkValue(statement.argument, word === 'ban' ? 'STRING' : 'STRANDS', scope);
      if (word === 'ban') return [{ op: 'ban', value }];
      return [{ op: word === 'hash_data' ? 'hash-data' : 'synthetic', value }];
    }
    case 'expression':
      return [{ op: 'evaluate', value: checkEvaluated(statement.expression, scope) }];
    default:
      return statement satisfies never;
  }
}

const alwaysTrue: Checked = { op: 'constant', type: 'BOOL', value: true };

function useAction(word: Token, { sub }: Scope): void {
  const methods = actionMethods[word.text.toLowerCase()];
  if (methods === undefined) return;
  sub.uses.push({ kind: 'action', first: word, last: word, methods, readable: methods });
}

function checkSet(statement: Extract<Statement, { kind: 'set' }>, scope: Scope): CheckedStatement {
  const { name, operator } = statement;
  const { variable, header } = variableOf(name, scope);
  use('write', variable, name, scope);
  const want = assignableOf(variable.type, operator.kind);
  if (want === undefined) throw new VclMistake(`Expected '=' got '${operator.text}'`, operator);
  const value = checkValue(statement.value, want, scope);
  const sign = operator.kind;
  if (header !== undefined) return { op: 'set-header', ...header, operator: sign, value };
  if (variable.set === undefined && variable.writable !== 0) throw notThere(variable, name);
  return { op: 'set', variable, operator: sign, value };
}

function checkUnset(name: Name, scope: Scope): CheckedStatement {
  const { variable, header } = variableOf(name, scope);
  if (variable.unsettable === 0) throw new VclMistake('Variable cannot be unset.', name[0], name.at(-1));
  use('unset', variable, name, scope);
  return header === undefined ? { op: 'unset', variable } : { op: 'unset-header', ...header };
}

function variableOf(
  name: Name,
  { symbols }: Scope,
): { variable: Variable; header: { message: string; name: string } | undefined } {
  const found = symbols.find(name);
  if (found === undefined || found.length < name.length) throw symbols.notFound(name);
  const { symbol } = found;
  if (symbol.kind !== 'var' && symbol.kind !== 'headers') throw wrongKind(name, symbol, 'var');
  const { variable } = symbol;
  const field = symbol.kind === 'headers' ? name.at(-1) : undefined;
  return {
    variable,
    header: field === undefined ? undefined : { message: variable.message ?? '', name: field.text },
  };
}

function checkSubCall(target: Expression, { symbols, sub, value }: Scope): CheckedStatement {
  if (target.kind === 'name' && target.name.length === 1 && target.call === undefined) {
    const [token] = target.name;
    const known = symbols.get(token.text);
    if (known === undefined || known.kind === 'sub') {
      const symbol = symbols.refer(token, 'sub');
      sub.calls.push({ sub: symbol, token });
      return { op: 'call', sub: symbol.name };
    }
  }
  value(target, 'SUB');
  throw new VclMistake('Only subs can be called, by their names.', target.first, target.last);
}

function checkReturn(statement: Extract<Statement, { kind: 'return' }>, scope: Scope): CheckedStatement {
  const { action, first } = statement;
  const { sub } = scope;
  if (action === undefined) {
    if (sub.method === undefined) return { op: 'return', word: undefined, args: [] };
    throw new VclMistake("Expected '(' got ';'", first);
  }
  const { word, args } = action;
  const { text } = word;
  if (!returnWords.has(text)) throw new VclMistake('Expected return action name.', word);
  if (!sub.returns.has(text)) sub.returns.set(text, word);
  const wantsArguments = text === 'synth' || text === 'vcl';
  if (args === undefined) {
    if (wantsArguments) throw new VclMistake('Missing argument.', word);
    return { op: 'return', word: text, args: [] };
  }
  const [one, two, more] = args;
  if (text === 'vcl') return { op: 'return', word: text, args: [], label: checkLabel(args, scope) };
  if (one === undefined) throw new VclMistake('Missing argument.', word);
  const most = text === 'synth' || text === 'error' ? two : one;
  const extra = most === one ? two : more;
  const check = (): Checked[] => {
    switch (text) {
      case 'synth':
      case 'error':
        return [
          checkValue(one, 'INT', scope),
          ...(two === undefined ? [] : [checkValue(two, 'STRING', scope)]),
        ];
      case 'pass':
        return [checkValue(one, 'DURATION', scope)];
      case 'fail':
        return [checkValue(one, 'STRING', scope)];
      default:
        throw new VclMistake('Arguments not allowed.', word);
    }
  };
  const checked = check();
  if (extra !== undefined) throw new VclMistake("Expected ')' got ','", extra.first);
  return { op: 'return', word: text, args: checked };
}

function checkLabel([one, more]: readonly Expression[], { symbols }: Scope): string {
  if (one === undefined) throw new VclMistake('Missing argument.');
  const token = one.kind === 'name' && one.name.length === 1 ? one.name[0] : undefined;
  if (token === undefined) throw new VclMistake(`Expected ID got '${one.first.text}'`, one.first);
  if (more !== undefined) throw new VclMistake("Expected ')' got ','", more.first);
  return symbols.useLabel(token);
}

/** A function or a method, called for what it does. */
function checkEvaluated(expression: Expression, scope: Scope): Checked {
  const { first, last } = expression;
  if (expression.kind === 'name') {
    const { name, call } = expression;
    const found = scope.symbols.find(name);
    if (found === undefined) throw scope.symbols.notFound(name);
    const { symbol, length } = found;
    if (symbol.kind === 'func' && length === name.length) {
      return checkCall(symbol.function, undefined, name, call, last, scope);
    }
    if (symbol.kind === 'vmod') throw scope.symbols.notFound(name);
    if (symbol.kind === 'instance' && length < name.length) {
      return checkOperand(expression, 'INSTANCE', scope);
    }
    if (symbol.kind === 'object' && length < name.length) {
      throw methodOfNothing(symbol.name, name.slice(0, length));
    }
    if (symbol.kind === 'instance') throw new VclMistake("Expected '.' got ';'", last);
    throw new VclMistake('Symbol cannot be used here.', first, last);
  }
  throw new VclMistake('Symbol cannot be used here.', first, last);
}
