/**
 * Subs that others call. In Varnish 3 one can be called from both sides of a request; where it means two things now, it
 * becomes two. Cost: each is translated once for each context that it runs in.
 */
import { printStatements } from '../printer.ts';
import type { Block } from '../syntax.ts';
import type { Token } from '../token.ts';
import { type Context, contextNamed } from './contexts.ts';
import type { Modules } from './modules.ts';
import type { Spelling } from './spelling.ts';
import type { OldDeclaration, SubDeclaration } from './syntax.ts';

interface Copy {
  readonly name: Token;
  readonly body: Block;
}

interface Shared {
  readonly declaration: SubDeclaration;
  readonly contexts: Set<Context>;
  /** By what they come to. */
  readonly copies: Map<string, Copy>;
  readonly copyIn: Map<Context, Copy>;
  /** Contexts that it is being translated for. */
  readonly translating: Set<Context>;
}

export class SharedSubs {
  readonly #spelling: Spelling;
  readonly #modules: Modules;
  readonly #translate: (block: Block, context: Context) => Block;
  readonly #subs = new Map<string, Shared>();

  constructor(
    declarations: readonly OldDeclaration[],
    spelling: Spelling,
    modules: Modules,
    translate: (block: Block, context: Context) => Block,
  ) {
    this.#spelling = spelling;
    this.#modules = modules;
    this.#translate = translate;
    const roots: [SubDeclaration, Context][] = [];
    for (const declaration of declarations) {
      if (declaration.kind !== 'sub') continue;
      const { text } = declaration.name;
      const context = contextNamed(text);
      if (context !== undefined) roots.push([declaration, context]);
      else if (!this.#subs.has(text)) {
        const [copies, copyIn] = [new Map<string, Copy>(), new Map<Context, Copy>()];
        this.#subs.set(text, { declaration, contexts: new Set(), copies, copyIn, translating: new Set() });
      }
    }
    for (const [{ body }, context] of roots) this.#spread(body, context);
  }

  /** The name of a sub where a context calls it. */
  named(name: Token, context: Context): Token {
    const shared = this.#subs.get(name.text);
    // One that calls itself, or is not there, is the checker's business.
    if (shared === undefined || shared.translating.has(context)) return name;
    const { text } = this.#copyFor(shared, context).name;
    return text === name.text ? name : this.#spelling.word(text, name);
  }

  /** What a sub is now; one that nobody calls is shown as vcl_recv would have it. */
  copiesOf(declaration: SubDeclaration): readonly SubDeclaration[] {
    const shared = this.#subs.get(declaration.name.text);
    if (shared === undefined || shared.declaration !== declaration) return [declaration];
    const { contexts, copies } = shared;
    for (const context of contexts.size === 0 ? (['recv'] as const) : contexts)
      this.#copyFor(shared, context);
    return [...copies.values()].map((copy, index) => {
      const first = index === 0 ? declaration.first : this.#spelling.word('sub', declaration.first);
      return { ...declaration, ...copy, first };
    });
  }

  #copyFor(shared: Shared, context: Context): Copy {
    const known = shared.copyIn.get(context);
    if (known !== undefined) return known;
    const { declaration, copies, copyIn, translating } = shared;
    translating.add(context);
    const body = this.#translate(declaration.body, context);
    translating.delete(context);
    const text = printStatements(body.statements);
    let copy = copies.get(text);
    if (copy === undefined) {
      const { name } = declaration;
      const isFirst = copies.size === 0;
      const own = isFirst ? name : this.#spelling.word(this.#modules.free(`${name.text}_${context}`), name);
      copy = { name: own, body };
      copies.set(text, copy);
    }
    copyIn.set(context, copy);
    return copy;
  }

  /** Takes down that all that a block calls runs in a context. */
  #spread(body: Block, context: Context): void {
    const open = [body];
    for (let block = open.pop(); block !== undefined; block = open.pop()) {
      for (const name of namesCalledIn(block)) {
        const shared = this.#subs.get(name);
        if (shared === undefined || shared.contexts.has(context)) continue;
        shared.contexts.add(context);
        open.push(shared.declaration.body);
      }
    }
  }
}

function namesCalledIn({ statements }: Block): string[] {
  return statements.flatMap((statement) => {
    switch (statement.kind) {
      case 'call': {
        const { target } = statement;
        return target.kind === 'name' ? [target.name[0].text] : [];
      }
      case 'block':
        return namesCalledIn(statement.body);
      case 'if': {
        const blocks = statement.branches.map(({ body }) => body);
        return [...blocks, ...(statement.otherwise ? [statement.otherwise] : [])].flatMap(namesCalledIn);
      }
      default:
        return [];
    }
  });
}
