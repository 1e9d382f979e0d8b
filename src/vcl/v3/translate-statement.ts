/** Statements of Varnish 3 as those of VCL 4.1 that do the same in the sub that each context is now. */
import { type Mistakes, VclMistake } from '../mistake.ts';
import { printName } from '../print-expression.ts';
import type { Block, Expression, Name, Statement } from '../syntax.ts';
import type { Token } from '../token.ts';
import { durationUnits } from '../value-type.ts';
import type { Carried } from './carried.ts';
import { type Context, returnedFor } from './contexts.ts';
import { mapNames, mapParts, type NameExpression } from './map-tree.ts';
import type { Modules } from './modules.ts';
import type { Spelling } from './spelling.ts';
import type { Targets } from './targets.ts';
import { adviceFor, type OldVariable, spelledIn, variableOf } from './variables.ts';

export interface Translation {
  readonly spelling: Spelling;
  readonly modules: Modules;
  readonly targets: Targets;
  readonly carried: Carried;
  readonly mistakes: Mistakes;
  /** What a sub is called that others call, in a context. */
  readonly subNamed: (name: Token, context: Context) => Token;
}

export function translateBlock(block: Block, context: Context, translation: Translation): Block {
  const translator = new StatementTranslator(context, translation);
  return translator.block(block);
}

class StatementTranslator {
  readonly #context: Context;
  readonly #translation: Translation;

  constructor(context: Context, translation: Translation) {
    this.#context = context;
    this.#translation = translation;
  }

