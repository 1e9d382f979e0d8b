/** Reads programs of Varnish 3: its manual vcl(7) of 3.0, "Syntax". */
import { type Mistakes, VclMistake } from '../mistake.ts';
import { parseExpression, parseName } from '../parse-expression.ts';
import { commonDeclarations, type Grammar, parseField, parseOwnName, parseProgram } from '../parser.ts';
import type { Expression, Field, Statement } from '../syntax.ts';
import type { Token } from '../token.ts';
import type { Actions, TokenReader } from '../token-reader.ts';
import type { DirectorDeclaration, DirectorMember, OldDeclaration } from './syntax.ts';

/** @param tokens the last one is EOI */
export function parseOld(tokens: readonly Token[], mistakes: Mistakes): OldDeclaration[] {
  return parseProgram(tokens, mistakes, grammar);
}

/** Words that only `return` may have before them. */
const returns = ['deliver', 'fetch', 'hash', 'hit_for_pass', 'lookup', 'ok', 'pass', 'pipe', 'restart'];

const actions: Actions = new Map<string, (reader: TokenReader) => Statement>([
  ['error', parseError],
  ['remove', parseRemove],
  ['synthetic', parseSynthetic],
  ['ban_url', parseBanUrl],
  ['purge', parseWord],
  ['rollback', parseWord],
  ['panic', refusePanic],
  ['new', refuseNew],
  ...returns.map((word): [string, (reader: TokenReader) => Statement] => [word, refuseBare]),
]);

const grammar: Grammar<OldDeclaration> = {
  declarations: new Map<string, (reader: TokenReader, first: Token) => OldDeclaration>([
    ...commonDeclarations,
    ['director', parseDirector],
  ]),
  actions,
};

/** `error 404 "Not found";`, `error 404, "Not found";`, `error(404, "Not found");`, each with or without a text. */
function parseError(reader: TokenReader): Statement {
  const first = reader.next();
  const isCall = reader.take('(') !== undefined;
  const args = [parseStatus(reader)];
  const hasComma = reader.take(',') !== undefined;
  const isOver = isCall ? reader.is(')') : reader.is(';');
  if (hasComma || (!isCall && !isOver)) args.push(parseExpression(reader));
  if (isCall) reader.expect(')');
  reader.expect(';');
  return { kind: 'return', first, action: { word: first, args } };
}

/** A number takes no word behind it for its unit: that would be the text. */
function parseStatus(reader: TokenReader): Expression {
  if (!reader.is('CNUM')) return parseExpression(reader);
  const token = reader.next();
  return { kind: 'number', token, isNegative: false, unit: undefined, first: token, last: token };
}

function parseRemove(reader: TokenReader): Statement {
  const first = reader.next();
  const name = parseName(reader);
  reader.expect(';');
  return { kind: 'unset', first, name };
}

function parseSynthetic(reader: TokenReader): Statement {
  const first = reader.next();
  const argument = parseExpression(reader);
  reader.expect(';');
  return { kind: 'action', first, argument };
}

function parseBanUrl(reader: TokenReader): Statement {
  const first = reader.next();
  reader.expect('(');
  const argument = parseExpression(reader);
  reader.expect(')');
  reader.expect(';');
  return { kind: 'action', first, argument };
}

/** A statement that is one word. */
function parseWord(reader: TokenReader): Statement {
  const first = reader.next();
  reader.expect(';');
  const expression: Expression = { kind: 'name', name: [first], call: undefined, first, last: first };
  return { kind: 'expression', first, expression };
}

function refuseBare({ current }: TokenReader): never {
  throw new VclMistake(`Please change "${current.text}" to "return(${current.text})".`, current);
}

function refusePanic({ current }: TokenReader): never {
  throw new VclMistake('panic is not supported: no request may end Troupe.', current);
}

function refuseNew({ current }: TokenReader): never {
  throw new VclMistake("Expected an action, 'if', '{' or '}'", current);
}

function parseDirector(reader: TokenReader, first: Token): DirectorDeclaration {
  const name = parseOwnName(reader, 'director');
  const policy = reader.expect('ID');
  reader.expect('{');
  const options: Field[] = [];
  const members: DirectorMember[] = [];
  while (!reader.is('}')) {
    if (reader.is('{')) members.push(parseMember(reader));
    else options.push(parseField(reader));
  }
  reader.next();
  return { kind: 'director', first, name, policy, options, members };
}

function parseMember(reader: TokenReader): DirectorMember {
  const first = reader.expect('{');
  const fields: Field[] = [];
  while (reader.take('}') === undefined) fields.push(parseField(reader));
  return { first, fields };
}
