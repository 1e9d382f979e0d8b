/**
 * A program of Varnish 3 as one in VCL 4.1 that does the same: what is run, and what `check --upgrade` prints.
 *
 * The order of the new one: imports, then everything as it stood, with objects and beginnings of subs made before the
 * first sub, and at the end what Varnish 3's built-in VCL does otherwise than that of 7.1.
 */
import { lex } from '../lexer.ts';
import { Mistakes } from '../mistake.ts';
import { printStatements } from '../printer.ts';
import type { VclSource } from '../source.ts';
import type { Block, Declaration, Statement } from '../syntax.ts';
import type { Token } from '../token.ts';
import { oldBuiltin, oldForwardedFor } from './builtin.ts';
import { Carried } from './carried.ts';
import { type Context, contextNamed, subOf } from './contexts.ts';
import { Modules } from './modules.ts';
import { parseOld } from './parse.ts';
import { Spelling } from './spelling.ts';
import type { OldDeclaration } from './syntax.ts';
import { Targets } from './targets.ts';
import { type Translation, translateBlock } from './translate-statement.ts';

export interface TranslateOptions {
  /** Parameter saintmode_threshold, for backends without one of their own. */
  readonly saintmodeThreshold: number;
}

type SubDeclaration = Extract<OldDeclaration, { kind: 'sub' }>;

/**
 * @param tokens of the program
 * @param order where tokens stand in it; those that are made are added
 */
export function translateOld(
  tokens: readonly Token[],
  order: Map<Token, number>,
  options: TranslateOptions,
  mistakes: Mistakes,
): Declaration[] {
  const declarations = parseOld(tokens, mistakes);
  return new ProgramTranslator(declarations, tokens, order, options, mistakes).run();
}

class ProgramTranslator {
  readonly #declarations: readonly OldDeclaration[];
  readonly #tokens: readonly Token[];
  readonly #spelling: Spelling;
  /** For what stands nowhere in the old program, and so takes none of its comments. */
  readonly #added = new Spelling(new Map());
  readonly #modules: Modules;
  readonly #targets: Targets;
  readonly #carried: Carried;
  readonly #translation: Translation;
  readonly #mistakes: Mistakes;
  /** By the name of a sub that others call: its translations, by what they come to. */
  readonly #copies = new Map<string, Map<string, { readonly name: Token; readonly body: Block }>>();
  readonly #copyIn = new Map<string, Token>();
  readonly #translating = new Set<string>();

