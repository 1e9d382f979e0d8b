/**
 * Writes a program as text, in one shape: what is read from that text is written the same. Comments stay before what
 * they stood before, or behind it on its line.
 */
import { Comments } from './comments.ts';
import { printExpression, printName, printString, printTerm } from './print-expression.ts';
import type { AclEntry, Block, Declaration, Expression, Field, FieldValue, Statement } from './syntax.ts';
import type { Token } from './token.ts';

/** Columns, beyond which conditions and sums are broken into lines. */
const WIDEST_LINE = 100;

const INDENT = '    ';

/**
 * @param tokens the program's own, with its comments between them; none: there are no comments
 * @param order where each token stands among them
 */
export function printProgram(
  declarations: readonly Declaration[],
  tokens: readonly Token[] = [],
  order: ReadonlyMap<Token, number> = new Map(),
): string {
  const printer = new Printer(new Comments(tokens, order));
  printer.program(declarations);
  return printer.text();
}

export function printStatements(statements: readonly Statement[]): string {
  const printer = new Printer(new Comments([], new Map()));
  for (const statement of statements) printer.statement(statement);
  return printer.text();
}

class Printer {
  readonly #comments: Comments;
  readonly #lines: string[] = [];
  #depth = 0;
  /** The last line that has a comment behind it: another one would become part of that. */
  #lastCommented = -1;

  constructor(comments: Comments) {
    this.#comments = comments;
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  program(declarations: readonly Declaration[]): void {
    const [first] = declarations;
    if (first !== undefined) this.#write(this.#comments.head(first.first));
    let before: Declaration['kind'] | undefined;
    for (const declaration of declarations) {
      const isRow = declaration.kind === 'import' && before === 'import';
      const comments = this.#comments.until(declaration.first);
      const own = comments.findIndex(({ isTrailing }) => !isTrailing);
      const trailing = own < 0 ? comments : comments.slice(0, own);
      this.#write(trailing);
      if (before !== undefined && !isRow) this.#lines.push('');
      this.#write(comments.slice(trailing.length));
      if (declaration.note !== undefined) this.#line(`# ${declaration.note}`);
      this.#declaration(declaration);
      before = declaration.kind;
    }
    this.#write(this.#comments.rest());
  }

  statement(statement: Statement): void {
    this.#before(statement.first);
    switch (statement.kind) {
      case 'block':
        this.#line('{');
        this.#inner(statement.body);
        this.#line('}');
        return;
      case 'if':
        this.#if(statement);
        return;
      case 'set': {
        const { name, operator, value } = statement;
        this.#line(`set ${printName(name)} ${operator.text} ${this.#wide(value)};`);
        return;
      }
      case 'unset':
        this.#line(`unset ${printName(statement.name)};`);
        return;
      case 'call':
        this.#line(`call ${printTerm(statement.target)};`);
        return;
      case 'return':
        this.#return(statement);
        return;
      case 'new':
        this.#line(`new ${statement.name.text} = ${printTerm(statement.object)};`);
        return;
      case 'action': {
        const word = statement.first.text.toLowerCase();
        this.#line(`${word}(${this.#wide(statement.argument)});`);
        return;
      }
      case 'expression':
        this.#line(`${printTerm(statement.expression)};`);
        return;
      default:
        statement satisfies never;
    }
  }

  /** Broken into lines, if it is long, that stand deeper than what is in the block behind them. */
  #wide(node: Expression): string {
    const room = WIDEST_LINE - INDENT.length * (this.#depth + 1);
    return printExpression(node, room, INDENT.repeat(this.#depth + 2));
  }

  #declaration(declaration: Declaration): void {
    switch (declaration.kind) {
      case 'version':
        this.#line(`vcl ${declaration.version.text};`);
        return;
      case 'import': {
        const { module, alias, path } = declaration;
        const name = alias === undefined ? '' : ` as ${alias.text}`;
        this.#line(`import ${module.text}${name}${path === undefined ? '' : ` from ${printString(path)}`};`);
        return;
      }
      case 'sub':
        this.#line(`sub ${declaration.name.text} {`);
        this.#inner(declaration.body);
        this.#line('}');
        return;
      case 'backend':
        if (declaration.fields === undefined) this.#line(`backend ${declaration.name.text} none;`);
        else this.#fields(`backend ${declaration.name.text}`, declaration.fields);
        return;
      case 'probe':
        this.#fields(`probe ${declaration.name.text}`, declaration.fields);
        return;
      case 'acl':
        this.#acl(declaration);
        return;
      default:
        declaration satisfies never;
    }
  }

  #acl({ name, flags, entries }: Extract<Declaration, { kind: 'acl' }>): void {
    const words = flags.map(({ text, source, start }) => ` ${source.text[start - 1]}${text}`).join('');
    this.#line(`acl ${name.text}${words} {`);
    this.#depth++;
    for (const entry of entries) {
      this.#before(entry.address);
      this.#line(`${printEntry(entry)};`);
    }
    this.#depth--;
    this.#line('}');
  }

  #fields(head: string, fields: readonly Field[]): void {
    this.#line(`${head} {`);
    this.#depth++;
    for (const { name, value } of fields) {
      this.#before(name);
      const start = `.${name.text} =`;
      if (value.kind === 'fields') this.#fields(start, value.fields);
      else if (value.kind === 'strings' && value.tokens.length > 1) {
        this.#line(start);
        this.#depth++;
        const last = value.tokens.length - 1;
        for (const [index, token] of value.tokens.entries()) {
          this.#line(`${printString(token)}${index === last ? ';' : ''}`);
        }
        this.#depth--;
      } else this.#line(`${start} ${printValue(value)};`);
    }
    this.#depth--;
    this.#line('}');
  }

