/**
 * Pieces of VCL 4.1 for what Varnish 3 wrote otherwise: given as text, and then standing where the old ones stood, so
 * that mistakes are shown there.
 */
import { lex } from '../lexer.ts';
import { parseExpression } from '../parse-expression.ts';
import { parseBlock } from '../parse-statement.ts';
import { VclSource } from '../source.ts';
import type { Expression, Statement } from '../syntax.ts';
import type { Token } from '../token.ts';
import { TokenReader } from '../token-reader.ts';
import { mapNames, mapParts } from './map-tree.ts';

/** Expressions by the names that stand for them in a text. */
type Given = Readonly<Record<string, Expression>>;

export class Spelling {
  readonly #order: Map<Token, number>;

  /** @param order where tokens stand in the program; new ones are added */
  constructor(order: Map<Token, number>) {
    this.#order = order;
  }

  /** A token that stands where another one does. */
  token(kind: Token['kind'], text: string, at: Token): Token {
    const made: Token = { ...at, kind, text };
    this.#order.set(made, this.#order.get(at) ?? 0);
    return made;
  }

  word(text: string, at: Token): Token {
    return this.token('ID', text, at);
  }

  expression(text: string, at: Token, given: Given = {}): Expression {
    return fill(parseExpression(this.#read(text, at)), given);
  }

  statements(text: string, at: Token, given: Given = {}): Statement[] {
    const { statements } = parseBlock(this.#read(`{${text}}`, at));
    return statements.map((statement) => fillStatement(statement, given));
  }

  #read(text: string, at: Token): TokenReader {
    return new TokenReader(
      lex(new VclSource(at.source.file, text)).map((token) => this.token(token.kind, token.text, at)),
    );
  }
}

function fill(node: Expression, given: Given): Expression {
  const whole = givenFor(node, given);
  if (whole !== undefined) return whole;
  return mapNames(node, (name) => {
    const found = givenFor(name, given);
    if (found === undefined) return name;
    return isClosed(found) ? found : { kind: 'group', of: found, first: found.first, last: found.last };
  });
}

function givenFor(node: Expression, given: Given): Expression | undefined {
  return node.kind === 'name' && node.name.length === 1 ? given[node.name[0].text] : undefined;
}

/** Whether no operator beside it can take it apart. */
function isClosed({ kind }: Expression): boolean {
  return kind === 'string' || kind === 'number' || kind === 'name' || kind === 'property' || kind === 'group';
}

function fillStatement(statement: Statement, given: Given): Statement {
  return mapParts(statement, {
    expression: (node) => fill(node, given),
    block: (block) => ({ ...block, statements: block.statements.map((one) => fillStatement(one, given)) }),
  });
}