  constructor(
    declarations: readonly OldDeclaration[],
    tokens: readonly Token[],
    order: Map<Token, number>,
    { saintmodeThreshold }: TranslateOptions,
    mistakes: Mistakes,
  ) {
    this.#declarations = declarations;
    this.#tokens = tokens;
    this.#mistakes = mistakes;
    this.#spelling = new Spelling(order);
    this.#modules = new Modules(declarations);
    const hasSaintLists = tokens.some(
      ({ text }, index) => text === 'saintmode' && tokens[index - 1]?.kind === '.',
    );
    this.#targets = new Targets(this.#spelling, this.#modules, mistakes, {
      hasSaintLists,
      saintmodeThreshold,
    });
    this.#carried = new Carried(this.#modules);
    this.#translation = {
      spelling: this.#spelling,
      modules: this.#modules,
      targets: this.#targets,
      carried: this.#carried,
      mistakes,
      subNamed: (name, context) => this.#subNamed(name, context),
    };
  }

  run(): Declaration[] {
    const at = this.#tokens[0] as Token;
    const makers: (() => readonly Statement[])[] = [];
    const before: Declaration[] = [];
    const after: (Exclude<Declaration, { kind: 'sub' }> | SubDeclaration)[] = [];
    // Targets are known before any statement names them.
    for (const declaration of this.#declarations) {
      const place = after.length === 0 ? before : after;
      switch (declaration.kind) {
        case 'backend':
          this.#mistakes.guard('reading', () => place.push(this.#targets.addBackend(declaration)));
          break;
        case 'director': {
          const { backends, make } = this.#targets.addDirector(declaration);
          place.push(...backends);
          makers.push(make);
          break;
        }
        case 'sub':
          after.push(declaration);
          break;
        default:
          place.push(declaration);
      }
    }
    const isForwardedFor = this.#mentions('x-forwarded-for');
    const builtins = [...(isForwardedFor ? builtin(oldForwardedFor) : []), ...builtin(oldBuiltin)];
    const translated = after.flatMap((one) => (one.kind === 'sub' ? this.#sub(one) : [one]));
    const ends = builtins.flatMap((one) => (one.kind === 'sub' ? this.#sub(one) : []));
    const made = makers.flatMap((make) => make());
    const beginnings = this.#beginnings(isForwardedFor, at);
    const objects = [...this.#targets.makeSaints(), ...made];
    const init = objects.length === 0 ? [] : [this.#newSub('vcl_init', objects, at)];
    const abandon = this.#added.statements('return (abandon);', at);
    const failed = this.#newSub('vcl_backend_error', abandon, at);
    return [
      ...this.#head(at),
      ...before,
      ...noted(init, notes.init),
      ...noted(beginnings, notes.beginning),
      ...translated,
      ...noted(ends, notes.end),
      ...noted([failed], notes.failed),
    ];
  }

  /** Whether a field is named anywhere. */
  #mentions(field: string): boolean {
    return this.#tokens.some(({ kind, text }) => kind === 'ID' && text.toLowerCase() === field);
  }

  #head(at: Token): Declaration[] {
    const version = this.#added.token('FNUM', '4.1', at);
    const imports = [...this.#modules.added].map(
      ([module, name]): Declaration => ({
        kind: 'import',
        first: this.#added.word('import', at),
        module: this.#added.word(module, at),
        alias: name === module ? undefined : this.#added.word(name, at),
        path: undefined,
      }),
    );
    return [{ kind: 'version', first: this.#added.word('vcl', at), version }, ...imports];
  }

  #beginnings(isForwardedFor: boolean, at: Token): Declaration[] {
    const texts = new Map(this.#carried.beginnings());
    const recv = [texts.get('vcl_recv') ?? ''];
    if (isForwardedFor) recv.push(withoutForwardedFor);
    const reference = this.#targets.defaultReference;
    if (reference !== undefined) recv.push('set req.backend_hint = TARGET;');
    texts.set('vcl_recv', recv.join(' ').trim());
    const given = reference === undefined ? {} : { TARGET: reference };
    return [...texts].flatMap(([sub, text]) =>
      text === '' ? [] : [this.#newSub(sub, this.#added.statements(text, at, given), at)],
    );
  }

  #newSub(name: string, statements: readonly Statement[], at: Token): Declaration {
    const spelling = this.#added;
    const body: Block = {
      open: spelling.token('{', '{', at),
      statements,
      close: spelling.token('}', '}', at),
    };
    return { kind: 'sub', first: spelling.word('sub', at), name: spelling.word(name, at), body };
  }

  #sub(declaration: SubDeclaration): Declaration[] {
    const { name, body } = declaration;
    const context = contextNamed(name.text);
    if (context === undefined) return this.#copiesOf(declaration);
    return [
      {
        ...declaration,
        name: subOf(context) === name.text ? name : this.#spelling.word(subOf(context), name),
        body: translateBlock(body, context, this.#translation),
      },
    ];
  }

  /** A sub that others call, once for each that it is now; one that nobody calls is shown as it is. */
  #copiesOf(declaration: SubDeclaration): Declaration[] {
    const { name } = declaration;
    for (const context of this.#callersOf(name.text)) this.#subNamed(name, context);
    if (!this.#copies.has(name.text)) this.#subNamed(name, 'recv');
    const copies = [...(this.#copies.get(name.text)?.values() ?? [])];
    return copies.map((copy, index) =>
      index === 0
        ? { ...declaration, ...copy }
        : { ...declaration, ...copy, first: this.#spelling.word('sub', declaration.first) },
    );
  }

  /** The contexts in which a sub runs. */
  #callersOf(name: string, seen = new Set<string>()): Set<Context> {
    const found = new Set<Context>();
    if (seen.has(name)) return found;
    seen.add(name);
    for (const declaration of this.#declarations) {
      if (declaration.kind !== 'sub' || !calls(declaration.body, name)) continue;
      const context = contextNamed(declaration.name.text);
      if (context !== undefined) found.add(context);
      else for (const outer of this.#callersOf(declaration.name.text, seen)) found.add(outer);
    }
    return found;
  }

  #subNamed(name: Token, context: Context): Token {
    const key = `${name.text} ${context}`;
    const known = this.#copyIn.get(key);
    const declaration = this.#declarations.find(
      (one): one is SubDeclaration => one.kind === 'sub' && one.name.text === name.text,
    );
    // One that calls itself is the checker's business.
    if (declaration === undefined || this.#translating.has(key)) return name;
    if (known !== undefined) return this.#spelling.word(known.text, name);
    this.#translating.add(key);
    const body = translateBlock(declaration.body, context, this.#translation);
    this.#translating.delete(key);
    const text = printStatements(body.statements);
    const copies = this.#copies.get(name.text) ?? new Map();
    this.#copies.set(name.text, copies);
    let copy = copies.get(text);
    if (copy === undefined) {
      const own = copies.size === 0 ? name.text : this.#modules.free(`${name.text}_${context}`);
      copy = {
        name: own === name.text ? declaration.name : this.#spelling.word(own, declaration.name),
        body,
      };
      copies.set(text, copy);
    }
    this.#copyIn.set(key, copy.name);
    return copy.name.text === name.text ? name : this.#spelling.word(copy.name.text, name);
  }
}

/** What is said of subs that nobody wrote. */
const notes = {
  init: "Varnish 3's directors and saint lists, which are objects now.",
  beginning: 'What Varnish 3 does by itself, and what both sides of a request have to tell each other.',
  end: "What Varnish 3's built-in VCL does, and later ones do not.",
  failed: 'A backend that does not answer is for vcl_synth, as it was for vcl_error.',
};

/** With something said before the first of several. */
function noted(declarations: readonly Declaration[], note: string): Declaration[] {
  return declarations.map((declaration, index) => (index === 0 ? { ...declaration, note } : declaration));
}

/** What later versions have added by then is taken away again. */
const withoutForwardedFor = `
if (req.restarts == 0) {
  set req.http.X-Forwarded-For = regsub(req.http.X-Forwarded-For, "(?:, *)?[^,]*$", "");
  if (req.http.X-Forwarded-For == "") { unset req.http.X-Forwarded-For; }
}`;

function builtin(source: VclSource): OldDeclaration[] {
  return parseOld(lex(source), new Mistakes());
}

function calls({ statements }: Block, name: string): boolean {
  return statements.some((statement) => {
    switch (statement.kind) {
      case 'call': {
        const { target } = statement;
        return target.kind === 'name' && target.name[0].text === name;
      }
      case 'block':
        return calls(statement.body, name);
      case 'if':
        return (
          statement.branches.some(({ body }) => calls(body, name)) ||
          (statement.otherwise !== undefined && calls(statement.otherwise, name))
        );
      default:
        return false;
    }
  });
}
