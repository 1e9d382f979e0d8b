/** A VCL program's declarations: vcl(7), vcl-backend(7), vcl-probe(7). */
import { type Mistakes, VclMistake } from './mistake.ts';
import { parseBlock } from './parse-statement.ts';
import type { AclEntry, Declaration, Field, FieldValue } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import { type Actions, TokenReader } from './token-reader.ts';

/** How declarations are read, by the words that they begin with, which have been read then. */
type Declarations<One> = ReadonlyMap<string, (reader: TokenReader, first: Token) => One>;

/** What a program is made of. */
export interface Grammar<One> {
  readonly declarations: Declarations<One>;
  readonly actions?: Actions;
}

/**
 * Reads all declarations. After a mistake it goes on with the next one.
 *
 * @param tokens the last one is EOI
 */
export function parse(tokens: readonly Token[], mistakes: Mistakes): Declaration[] {
  return parseProgram(tokens, mistakes, { declarations: declarationsOf4 });
}

/** The same for any dialect. */
export function parseProgram<One>(
  tokens: readonly Token[],
  mistakes: Mistakes,
  { declarations, actions }: Grammar<One>,
): One[] {
  const reader = new TokenReader(tokens, actions);
  const words = new Set(declarations.keys());
  const found: One[] = [];
  while (!reader.is('EOI')) {
    const declaration = mistakes.guard('reading', () => parseDeclaration(reader, declarations));
    if (declaration === undefined) reader.skipToDeclaration(words);
    else found.push(declaration);
  }
  return found;
}

function parseDeclaration<One>(reader: TokenReader, declarations: Declarations<One>): One {
  const first = reader.current;
  if (first.kind === 'CSRC') {
    reader.next();
    throw new VclMistake(
      'Inline-C not allowed',
      first,
      first,
      'Troupe runs no C. Write it in VCL, or as a vmod.',
    );
  }
  const parseIt = first.kind === 'ID' ? declarations.get(first.text) : undefined;
  if (parseIt === undefined) {
    const known = [...declarations.keys()]
      .map((word) => `'${word}'`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
    const found = tokenName(reader.next());
    throw new VclMistake(`Expected one of ${known}. Found: ${found}`, first);
  }
  reader.next();
  return parseIt(reader, first);
}

export type CommonDeclaration = Exclude<Declaration, { readonly kind: 'version' }>;

/** Those of every dialect. */
export const commonDeclarations: Declarations<CommonDeclaration> = new Map<
  string,
  (reader: TokenReader, first: Token) => CommonDeclaration
>([
  ['acl', parseAcl],
  [
    'sub',
    (reader, first) => {
      const name = parseOwnName(reader, 'subroutine');
      return { kind: 'sub', first, name, body: parseBlock(reader) };
    },
  ],
  ['backend', parseBackend],
  [
    'probe',
    (reader, first) => {
      const name = parseOwnName(reader, 'backend probe');
      return { kind: 'probe', first, name, fields: parseFields(reader) };
    },
  ],
  ['import', parseImport],
]);

const declarationsOf4: Declarations<Declaration> = new Map<
  string,
  (reader: TokenReader, first: Token) => Declaration
>([...commonDeclarations, ['vcl', parseVersion]]);

function parseVersion(reader: TokenReader, first: Token): Declaration {
  const version = reader.expect('FNUM');
  if (reader.take(';') === undefined) {
    throw new VclMistake("Expected 'vcl N.N;' found no semi-colon", first, version);
  }
  return { kind: 'version', first, version };
}

function parseBackend(reader: TokenReader, first: Token): CommonDeclaration {
  const name = parseOwnName(reader, 'backend');
  if (reader.isWord('none') || reader.isWord('None')) {
    reader.next();
    reader.expect(';');
    return { kind: 'backend', first, name, fields: undefined };
  }
  return { kind: 'backend', first, name, fields: parseFields(reader) };
}

/** @param what it is the name of, for the sentence */
export function parseOwnName(reader: TokenReader, what: string): Token {
  const name = reader.expect('ID');
  if (!reader.is('.')) return name;
  const rest = reader.peek();
  const message = `Name of ${what}, '${name.text}.${rest.text}', contains illegal character '.'`;
  throw new VclMistake(message, name, rest);
}

function parseImport(reader: TokenReader, first: Token): CommonDeclaration {
  const module = reader.expect('ID');
  let alias: Token | undefined;
  if (reader.isWord('as')) {
    reader.next();
    alias = reader.expect('ID');
  }
  let path: Token | undefined;
  if (reader.is('ID')) {
    if (!reader.isWord('from')) throw new VclMistake("Expected 'from path ...'", reader.current);
    reader.next();
    path = reader.expect('CSTR');
  }
  reader.expect(';');
  return { kind: 'import', first, module, alias, path };
}

/** vcl(7), "Access Control List (ACL)". */
const aclFlags = new Set(['log', 'pedantic', 'table']);

function parseAcl(reader: TokenReader, first: Token): CommonDeclaration {
  const name = parseOwnName(reader, 'ACL');
  const flags: Token[] = [];
  while (reader.is('-') || reader.is('+')) {
    const sign = reader.next();
    if (sign.end !== reader.current.start) throw new VclMistake('Expected a flag at:', sign);
    const flag = reader.expect('ID');
    if (!aclFlags.has(flag.text)) throw new VclMistake('Unknown ACL flag:', flag);
    flags.push(flag);
  }
  reader.expect('{');
  const entries: AclEntry[] = [];
  while (!reader.is('}')) {
    entries.push(parseAclEntry(reader));
    reader.expect(';');
  }
  reader.expect('}');
  return { kind: 'acl', first, name, flags, entries };
}

function parseAclEntry(reader: TokenReader): AclEntry {
  let isNegated = reader.take('!') !== undefined;
  const isOptional = reader.take('(') !== undefined;
  if (!isNegated) isNegated = reader.take('!') !== undefined;
  const address = reader.expect('CSTR');
  const mask = reader.take('/') === undefined ? undefined : reader.expect('CNUM');
  if (mask !== undefined && address.text.includes('/')) {
    throw new VclMistake('/mask only allowed once.', mask);
  }
  if (isOptional) reader.expect(')');
  return { isNegated, isOptional, address, mask };
}

function parseFields(reader: TokenReader): Field[] {
  reader.expect('{');
  const fields: Field[] = [];
  while (reader.take('}') === undefined) fields.push(parseField(reader));
  return fields;
}

export function parseField(reader: TokenReader): Field {
  reader.expect('.');
  const name = reader.expect('ID');
  reader.expect('=');
  const value = parseFieldValue(reader);
  const next = reader.current;
  if (value.kind !== 'fields') reader.expect(';');
  return { name, value, next };
}

function parseFieldValue(reader: TokenReader): FieldValue {
  const { current } = reader;
  switch (current.kind) {
    case '{':
      return { kind: 'fields', fields: reader.nested(() => parseFields(reader)) };
    case 'CSTR': {
      const tokens: [Token, ...Token[]] = [reader.next()];
      while (reader.is('CSTR')) tokens.push(reader.next());
      return { kind: 'strings', tokens };
    }
    case 'CNUM':
    case 'FNUM':
      return { kind: 'number', token: reader.next(), unit: reader.take('ID') };
    case 'ID':
      return { kind: 'word', token: reader.next() };
    case 'CBLOB':
      return { kind: 'blob', token: reader.next() };
    default:
      throw new VclMistake(`Expected a value got ${tokenName(current)}`, current);
  }
}
