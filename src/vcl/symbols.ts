/**
 * The names of a program: varnishd's symbol table. Names are compared without case, as varnishd does, and a chain of
 * words means its longest beginning that is a symbol; what is left over is asked of that symbol.
 */
import { VclMistake } from './mistake.ts';
import type { Name } from './syntax.ts';
import type { Token } from './token.ts';
import { storageVariables, type Variable, variables } from './variables.ts';
import type { Vmod, VmodFunction, VmodObject } from './vmod.ts';

export type HandleKind = 'acl' | 'backend' | 'probe' | 'sub';

/** Something that a program defines, and may name before it does. */
export interface HandleSymbol {
  readonly kind: HandleKind;
  readonly name: string;
  defined: Token | undefined;
  referenced: Token | undefined;
  /** Whether nobody need name it. */
  isExempt: boolean;
}

export type VclSymbol =
  | HandleSymbol
  | { readonly kind: 'var'; readonly name: string; readonly variable: Variable }
  | { readonly kind: 'headers'; readonly name: string; readonly variable: Variable }
  | { readonly kind: 'func'; readonly name: string; readonly function: VmodFunction; readonly vmod: Vmod }
  | { readonly kind: 'object'; readonly name: string; readonly object: VmodObject; readonly vmod: Vmod }
  | { readonly kind: 'vmod'; readonly name: string; readonly vmod: Vmod; readonly defined: Token }
  | InstanceSymbol
  | { readonly kind: 'builtin'; readonly name: BuiltinName }
  | { readonly kind: 'action' | 'reserved'; readonly name: string };

interface InstanceSymbol {
  readonly kind: 'instance';
  readonly name: string;
  readonly object: VmodObject;
  readonly vmod: Vmod;
  readonly defined: Token;
}

type BuiltinName = 'regsub' | 'regsuball' | 'true' | 'false' | 'default';

const builtinNames: readonly BuiltinName[] = ['regsub', 'regsuball', 'true', 'false', 'default'];
const actions = ['ban', 'call', 'hash_data', 'if', 'new', 'return', 'set', 'synthetic', 'unset'];
const reserved = ['acl', 'sub', 'backend', 'probe', 'import', 'vcl'];

/** What operators name, and programs may mean. */
export interface Named {
  /** Labels. */
  readonly labels?: ReadonlySet<string> | undefined;
  /** Of the cache. Default: any. */
  readonly storages?: ReadonlySet<string> | undefined;
}

/** Versions of VCL, times ten. */
const OLDEST = 40;
const NEWEST = 41;

export interface Found {
  readonly symbol: VclSymbol;
  /** Words of the chain that it takes. */
  readonly length: number;
}

/** Bytes of a field's name. */
const LONGEST_FIELD_NAME = 126;

/** RFC 9110 section 5.1: a token. @throws VclMistake */
function expectFieldName(name: Token, version: number): void {
  if (name.kind === 'CSTR' && version < 41) {
    throw new VclMistake('Quoted headers are available for VCL >= 4.1.', name);
  }
  if (name.text.length > LONGEST_FIELD_NAME) {
    throw new VclMistake(`HTTP header (${name.text.slice(0, 20)}..) is too long.`, name);
  }
  const [illegal] = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.exec(name.text) ?? (name.text === '' ? [''] : []);
  if (illegal === undefined) return;
  const shown = JSON.stringify(illegal).slice(1, -1);
  throw new VclMistake(`Invalid character '${shown}' in header name.`, name);
}

export class Symbols {
  readonly #version: number;
  readonly #symbols = new Map<string, VclSymbol>();
  /** Labels that operators have given, and those that the program names. */
  readonly #labels: ReadonlySet<string>;
  /** Variables that other versions of VCL have. */
  readonly #others = new Map<string, Variable>();
  /** Whether it is not known yet where the program will run. */
  readonly #anyStorage: boolean;
  readonly usedLabels = new Set<string>();

  /** @param version of VCL, times ten */
  constructor(version: number, { labels, storages }: Named) {
    this.#version = version;
    this.#labels = labels ?? new Set();
    this.#anyStorage = storages === undefined;
    for (const name of storages ?? []) this.#addStorage(name);
    for (const variable of variables) {
      if (version < variable.since || version > variable.until) {
        this.#others.set(variable.name, variable);
        continue;
      }
      const kind = variable.type === 'HEADER' ? 'headers' : 'var';
      this.add({ kind, name: variable.name, variable });
    }
    for (const name of builtinNames) this.add({ kind: 'builtin', name });
    for (const name of actions) this.add({ kind: 'action', name });
    for (const name of reserved) this.add({ kind: 'reserved', name });
  }

  /** @throws VclMistake */
  useLabel(token: Token): string {
    if (!this.#labels.has(token.text)) {
      const known = this.#version < NEWEST ? undefined : this.get(token.text);
      throw known === undefined ? notFound([token]) : wrongKind([token], known, 'vcl');
    }
    this.usedLabels.add(token.text);
    return token.text;
  }

