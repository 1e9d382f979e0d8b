/**
 * Types of expressions, by varnishd's rules (vcc_expr.c): what is wanted decides how a literal is read, and what
 * stands on the left of an operator decides what is wanted on its right.
 */

import { checkName, checkProperty, type Scope } from './check-name.ts';
import type { Checked } from './checked.ts';
import { checkNumber, checkRegex, checkString, expectSign } from './literal.ts';
import { VclMistake } from './mistake.ts';
import type { BinaryExpression, Expression } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import { factorOf, hasText, isComparable, isSummand, isText, sumOf, type ValueType } from './value-type.ts';

/**
 * An expression as a value of a type.
 *
 * @throws VclMistake
 */
export function checkValue(node: Expression, want: ValueType, scope: Scope): Checked {
  const e = checkOperand(node, isText(want) ? 'STRING' : want, scope);
  if (isText(want)) return toText(e, node);
  if (want === 'BODY') return e.type === 'BLOB' ? e : toText(e, node);
  if (want === 'BOOL') return expectType(toTruth(e), want, node, scope);
  return expectType(e, want, node, scope);
}

function expectType(e: Checked, want: ValueType, node: Expression, scope: Scope): Checked {
  if (e.type === want) return e;
  throw wrongType(e, want, node, scope);
}

function wrongType(e: Checked, want: ValueType, { first, last }: Expression, scope: Scope): VclMistake {
  return new VclMistake(`Expression has type ${typeName(e, scope)}, expected ${want}`, first, last);
}

/** Of an object, the name of its own type. */
function typeName(e: Checked, { symbols }: Scope): string {
  const symbol = e.type === 'INSTANCE' && e.op === 'constant' ? symbols.get(String(e.value)) : undefined;
  if (symbol?.kind !== 'instance') return e.type;
  return `${symbol.vmod.name}.${symbol.object.signature.name}`;
}

function toText(e: Checked, { first, last }: Expression): Checked {
  if (e.type === 'STRING') return e;
  if (!hasText(e.type)) throw new VclMistake(`Cannot convert ${e.type} to STRING.`, first, last);
  return { op: 'text', type: 'STRING', of: e };
}

function toTruth(e: Checked): Checked {
  switch (e.type) {
    case 'BACKEND':
    case 'INT':
    case 'DURATION':
    case 'STRING':
      return { op: 'truth', type: 'BOOL', of: e };
    default:
      return e;
  }
}

/**
 * An expression as what it is.
 *
 * @param want what a literal, or a name that nobody knows yet, is taken for
 * @throws VclMistake
 */
export function checkOperand(node: Expression, want: ValueType, scope: Scope): Checked {
  switch (node.kind) {
    case 'logic': {
      const [operator] = node.operator.kind === '&&' ? (['&&'] as const) : (['||'] as const);
      const operands = node.operands.map((operand, index) => {
        const e = toTruth(checkOperand(operand, want, scope));
        if (e.type === 'BOOL') return e;
        const where = index === 0 ? 'preceeded' : 'followed';
        throw new VclMistake(
          `'${operator}' must be ${where} by BOOL, found ${e.type}.`,
          operand.first,
          operand.last,
        );
      });
      return { op: 'logic', type: 'BOOL', operator, operands };
    }
    case 'not': {
      const of = toTruth(checkOperand(node.of, want, scope));
      if (of.type === 'BOOL') return { op: 'not', type: 'BOOL', of };
      throw new VclMistake(`'!' must be followed by BOOL, found ${of.type}.`, node.first, node.last);
    }
    case 'comparison':
      return checkComparison(node, want, scope);
    case 'sum':
      return checkSum(node, want, scope);
    case 'product':
      return checkProduct(node, want, scope);
    case 'group': {
      const of = checkOperand(node.of, want, scope);
      return { op: 'group', type: of.type, of };
    }
    case 'minus': {
      expectSign(node.first, want);
      const of = checkOperand(node.of, want, scope);
      return { op: 'negative', type: of.type, of };
    }
    case 'number':
      return checkNumber(node, want);
    case 'string':
      return checkString(node.token, want);
    case 'blob':
      return { op: 'constant', type: 'BLOB', value: node.token.text };
    case 'name':
      return checkName(node.name, node.call, node, want, scope);
    case 'property':
      return checkProperty(checkOperand(node.of, want, scope), node.name, node.call, scope);
    default:
      return node satisfies never;
  }
}

