/** Names in expressions: variables, what a program defines, functions and methods of vmods, regsub and constants. */
import { checkArguments } from './check-arguments.ts';
import type { Checked } from './checked.ts';
import { everywhere } from './methods.ts';
import { VclMistake } from './mistake.ts';
import type { SubRecord } from './sub-record.ts';
import { chainOf, type Found, type HandleKind, kindOf, type Symbols, type VclSymbol } from './symbols.ts';
import type { Call, Expression, Name } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import type { ValueType } from './value-type.ts';
import type { Variable } from './variables.ts';
import type { VmodFunction } from './vmod.ts';

/** What an expression can see. */
export interface Scope {
  readonly symbols: Symbols;
  /** The sub that it stands in. */
  readonly sub: SubRecord;
  /** Checks an argument. @throws VclMistake */
  readonly value: (node: Expression, want: ValueType) => Checked;
}

const handleTypes: Partial<Record<ValueType, HandleKind>> = {
  ACL: 'acl',
  BACKEND: 'backend',
  PROBE: 'probe',
  SUB: 'sub',
};

/** @throws VclMistake */
export function checkName(
  name: Name,
  call: Call | undefined,
  node: Expression,
  want: ValueType,
  scope: Scope,
): Checked {
  const found = scope.symbols.find(name);
  if (found === undefined) {
    const kind = handleTypes[want];
    if (kind === undefined || name.length > 1) throw scope.symbols.notFound(name);
    return checkHandle(kind, name[0], call, want, scope);
  }
  const { length } = found;
  // Of a chain, the call belongs to its last word.
  const ownCall = length === name.length ? call : undefined;
  const e = checkSymbol(found, name, ownCall, node, want, scope);
  return name.slice(length).reduce((of, property, index) => {
    const isLast = length + index === name.length - 1;
    return checkProperty(of, property, isLast ? call : undefined, scope);
  }, e);
}

function checkSymbol(
  { symbol, length }: Found,
  name: Name,
  call: Call | undefined,
  node: Expression,
  want: ValueType,
  scope: Scope,
): Checked {
  const words = name.slice(0, length);
  const [first] = name;
  switch (symbol.kind) {
    case 'var':
      refuseCall(call);
      return checkVariable(symbol.variable, words, scope);
    case 'headers': {
      refuseCall(call);
      const field = name[2] as Token;
      use('read', symbol.variable, words, scope);
      const header = { message: symbol.variable.message ?? '', name: field.text };
      return want === 'HEADER'
        ? { op: 'field', type: 'HEADER', ...header }
        : { op: 'header', type: 'STRING', ...header };
    }
    case 'acl':
    case 'backend':
    case 'probe':
    case 'sub':
      return checkHandle(symbol.kind, first, call, want, scope);
    case 'func': {
      if (symbol.function.signature.returns === 'VOID') {
        throw new VclMistake('Function returns VOID:', first, words.at(-1));
      }
      return checkCall(symbol.function, undefined, words, call, node.last, scope);
    }
    case 'instance':
      if (length === name.length) {
        return { op: 'constant', type: 'INSTANCE', value: symbol.name };
      }
      return { op: 'constant', type: 'INSTANCE', value: symbol.name };
    case 'builtin':
      return checkBuiltin(symbol, first, call, node.last, want, scope);
    case 'vmod':
      if (name.length > 1) throw scope.symbols.notFound(name);
      throw notInExpression(symbol, words);
    case 'object':
      throw length < name.length ? methodOfNothing(symbol.name, words) : notInExpression(symbol, words);
    case 'action':
    case 'reserved':
      throw notInExpression(symbol, words);
    default:
      return symbol satisfies never;
  }
}

function notInExpression(symbol: VclSymbol, words: readonly Token[]): VclMistake {
  const message = `Symbol '${chainOf(words)}' type (${kindOf(symbol)}) can not be used in expression.`;
  return new VclMistake(message, words[0], words.at(-1));
}

/** A method, where an object should be: `directors.round_robin.backend()`. */
export function methodOfNothing(type: string, words: readonly Token[]): VclMistake {
  const advice = `${type} is a type: objects are made of it in vcl_init, as in "new rr = ${type}();".`;
  return new VclMistake('Syntax error.', words[0], words.at(-1), advice);
}

function checkVariable(variable: Variable, words: readonly Token[], scope: Scope): Checked {
  use('read', variable, words, scope);
  if (variable.get === undefined && variable.readable !== 0) throw notThere(variable, words);
  return { op: 'variable', type: variable.type, variable };
}

/** Of variables that varnishd has and Troupe has not. */
export function notThere({ name }: Variable, words: readonly Token[]): VclMistake {
  const why = name.endsWith('do_esi') ? 'Troupe does no ESI' : 'Troupe does not have it yet';
  return new VclMistake(`${name} is not supported: ${why}.`, words[0], words.at(-1));
}

/** Takes down that a sub uses a variable. */
export function use(
  kind: 'read' | 'write' | 'unset',
  { readable, writable, unsettable }: Variable,
  words: readonly Token[],
  { sub }: Scope,
): void {
  const [first] = words;
  const last = words.at(-1);
  if (first === undefined || last === undefined) return;
  const bits = { read: readable, write: writable, unset: unsettable };
  sub.uses.push({ kind, first, last, methods: bits[kind], readable });
}