  /** What to say of a name that means nothing in this version of VCL. */
  notFound(name: readonly Token[]): VclMistake {
    const other = this.#others.get(chainOf(name).toLowerCase());
    if (other === undefined || this.get(other.name) !== undefined) return notFound(name);
    const { since, until } = other;
    const from = since > OLDEST ? `${since / 10} <= ` : '';
    const to = until < NEWEST ? ` <= ${(until / 10).toFixed(1)}` : '';
    return notFound(name, ` (Only available when ${from}VCL syntax${to})`);
  }

  get(name: string): VclSymbol | undefined {
    return this.#symbols.get(name.toLowerCase());
  }

  #addStorage(name: string): void {
    for (const variable of storageVariables(name)) this.add({ kind: 'var', name: variable.name, variable });
  }

  add(symbol: VclSymbol, name = symbol.name): void {
    this.#symbols.set(name.toLowerCase(), symbol);
  }

  /** Those of a kind, in the order of their names, in which varnishd looks through them. */
  handles(): HandleSymbol[] {
    const found: HandleSymbol[] = [];
    for (const symbol of this.#symbols.values()) if ('isExempt' in symbol) found.push(symbol);
    return found.sort((a, b) => compareNames(a.name, b.name));
  }

  /** What is there need not be named. */
  exemptDefined(): void {
    for (const symbol of this.handles()) if (symbol.defined !== undefined) symbol.isExempt = true;
  }

  /** The longest beginning of a chain that is a symbol. @throws VclMistake the name of a field is none */
  find(name: Name): Found | undefined {
    let chain = '';
    let found: Found | undefined;
    const [first, second] = name;
    if (
      this.#anyStorage &&
      first.text === 'storage' &&
      second?.kind === 'ID' &&
      !this.get(`storage.${second.text}`)
    ) {
      this.#addStorage(second.text);
    }
    for (const [index, word] of name.entries()) {
      if (found?.symbol.kind === 'headers') {
        expectFieldName(word, this.#version);
        return { symbol: found.symbol, length: index + 1 };
      }
      if (word.kind === 'CSTR') break;
      chain = chain === '' ? word.text : `${chain}.${word.text}`;
      const symbol = this.get(chain);
      if (symbol !== undefined) found = { symbol, length: index + 1 };
    }
    // `req.http` alone is nothing, and neither is a vmod.
    return found?.symbol.kind === 'headers' && found.length < 3 ? undefined : found;
  }

  /**
   * Names something that may be defined later.
   *
   * @throws VclMistake
   */
  refer(token: Token, kind: HandleKind): HandleSymbol {
    const known = this.get(token.text);
    if (known !== undefined) {
      if (known.kind !== kind) throw wrongKind([token], known, kind);
      known.referenced ??= token;
      return known;
    }
    if (kind !== 'sub') refuseReserved(token);
    const symbol: HandleSymbol = {
      kind,
      name: token.text,
      defined: undefined,
      referenced: token,
      isExempt: false,
    };
    this.add(symbol);
    return symbol;
  }

  /**
   * Defines an acl, backend or probe.
   *
   * @throws VclMistake its name is taken
   */
  define(token: Token, kind: Exclude<HandleKind, 'sub'>): HandleSymbol {
    const known = this.get(token.text);
    if (known !== undefined) expectFree(token, known, kind);
    if (known === undefined) refuseReserved(token);
    const symbol: HandleSymbol =
      known !== undefined && 'isExempt' in known
        ? known
        : { kind, name: token.text, defined: undefined, referenced: undefined, isExempt: false };
    symbol.defined = token;
    this.add(symbol);
    return symbol;
  }
}

/** @throws VclMistake */
export function expectFree(token: Token, known: VclSymbol, kind: HandleKind | 'instance'): void {
  const defined = 'defined' in known ? known.defined : undefined;
  if (defined !== undefined && known.kind === kind) {
    throw new VclMistake(
      `${capitalised(kind)} '${token.text}' redefined.`,
      token,
      token,
      firstDefined(defined),
    );
  }
  if (defined !== undefined) {
    throw new VclMistake(`Name '${token.text}' already defined.`, token, token, firstDefined(defined));
  }
  if (known.kind !== kind) {
    throw new VclMistake(`Name ${token.text} must have type '${kindOf(known)}'.`, token);
  }
}

function firstDefined(token: Token): string {
  const { line } = token.source.place(token.start, token.end);
  return `First definition: line ${line}.`;
}

function refuseReserved(token: Token): void {
  if (/^vcl_/i.test(token.text)) throw new VclMistake("Symbols named 'vcl_*' are reserved.", token);
}

export function wrongKind(name: readonly Token[], symbol: VclSymbol, expected: string): VclMistake {
  const text = chainOf(name);
  const message = `Symbol '${text}' has wrong type (${kindOf(symbol)}), expected ${expected}:`;
  return new VclMistake(message, name[0], name.at(-1));
}

export function kindOf({ kind }: VclSymbol): string {
  if (kind === 'headers') return 'var';
  return kind === 'builtin' ? 'func' : kind;
}

export function notFound(name: readonly Token[], why = ''): VclMistake {
  return new VclMistake(`Symbol not found: '${chainOf(name)}'${why}`, name[0], name.at(-1));
}

export function chainOf(name: readonly Token[]): string {
  return name.map(({ kind, text }) => (kind === 'CSTR' ? `"${text}"` : text)).join('.');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function compareNames(a: string, b: string): number {
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  return left < right ? -1 : Number(left > right);
}