function checkProduct(node: BinaryExpression, want: ValueType, scope: Scope): Checked {
  const { operator } = node;
  const left = checkOperand(node.left, want, scope);
  if (operator.kind === '%' && left.type !== 'INT') {
    throw new VclMistake('Operator % only possible on INT.', operator);
  }
  const factor = factorOf(left.type);
  if (factor === undefined) {
    throw new VclMistake(`Operator ${operator.text} not possible on type ${left.type}.`, operator);
  }
  const right = checkOperand(node.right, factor, scope);
  if (right.type !== 'INT' && right.type !== factor) {
    throw new VclMistake(`${left.type} ${operator.text} ${right.type} not possible.`, operator);
  }
  return { op: 'arithmetic', type: left.type, operator: operator.kind, left, right };
}

function checkSum(node: BinaryExpression, want: ValueType, scope: Scope): Checked {
  if (want === 'REGEX' && node.left.first.kind === 'CSTR') return checkPattern(node);
  const { operator } = node;
  const left = checkOperand(node.left, want, scope);
  const wantsText = !isSummand(operator.kind, left.type) && want === 'STRING';
  const right = checkOperand(node.right, wantsText ? 'STRING' : left.type, scope);
  const type = sumOf(operator.kind, left.type, right.type);
  if (type !== undefined) return { op: 'arithmetic', type, operator: operator.kind, left, right };
  if (operator.kind === '+' && (left.type === 'STRING' || want === 'STRING')) {
    const parts = [...partsOf(toText(left, node.left)), ...partsOf(toText(right, node.right))];
    return { op: 'concat', type: 'STRING', parts };
  }
  throw new VclMistake(
    `${left.type} ${operator.text} ${right.type} not possible.`,
    operator,
    node.right.last,
  );
}

/** A pattern in pieces: `"^/a" + "/b"`. */
function checkPattern(node: Expression): Checked {
  const pieces: Token[] = [];
  for (let at = node; ; ) {
    const last = at.kind === 'sum' ? at.right : at;
    const operator = at.kind === 'sum' ? at.operator : undefined;
    if (operator !== undefined && operator.kind !== '+') {
      throw new VclMistake(`Expected ',' got ${tokenName(operator)}`, operator);
    }
    if (last.kind !== 'string')
      throw new VclMistake(`Expected CSTR got ${tokenName(last.first)}`, last.first);
    pieces.unshift(last.token);
    if (at.kind !== 'sum') return checkRegex(pieces);
    at = at.left;
  }
}

function partsOf(e: Checked): readonly Checked[] {
  if (e.op === 'concat') return e.parts;
  return e.op === 'group' ? partsOf(e.of) : [e];
}

function checkComparison(node: BinaryExpression, want: ValueType, scope: Scope): Checked {
  const { operator } = node;
  const left = checkOperand(node.left, want, scope);
  const sign = operator.kind;
  if (!isComparable(left.type, sign)) {
    throw new VclMistake(`Operator ${operator.text} not possible on ${left.type}`, operator);
  }
  if (sign === '~' || sign === '!~') {
    const isNegated = sign === '!~';
    if (left.type === 'IP') {
      const acl = checkOperand(node.right, 'ACL', scope);
      if (acl.op === 'acl') return { op: 'within', type: 'BOOL', ip: left, acl: acl.name, isNegated };
      throw wrongType(acl, 'ACL', node.right, scope);
    }
    const regex = expectType(checkOperand(node.right, 'REGEX', scope), 'REGEX', node.right, scope);
    return { op: 'match', type: 'BOOL', subject: left, regex, isNegated };
  }
  const right = checkOperand(node.right, left.type, scope);
  if (right.type !== left.type) {
    const message = `Comparison of different types: ${left.type} '${operator.text}' ${right.type}`;
    throw new VclMistake(message, operator);
  }
  return { op: 'comparison', type: 'BOOL', operator: sign, left, right };
}
