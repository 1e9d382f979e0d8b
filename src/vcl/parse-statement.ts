/** Statements: vcl(7), "Actions". Words of actions are symbols, and so have no upper and lower case. */
import { returnWords } from './methods.ts';
import { VclMistake } from './mistake.ts';
import { parseExpression, parseName, parseTerm } from './parse-expression.ts';
import type { Block, Branch, Expression, ReturnAction, Statement } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { typeOfVariable } from './type-of-variable.ts';

const returnsWithArguments = new Set(['error', 'fail', 'pass', 'synth', 'vcl']);
const assignments = new Set(['=', '+=', '-=', '*=', '/=']);

/** @throws VclMistake */
export function parseBlock(reader: TokenReader): Block {
  return reader.nested(() => {
    const open = reader.expect('{');
    const statements: Statement[] = [];
    while (!reader.is('}')) statements.push(parseStatement(reader));
    return { open, statements, close: reader.next() };
  });
}

function parseStatement(reader: TokenReader): Statement {
  const first = reader.current;
  switch (first.kind) {
    case '{':
      return { kind: 'block', first, body: parseBlock(reader) };
    case 'ID':
      break;
    case 'CSRC':
      throw new VclMistake(
        'Inline-C not allowed',
        first,
        first,
        'Troupe runs no C. Write it in VCL, or as a vmod.',
      );
    case 'EOI':
      throw new VclMistake('End of input while in compound statement', first);
    default:
      throw new VclMistake("Expected an action, 'if', '{' or '}'", first);
  }
  const parseOwn = reader.actions.get(first.text);
  if (parseOwn !== undefined) return parseOwn(reader);
  switch (first.text.toLowerCase()) {
    case 'if':
      return parseIf(reader);
    case 'set': {
      reader.next();
      const name = parseName(reader);
      // Any other token is left for the checker, who knows what the variable takes.
      const operator = assignments.has(reader.current.kind) ? reader.next() : reader.expect('=');
      const value = reader.wanting(typeOfVariable(name), () => parseExpression(reader));
      reader.expect(';');
      return { kind: 'set', first, name, operator, value };
    }
    case 'unset': {
      reader.next();
      const name = parseName(reader);
      reader.expect(';');
      return { kind: 'unset', first, name };
    }
    case 'call': {
      reader.next();
      const target = parseTerm(reader);
      reader.expect(';');
      return { kind: 'call', first, target };
    }
    case 'return': {
      reader.next();
      const action = reader.is(';') ? undefined : parseReturnAction(reader);
      reader.expect(';');
      return { kind: 'return', first, action };
    }
    case 'new': {
      reader.next();
      const name = reader.expect('ID');
      if (reader.is('.')) {
        const message = `Name of VCL object, '${name.text}.${reader.peek().text}', contains illegal character '.'`;
        throw new VclMistake(message, name, reader.peek());
      }
      reader.expect('=');
      const object = parseTerm(reader);
      reader.expect(';');
      return { kind: 'new', first, name, object };
    }
    case 'ban':
    case 'hash_data':
    case 'synthetic': {
      reader.next();
      reader.expect('(');
      const argument = reader.wanting('STRING', () => parseExpression(reader));
      reader.expect(')');
      reader.expect(';');
      return { kind: 'action', first, argument };
    }
    default: {
      const expression = parseTerm(reader);
      expectEnd(reader, expression);
      return { kind: 'expression', first, expression };
    }
  }
}

/** Something that nobody calls, as in `foo = 1;`, is a word that means nothing there. */
function expectEnd(reader: TokenReader, { kind, first, last }: Expression): void {
  if (reader.take(';') !== undefined) return;
  if (kind === 'name' && last.kind !== ')') throw new VclMistake('Symbol cannot be used here.', first, last);
  reader.expect(';');
}

function parseReturnAction(reader: TokenReader): ReturnAction {
  reader.expect('(');
  const word = reader.expect('ID');
  let args: Expression[] | undefined;
  if (reader.is('(') && returnWords.has(word.text) && !returnsWithArguments.has(word.text)) {
    throw new VclMistake('Arguments not allowed.', word);
  }
  if (reader.take('(') !== undefined) {
    args = [parseExpression(reader)];
    while (reader.take(',') !== undefined) args.push(parseExpression(reader));
    reader.expect(')');
  }
  reader.expect(')');
  return { word, args };
}

function parseIf(reader: TokenReader): Statement {
  const first = reader.next();
  const branches = [parseBranch(reader)];
  let otherwise: Block | undefined;
  while (reader.is('ID') && otherwise === undefined) {
    const { text } = reader.current;
    if (text === 'elseif' || text === 'elsif' || text === 'elif') {
      reader.next();
      branches.push(parseBranch(reader));
    } else if (text === 'else') {
      reader.next();
      if (reader.isWord('if')) {
        reader.next();
        branches.push(parseBranch(reader));
      } else if (reader.is('{')) {
        otherwise = parseBlock(reader);
      } else {
        throw new VclMistake("'else' must be followed by 'if' or '{'", reader.current);
      }
    } else {
      break;
    }
  }
  return { kind: 'if', first, branches, otherwise };
}

function parseBranch(reader: TokenReader): Branch {
  reader.expect('(');
  const condition = reader.wanting('BOOL', () => parseExpression(reader));
  reader.expect(')');
  return { condition, body: parseBlock(reader) };
}
