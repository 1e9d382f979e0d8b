/**
 * A program of Varnish 3 as one in VCL 4.1 that does the same: what is run, and what `check --upgrade` prints.
 *
 * The order of the new one: imports, then everything as it stood, with objects and beginnings of subs made before the
 * first sub, and at the end what Varnish 3's built-in VCL does otherwise than that of 7.1.
 */
import { lex } from '../lexer.ts';
import { Mistakes } from '../mistake.ts';
import type { VclSource } from '../source.ts';
import type { Block, Declaration, Statement } from '../syntax.ts';
import type { Token } from '../token.ts';
import { oldBuiltin, oldForwardedFor } from './builtin.ts';
import { Carried } from './carried.ts';
import { contextNamed, subOf } from './contexts.ts';
import { Modules } from './modules.ts';
import { parseOld } from './parse.ts';
import { SharedSubs } from './shared-subs.ts';
import { Spelling } from './spelling.ts';
import type { OldDeclaration, SubDeclaration } from './syntax.ts';
import { Targets } from './targets.ts';
import { type Translation, translateBlock } from './translate-statement.ts';

export interface TranslateOptions {
  /** Parameter saintmode_threshold, for backends without one of their own. */
  readonly saintmodeThreshold: number;
}

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
  readonly #shared: SharedSubs;

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
      subNamed: (name, context) => this.#shared.named(name, context),
    };
    this.#shared = new SharedSubs(declarations, this.#spelling, this.#modules, (block, context) =>
      translateBlock(block, context, this.#translation),
    );
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
    if (context === undefined) return [...this.#shared.copiesOf(declaration)];
    return [
      {
        ...declaration,
        name: subOf(context) === name.text ? name : this.#spelling.word(subOf(context), name),
        body: translateBlock(body, context, this.#translation),
      },
    ];
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
