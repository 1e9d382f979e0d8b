/**
 * Expressions, by varnishd's precedence, loosest first:
 *
 *   a || b    a && b    !a    a == b, a ~ "b" (not associative)    a + b    a * b    a.b, a.b(), -5, ("a")
 *
 * A number takes the word behind it for its unit.
 */
import { VclMistake } from './mistake.ts';
import type { Argument, Call, Expression, Name } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import type { TokenReader } from './token-reader.ts';
import { typeOfVariable } from './type-of-variable.ts';
import type { ValueType } from './value-type.ts';

/** Words of a name; varnishd's longest has four. */
const LONGEST_NAME = 100;

const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', '~', '!~']);

/** @throws VclMistake */
export function parseExpression(reader: TokenReader): Expression {
  return reader.expression(() => parseLogic(reader, '||'));
}

function parseLogic(reader: TokenReader, kind: '||' | '&&'): Expression {
  const one = () => (kind === '||' ? parseLogic(reader, '&&') : parseNot(reader));
  const first = one();
  if (!reader.is(kind)) return first;
  const operator = reader.current;
  const operands = [first];
  while (reader.take(kind) !== undefined) operands.push(one());
  return { kind: 'logic', operator, operands, first: first.first, last: reader.previous };
}

function parseNot(reader: TokenReader): Expression {
  const not = reader.take('!');
  const of = parseComparison(reader);
  return not === undefined ? of : { kind: 'not', of, first: not, last: of.last };
}

function parseComparison(reader: TokenReader): Expression {
  const left = parseSum(reader);
  if (!comparisons.has(reader.current.kind)) return left;
  const operator = reader.next();
  const type = typeBeside(left);
  const isMatch = operator.kind === '~' || operator.kind === '!~';
  const right = isMatch
    ? reader.wanting(type === 'IP' ? 'ACL' : 'REGEX', () => parsePattern(reader))
    : reader.wanting(type, () => parseSum(reader));
  return { kind: 'comparison', operator, left, right, first: left.first, last: right.last };
}

/** What stands on the right of something is taken for the same. */
function typeBeside(left: Expression): ValueType | undefined {
  if (left.kind === 'name' && left.call === undefined) return typeOfVariable(left.name);
  return left.kind === 'string' ? 'STRING' : undefined;
}

/** Behind `~`; a pattern may come in pieces: `"^/a" + "/b"`. */
function parsePattern(reader: TokenReader): Expression {
  let pattern = parseTerm(reader);
  while (pattern.last.kind === 'CSTR' && reader.is('+')) {
    reader.chained();
    const operator = reader.next();
    const piece = reader.expect('CSTR');
    const right: Expression = { kind: 'string', token: piece, first: piece, last: piece };
    pattern = { kind: 'sum', operator, left: pattern, right, first: pattern.first, last: piece };
  }
  return pattern;
}

function parseSum(reader: TokenReader): Expression {
  let left = parseProduct(reader);
  while (reader.is('+') || reader.is('-')) {
    reader.chained();
    const operator = reader.next();
    const right = parseProduct(reader);
    left = { kind: 'sum', operator, left, right, first: left.first, last: right.last };
  }
  return left;
}

function parseProduct(reader: TokenReader): Expression {
  let left = parseTerm(reader);
  while (reader.is('*') || reader.is('/') || reader.is('%')) {
    reader.chained();
    const operator = reader.next();
    const right = parseTerm(reader);
    left = { kind: 'product', operator, left, right, first: left.first, last: right.last };
  }
  return left;
}

/** With what is asked of it: `req.http.host.lower()`. */
export function parseTerm(reader: TokenReader): Expression {
  let of = parsePrimary(reader);
  while (reader.take('.') !== undefined) {
    reader.chained();
    const name = reader.expect('ID');
    const call = reader.is('(') ? parseCall(reader) : undefined;
    of = { kind: 'property', of, name, call, first: of.first, last: reader.previous };
  }
  return of;
}

function parsePrimary(reader: TokenReader): Expression {
  const first = reader.current;
  switch (first.kind) {
    case '(': {
      reader.next();
      const of = parseExpression(reader);
      const last = reader.expect(')');
      return { kind: 'group', of, first, last };
    }
    case 'ID': {
      const name = parseName(reader);
      const call = reader.is('(') ? parseCall(reader) : undefined;
      return { kind: 'name', name, call, first, last: reader.previous };
    }
    case 'CSTR':
      return { kind: 'string', token: reader.next(), first, last: first };
    case 'CBLOB':
      return { kind: 'blob', token: reader.next(), first, last: first };
    case '-': {
      reader.next();
      if (reader.is('CNUM') || reader.is('FNUM')) return parseNumber(reader, first);
      const of = parseExpression(reader);
      return { kind: 'minus', of, first, last: of.last };
    }
    case 'CNUM':
    case 'FNUM':
      return parseNumber(reader, undefined);
    default:
      throw new VclMistake(`Unknown token ${tokenName(first)} when looking for ${reader.wanted}`, first);
  }
}

function parseNumber(reader: TokenReader, minus: Token | undefined): Expression {
  const token = reader.next();
  const unit = reader.wanted === 'BYTES' ? expectByteUnit(reader) : reader.take('ID');
  const isNegative = minus !== undefined;
  return { kind: 'number', token, unit, isNegative, first: minus ?? token, last: unit ?? token };
}

function expectByteUnit(reader: TokenReader): Token {
  if (reader.is('ID')) return reader.next();
  const found = tokenName(reader.current);
  throw new VclMistake(`Expected BYTES unit (B, KB, MB...) got ${found}`, reader.current);
}

/** The whole chain; what of it is a symbol, and what is asked of that symbol, is found out later. */
export function parseName(reader: TokenReader): Name {
  const name: [Token, ...Token[]] = [reader.expect('ID')];
  while (reader.is('.') && (reader.peek().kind === 'ID' || reader.peek().kind === 'CSTR')) {
    // Only the name of a field may be quoted.
    if (reader.peek().kind === 'CSTR' && name.at(-1)?.text.toLowerCase() !== 'http') break;
    reader.next();
    if (name.length >= LONGEST_NAME) throw new VclMistake('This name has too many parts.', name[0]);
    name.push(reader.next());
  }
  return name;
}

/** `(a, b, name = c)`; a comma may stand behind the last one. */
function parseCall(reader: TokenReader): Call {
  const open = reader.expect('(');
  const args: Argument[] = [];
  while (!reader.is(')')) {
    const name = reader.is('ID') && reader.peek().kind === '=' ? reader.next() : undefined;
    if (name !== undefined) reader.expect('=');
    args.push({ name, value: reader.wanting(undefined, () => parseExpression(reader)) });
    if (!reader.is(')')) reader.expect(',');
  }
  return { open, args, close: reader.expect(')') };
}