  /** A statement with a mistake is left out, and the mistake taken down. */
  block(block: Block): Block {
    const { mistakes } = this.#translation;
    const statements = block.statements.flatMap(
      (statement) => mistakes.guard('reading', () => this.#statement(statement)) ?? [],
    );
    return { ...block, statements };
  }

  #statement(statement: Statement): readonly Statement[] {
    switch (statement.kind) {
      case 'set':
        return this.#set(statement);
      case 'unset':
        return this.#unset(statement);
      case 'return':
        return this.#return(statement);
      case 'call':
        return [this.#call(statement)];
      case 'action':
        return this.#action(statement);
      case 'expression':
        if (isWord(statement.expression)) return this.#word(statement.first);
        return [this.#parts(statement)];
      default:
        return [this.#parts(statement)];
    }
  }

  #parts(statement: Statement): Statement {
    return mapParts(statement, {
      expression: (node) => this.#expression(node),
      block: (block) => this.block(block),
    });
  }

  #made(text: string, first: Token, given: Readonly<Record<string, Expression>> = {}): readonly Statement[] {
    return this.#translation.spelling.statements(text, first, given);
  }

  #set(statement: Extract<Statement, { kind: 'set' }>): readonly Statement[] {
    const { name, first } = statement;
    const old = variableOf(name);
    if (old === undefined) return [this.#parts(statement)];
    this.#expectIn(name, old.writable, 'Cannot be set');
    const value = this.#expression(statement.value);
    if (old.name === 'beresp.saintmode') return this.#saintmode(first, value);
    if (old.name === 'obj.ttl' && this.#context === 'hit') return this.#expire(name, first, value);
    if (this.#context === 'fetch' && old.name.startsWith('req.')) {
      const part = this.#requestPart(old, name);
      return this.#made(this.#translation.carried.changeRequest(part, false), first, { VALUE: value });
    }
    if (this.#context === 'miss' || this.#context === 'pass') {
      const text = this.#translation.carried.setInFetch(old.name, value);
      if (text !== undefined) return this.#made(text, first, { VALUE: value });
    }
    return [{ ...statement, name: this.#name(old, name), value }];
  }

  #unset(statement: Extract<Statement, { kind: 'unset' }>): readonly Statement[] {
    const { name, first } = statement;
    const old = variableOf(name);
    if (old === undefined) return [statement];
    this.#expectIn(name, old.writable, 'Cannot be unset');
    if (this.#context === 'fetch' && old.name === 'req.http') {
      const part = this.#requestPart(old, name);
      return this.#made(this.#translation.carried.changeRequest(part, true), first);
    }
    return [{ ...statement, name: this.#name(old, name) }];
  }

  /**
   * What a fetch changes of the client's request, of which it has only a copy by now.
   *
   * @throws VclMistake it could not be told the request
   */
  #requestPart(old: OldVariable, name: Name): string {
    if (old.name === 'req.url') return 'url';
    if (old.name === 'req.request') return 'method';
    if (old.name === 'req.http') return printName(this.#name(old, name)).replace(/^bereq\./, '');
    const message = `${textOf(name)} cannot be changed in vcl_fetch: by then the request has gone where it says.`;
    throw new VclMistake(message, name[0], name.at(-1), adviceFor(old, this.#context));
  }

  /** The way in which objects were purged before there was `purge`. */
  #expire(name: Name, first: Token, value: Expression): readonly Statement[] {
    if (value.kind === 'number' && Number(value.token.text) === 0) {
      return this.#made(`${this.#translation.modules.named('purge')}.soft();`, first);
    }
    const message = 'obj.ttl cannot be changed any more, but for 0s, which expires it.';
    throw new VclMistake(message, name[0], name.at(-1), 'Set beresp.ttl in vcl_fetch.');
  }

  #saintmode(first: Token, value: Expression): readonly Statement[] {
    const { modules } = this.#translation;
    const nothing = () =>
      `${modules.named('std')}.log("beresp.saintmode: a duration of 0 s or less changes nothing");`;
    const blacklist = () => `${modules.named('saintmode')}.blacklist(VALUE);`;
    if (value.kind === 'number' && value.unit !== undefined && durationUnits.has(value.unit.text)) {
      const isPositive = !value.isNegative && Number(value.token.text) > 0;
      return this.#made(isPositive ? blacklist() : nothing(), first, { VALUE: value });
    }
    const text = `if (VALUE > 0s) { ${blacklist()} } else { ${nothing()} }`;
    return this.#made(text, first, { VALUE: value });
  }

  #return(statement: Extract<Statement, { kind: 'return' }>): readonly Statement[] {
    const { action, first } = statement;
    if (action === undefined) throw new VclMistake("Expected '(' got ';'", first);
    const { word } = action;
    const returned = returnedFor(word, this.#context);
    const [code, reason] = (action.args ?? []).map((node) => this.#expression(node));
    const { carried, spelling } = this.#translation;
    // `return (error)` gives none.
    const CODE = code ?? spelling.expression('501', word);
    if (word.text === 'error') {
      const given = { CODE, ...(reason === undefined ? {} : { REASON: reason }) };
      if (this.#context === 'fetch') return this.#made(carried.error(reason !== undefined), first, given);
      return this.#made(`return (synth(CODE${reason === undefined ? '' : ', REASON'}));`, first, given);
    }
    if (action.args !== undefined) throw new VclMistake('Arguments not allowed.', word);
    if (this.#context === 'fetch' && word.text === 'restart') return this.#made(carried.restart(), first);
    if (word.text === 'hit_for_pass') return this.#made('return (pass(beresp.ttl));', first);
    const renamed = word.text === returned ? word : spelling.word(returned, word);
    return [{ ...statement, action: { word: renamed, args: undefined } }];
  }

  #call(statement: Extract<Statement, { kind: 'call' }>): Statement {
    const { target } = statement;
    if (target.kind !== 'name' || target.name.length > 1 || target.call !== undefined) return statement;
    const [name] = target.name;
    return {
      ...statement,
      target: { ...target, name: [this.#translation.subNamed(name, this.#context)] },
    };
  }

  #action(statement: Extract<Statement, { kind: 'action' }>): readonly Statement[] {
    const { first } = statement;
    const VALUE = this.#expression(statement.argument);
    switch (first.text) {
      case 'ban_url':
        return this.#made('ban("req.url ~ " + VALUE);', first, { VALUE });
      case 'synthetic':
        this.#expectAction(first, 'error');
        // Later ones of several replace the former.
        return this.#made('set resp.body = VALUE;', first, { VALUE });
      default:
        return [{ ...statement, argument: VALUE }];
    }
  }

  #word(first: Token): readonly Statement[] {
    const { modules } = this.#translation;
    if (first.text === 'rollback') {
      const { carried } = this.#translation;
      const text = this.#context === 'fetch' ? carried.rollback() : `${modules.named('std')}.rollback(req);`;
      return this.#made(text, first);
    }
    this.#expectAction(first, 'hit', 'miss');
    return this.#made(`${modules.named('purge')}.hard();`, first);
  }

  #expectAction(word: Token, ...contexts: readonly Context[]): void {
    if (contexts.includes(this.#context)) return;
    throw new VclMistake(`Not a valid action in subroutine 'vcl_${this.#context}'.`, word);
  }

  #expression(node: Expression): Expression {
    return mapNames(node, (name) => this.#named(name));
  }

  #named(node: NameExpression): Expression {
    const { name, call } = node;
    const [first] = name;
    const { spelling, targets, carried, modules } = this.#translation;
    const old = variableOf(name);
    if (old === undefined) {
      if (name.length > 1 || call !== undefined || !targets.has(first.text)) return node;
      // What a fetch went to is a backend itself.
      return this.#context === 'fetch' ? node : targets.reference(first);
    }
    this.#expectIn(name, old.readable, 'Not available');
    if (old.name === 'req.restarts' && this.#context === 'fetch') {
      return spelling.expression(carried.restarts(), first);
    }
    const spelled = this.#spelled(old, name);
    if (!spelled.includes('(')) return { ...node, name: this.#name(old, name) };
    return spelling.expression(spelled.replace(/^std\b/, modules.named('std')), first);
  }

  /** @throws VclMistake nothing is like it any more */
  #spelled(old: OldVariable, name: Name): string {
    const spelled = spelledIn(old, this.#context);
    if (spelled !== undefined) return spelled;
    const message = `${textOf(name)} is not supported in vcl_${this.#context}.`;
    throw new VclMistake(message, name[0], name.at(-1), adviceFor(old, this.#context));
  }

  #name(old: OldVariable, name: Name): Name {
    const { spelling } = this.#translation;
    const [first] = name;
    const last = name.at(-1) ?? first;
    const spelled = this.#spelled(old, name);
    const words = spelled.split('.').map((text) => spelling.word(text, first));
    if (old.name.endsWith('.http')) {
      // A name with points in it is one word now, in quotes.
      const field = name.slice(2).map(({ text }) => text);
      const [only] = field;
      words.push(
        field.length === 1 && only !== undefined
          ? spelling.word(only, last)
          : spelling.token('CSTR', field.join('.'), last),
      );
    }
    const [head = first, ...rest] = spelled === textOf(name) ? name : words;
    return [head, ...rest];
  }

  /** @throws VclMistake */
  #expectIn(name: Name, contexts: ReadonlySet<Context>, sentence: string): void {
    if (contexts.has(this.#context)) return;
    const message = `${sentence} in subroutine 'vcl_${this.#context}'.`;
    throw new VclMistake(`'${textOf(name)}': ${message}`, name[0], name.at(-1));
  }
}

/** `purge` and `rollback`, which are read as names that stand alone. */
function isWord(node: Expression): boolean {
  return node.kind === 'name' && node.name.length === 1 && node.call === undefined;
}

function textOf(name: Name): string {
  return name.map(({ text }) => text).join('.');
}