function checkHandle(
  kind: HandleKind,
  token: Token,
  call: Call | undefined,
  want: ValueType,
  scope: Scope,
): Checked {
  refuseCall(call);
  const { name } = scope.symbols.refer(token, kind);
  switch (kind) {
    case 'acl':
      return want === 'STRING'
        ? { op: 'constant', type: 'STRING', value: name }
        : { op: 'acl', type: 'ACL', name };
    case 'backend':
      return { op: 'constant', type: 'BACKEND', value: name };
    case 'probe':
      return { op: 'constant', type: want === 'STRING' ? 'STRING' : 'PROBE', value: name };
    case 'sub':
      if (want === 'SUB') return { op: 'constant', type: 'SUB', value: name };
      throw new VclMistake(`Symbol '${name}' can only be used as a SUB expression`, token);
    default:
      return kind satisfies never;
  }
}

function checkBuiltin(
  symbol: Extract<VclSymbol, { kind: 'builtin' }>,
  token: Token,
  call: Call | undefined,
  last: Token,
  want: ValueType,
  scope: Scope,
): Checked {
  switch (symbol.name) {
    case 'true':
    case 'false':
      refuseCall(call);
      return { op: 'constant', type: 'BOOL', value: symbol.name === 'true' };
    case 'default':
      refuseCall(call);
      if (want === 'BACKEND' || want === 'PROBE') return { op: 'constant', type: want, value: 'default' };
      throw new VclMistake("Symbol 'default' is a reserved word.", token);
    case 'regsub':
    case 'regsuball': {
      if (call === undefined) throw new VclMistake(`Expected '(' after ${tokenName(last)}`, last);
      const [subject, regex, replacement, ...more] = call.args;
      const extra = more[0]?.value.first ?? call.args.find(({ name }) => name !== undefined)?.name;
      if (subject === undefined || regex === undefined || replacement === undefined) {
        throw new VclMistake("Expected ',' got ')'", call.close);
      }
      if (extra !== undefined) throw new VclMistake(`Expected ')' got ${tokenName(extra)}`, extra);
      return {
        op: 'regsub',
        type: 'STRING',
        all: symbol.name === 'regsuball',
        subject: scope.value(subject.value, 'STRING'),
        regex: scope.value(regex.value, 'REGEX'),
        replacement: scope.value(replacement.value, 'STRING'),
      };
    }
    default:
      return symbol.name satisfies never;
  }
}

/** What is asked of a value: `.upper()`; or of an object, whose methods they are. */
export function checkProperty(of: Checked, property: Token, call: Call | undefined, scope: Scope): Checked {
  if (of.type === 'INSTANCE' && of.op === 'constant') {
    const instance = scope.symbols.get(String(of.value));
    const method =
      instance?.kind === 'instance' ? methodOf(instance.object.methods, property.text) : undefined;
    if (instance?.kind !== 'instance' || method === undefined) {
      throw new VclMistake(
        `Unknown property ${tokenName(property)} for type ${instance?.name ?? 'INSTANCE'}`,
        property,
      );
    }
    return checkCall(method, instance.name, [property], call, property, scope);
  }
  const isCase = of.type === 'STRING' && (property.text === 'upper' || property.text === 'lower');
  if (!isCase && !(of.type === 'BACKEND' && property.text === 'resolve')) {
    const type = of.type === 'STRING' ? 'STRINGS' : of.type;
    throw new VclMistake(`Unknown property ${tokenName(property)} for type ${type}`, property);
  }
  if (call === undefined) throw new VclMistake(`Expected '(' after ${tokenName(property)}`, property);
  const [extra] = call.args;
  if (extra !== undefined) {
    throw new VclMistake(`Expected ')' got ${tokenName(extra.value.first)}`, extra.value.first);
  }
  if (!isCase) return { op: 'resolve', type: 'BACKEND', of };
  return { op: property.text === 'upper' ? 'upper' : 'lower', type: 'STRING', of };
}

function methodOf<Value>(methods: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(methods, `.${name}`) ? methods[`.${name}`] : undefined;
}

function refuseCall(call: Call | undefined): void {
  if (call !== undefined) throw new VclMistake("Expected ';' got '('", call.open);
}

/**
 * A function or method of a vmod.
 *
 * @param instance of a method: the name of its object
 * @param words the name, as it is written
 * @param last where the call should be
 * @throws VclMistake
 */
export function checkCall(
  called: VmodFunction,
  instance: string | undefined,
  words: readonly Token[],
  call: Call | undefined,
  last: Token,
  scope: Scope,
): Checked {
  if (call === undefined) throw new VclMistake(`Expected '(' after ${tokenName(last)}`, last);
  const { parameters, returns } = called.signature;
  const args = checkArguments(parameters, call, scope.value);
  const [first = last] = words;
  const methods = called.methods ?? everywhere;
  scope.sub.uses.push({ kind: 'read', first, last: words.at(-1) ?? last, methods, readable: methods });
  return { op: 'vmod', type: returns === 'STRANDS' ? 'STRING' : returns, function: called, instance, args };
}