  #inner({ statements, close }: Block): void {
    this.#depth++;
    for (const statement of statements) this.statement(statement);
    this.#before(close);
    this.#depth--;
  }

  #if({ branches, otherwise }: Extract<Statement, { kind: 'if' }>): void {
    for (const [index, { condition, body }] of branches.entries()) {
      const word = index === 0 ? 'if' : '} else if';
      this.#line(`${word} (${this.#wide(condition)}) {`);
      this.#inner(body);
    }
    if (otherwise !== undefined) {
      this.#line('} else {');
      this.#inner(otherwise);
    }
    this.#line('}');
  }

  #return({ action }: Extract<Statement, { kind: 'return' }>): void {
    if (action === undefined) {
      this.#line('return;');
      return;
    }
    const { word, args } = action;
    const given = args === undefined ? '' : `(${args.map((arg) => printExpression(arg)).join(', ')})`;
    this.#line(`return (${word.text}${given});`);
  }

  /** Comments that stand before a token. */
  #before(token: Token): void {
    this.#write(this.#comments.until(token));
  }

  #write(comments: ReturnType<Comments['rest']>): void {
    for (const { text, isTrailing } of comments) {
      const last = this.#lines.length - 1;
      if (isTrailing && last >= 0 && last !== this.#lastCommented) {
        this.#lines[last] += ` ${text}`;
        this.#lastCommented = last;
      } else this.#line(text);
    }
  }

  /** Lines of long strings, behind the first one, are text and stay where they are. */
  #line(text: string): void {
    this.#lines.push(INDENT.repeat(this.#depth) + text);
  }
}

function printEntry({ isNegated, isOptional, address, mask }: AclEntry): string {
  const range = `${printString(address)}${mask === undefined ? '' : `/${mask.text}`}`;
  return `${isNegated ? '!' : ''}${isOptional ? `(${range})` : range}`;
}

function printValue(value: Exclude<FieldValue, { kind: 'fields' }>): string {
  switch (value.kind) {
    case 'strings':
      return value.tokens.map(printString).join(' ');
    case 'number':
      return value.token.text + (value.unit?.text ?? '');
    case 'word':
      return value.token.text;
    case 'blob':
      return `:${value.token.text}:`;
    default:
      return value satisfies never;
  }
}
