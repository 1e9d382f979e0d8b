/**
 * From a program as it is written to one whose every name is known: declarations in their order, then what only
 * the whole shows. Mistakes are taken down, and what remains is still looked at.
 */

import type { ProbeDeclaration } from '../config/declaration.ts';
import { type Acl, readAcl } from './acl.ts';
import { builtinVcl } from './builtin-vcl.ts';
import { checkArguments } from './check-arguments.ts';
import { type CheckedBackend, checkBackend, checkProbe } from './check-backend.ts';
import { checkValue } from './check-expression.ts';
import type { Scope } from './check-name.ts';
import { checkProgram } from './check-program.ts';
import { checkBlock, type StatementScope } from './check-statement.ts';
import type { Checked } from './checked.ts';
import { constantOf } from './constant.ts';
import { lex } from './lexer.ts';
import { methodNamed, methods } from './methods.ts';
import { Mistakes, VclMistake } from './mistake.ts';
import { parse } from './parser.ts';
import { newSubRecord, type SubRecord } from './sub-record.ts';
import { compareNames, expectFree, type Named, notFound, Symbols, wrongKind } from './symbols.ts';
import type { AclEntry, Declaration, Statement } from './syntax.ts';
import type { Token } from './token.ts';
import type { Vmod, VmodInstance } from './vmod.ts';

/** The host names of ACLs that could be resolved, with all their addresses. */
export type HostAddresses = ReadonlyMap<string, readonly string[]>;

export interface CheckedProgram {
  /** Of VCL, times ten. */
  readonly version: number;
  readonly backends: readonly CheckedBackend[];
  /** Names of backends that are `none`. */
  readonly nones: ReadonlySet<string>;
  readonly defaultBackend: string | undefined;
  readonly probes: ReadonlyMap<string, ProbeDeclaration>;
  readonly acls: ReadonlyMap<string, Acl>;
  /** By their names in lower case. */
  readonly subs: ReadonlyMap<string, SubRecord>;
  readonly instances: ReadonlyMap<string, VmodInstance & { readonly defined: Token }>;
  readonly vmods: readonly Vmod[];
  /** Labels that it may hand requests over to. */
  readonly labels: readonly string[];
  /** What is worth knowing, but no mistake. */
  readonly notes: readonly { readonly message: string; readonly token: Token }[];
}

let builtin: readonly Declaration[] | undefined;

/** The built-in VCL is read once in a process. */
function builtinDeclarations(): readonly Declaration[] {
  if (builtin !== undefined) return builtin;
  const mistakes = new Mistakes();
  builtin = parse(lex(builtinVcl), mistakes);
  return builtin;
}

interface CheckOptions extends Named {
  /** Whether what is declared must be used. Default: true. */
  readonly refusesUnused?: boolean | undefined;
}

export function check(
  declarations: readonly Declaration[],
  vmods: ReadonlyMap<string, Vmod>,
  hosts: HostAddresses,
  mistakes: Mistakes,
  { labels, storages, refusesUnused = true }: CheckOptions = {},
): CheckedProgram {
  const version = versionOf(declarations, mistakes);
  const symbols = new Symbols(version, { labels, storages });
  const checker = new Checker(version, symbols, vmods, hosts, mistakes);
  for (const declaration of declarations) mistakes.guard('reading', () => checker.take(declaration));
  for (const declaration of builtinDeclarations()) mistakes.guard('reading', () => checker.take(declaration));
  if (!refusesUnused) symbols.exemptDefined();
  return checker.finish();
}

/** Times ten. */
function versionOf([first, ...rest]: readonly Declaration[], mistakes: Mistakes): number {
  if (first?.kind !== 'version') {
    const advice =
      'Update your VCL to Version 4 syntax, and add vcl 4.1; on the first line of the VCL files.';
    mistakes.add(
      'reading',
      new VclMistake('VCL version declaration missing', first?.first, first?.first, advice),
    );
    return 41;
  }
  const top = mistakes.guard('reading', () => readVersion(first)) ?? 41;
  for (const declaration of rest) {
    if (declaration.kind !== 'version') continue;
    mistakes.guard('reading', () => {
      const version = readVersion(declaration);
      if (version <= top) return;
      const message = `VCL version ${declaration.version.text} higher than the top level version ${top / 10}`;
      throw new VclMistake(message, declaration.first, declaration.version);
    });
  }
  return top;
}

function readVersion({ first, version }: Extract<Declaration, { kind: 'version' }>): number {
  if (!/^\d\.\d$/.test(version.text)) {
    throw new VclMistake("Don't play silly buggers with VCL version numbers", version);
  }
  const number = Math.round(Number(version.text) * 10);
  if (number === 40 || number === 41) return number;
  throw new VclMistake(`VCL version ${version.text} not supported.`, first, version);
}

class Checker {
  readonly #version: number;
  readonly #vmods: ReadonlyMap<string, Vmod>;
  readonly #hosts: HostAddresses;
  readonly #mistakes: Mistakes;
  readonly #symbols: Symbols;
  readonly #subs = new Map<string, SubRecord>();
  readonly #backends: CheckedBackend[] = [];
  readonly #nones = new Set<string>();
  readonly #probes = new Map<string, ProbeDeclaration>();
  readonly #acls = new Map<string, Acl>();
  readonly #instances = new Map<string, VmodInstance & { readonly defined: Token }>();
  readonly #imported = new Set<Vmod>();
  readonly #notes: { readonly message: string; readonly token: Token }[] = [];
  #first: string | undefined;
  #hasDefault = false;

  constructor(
    version: number,
    symbols: Symbols,
    vmods: ReadonlyMap<string, Vmod>,
    hosts: HostAddresses,
    mistakes: Mistakes,
  ) {
    this.#version = version;
    this.#vmods = vmods;
    this.#hosts = hosts;
    this.#mistakes = mistakes;
    this.#symbols = symbols;
    for (const method of methods) {
      const { name } = method;
      const symbol = {
        kind: 'sub',
        name,
        defined: undefined,
        referenced: undefined,
        isExempt: true,
      } as const;
      this.#symbols.add({ ...symbol });
      this.#subs.set(name, newSubRecord({ ...symbol }, method));
    }
  }

  /** @throws VclMistake */
  take(declaration: Declaration): void {
    switch (declaration.kind) {
      case 'version':
        return;
      case 'import':
        this.#import(declaration);
        return;
      case 'acl':
        this.#acl(declaration);
        return;
      case 'probe':
        this.#probe(declaration);
        return;
      case 'backend':
        this.#backend(declaration);
        return;
      case 'sub':
        this.#sub(declaration);
        return;
      default:
        declaration satisfies never;
    }
  }

  finish(): CheckedProgram {
    const subs = new Map([...this.#subs].sort(([a], [b]) => compareNames(a, b)));
    if (this.#mistakes.isEmpty) checkProgram(this.#symbols, subs, this.#mistakes);
    if (this.#mistakes.isEmpty && this.#first === undefined && !this.#hasDefault) {
      const message = 'No backends or directors found in VCL program, at least one is necessary.';
      this.#mistakes.add('whole', new VclMistake(message));
    }
    return {
      version: this.#version,
      backends: this.#backends,
      nones: this.#nones,
      defaultBackend: this.#hasDefault ? 'default' : this.#first,
      probes: this.#probes,
      acls: this.#acls,
      subs,
      instances: this.#instances,
      vmods: [...this.#imported],
      notes: this.#notes,
      labels: [...this.#symbols.usedLabels],
    };
  }

  #import({ module, alias, path }: Extract<Declaration, { kind: 'import' }>): void {
    const vmod = this.#vmods.get(module.text);
    if (vmod === undefined) {
      const known = [...this.#vmods.keys()].sort().join(', ');
      throw new VclMistake(`Could not find VMOD ${module.text}`, module, module, `There are ${known}.`);
    }
    if (path !== undefined) {
      const message = `the path is ignored: Troupe brings its own vmod ${module.text}.`;
      this.#notes.push({ message, token: path });
    }
    const token = alias ?? module;
    const name = token.text;
    const known = this.#symbols.get(name);
    if (known?.kind === 'vmod') {
      if (known.vmod === vmod) return;
      throw new VclMistake(`Another module already imported as ${name}.`, token);
    }
    if (known !== undefined) throw wrongKind([token], known, 'vmod');
    this.#imported.add(vmod);
    this.#symbols.add({ kind: 'vmod', name, vmod, defined: token });
    for (const [word, called] of Object.entries(vmod.functions)) {
      this.#symbols.add({ kind: 'func', name: `${name}.${word}`, function: called, vmod });
    }
    for (const [word, object] of Object.entries(vmod.objects)) {
      this.#symbols.add({ kind: 'object', name: `${name}.${word}`, object, vmod });
    }
  }

  #acl({ name, flags, entries }: Extract<Declaration, { kind: 'acl' }>): void {
    this.#symbols.define(name, 'acl');
    const isStrict = !flags.some(
      ({ text, source, start }) => text === 'pedantic' && source.text[start - 1] === '-',
    );
    this.#acls.set(
      name.text,
      readAcl(entries, (host) => this.#hosts.get(host), isStrict),
    );
  }

  #probe({ name, fields }: Extract<Declaration, { kind: 'probe' }>): void {
    if (name.text !== 'default') this.#symbols.define(name, 'probe');
    this.#probes.set(name.text, checkProbe(fields));
  }

  #backend({ first, name, fields }: Extract<Declaration, { kind: 'backend' }>): void {
    const { text } = name;
    if (text === 'default') {
      if (this.#hasDefault) throw new VclMistake('Only one default director possible.', first);
      this.#hasDefault = true;
      const former = this.#first === undefined ? undefined : this.#symbols.get(this.#first);
      if (former !== undefined && 'isExempt' in former) former.isExempt = false;
      this.#first = undefined;
    } else {
      const symbol = this.#symbols.define(name, 'backend');
      if (this.#first === undefined && !this.#hasDefault) {
        this.#first = text;
        symbol.isExempt = true;
      }
    }
    if (fields === undefined) this.#nones.add(text);
    else this.#backends.push(checkBackend(name, fields, this.#symbols, this.#version));
  }

  #sub({ name, body }: Extract<Declaration, { kind: 'sub' }>): void {
    const key = name.text.toLowerCase();
    const isBuiltin = name.source === builtinVcl;
    const known = this.#symbols.get(key);
    if (known !== undefined && known.kind !== 'sub') throw wrongKind([name], known, 'sub');
    const isExtension = isBuiltin || builtinNames().has(key);
    let record = this.#subs.get(key);
    if (record === undefined || (record.method === undefined && record.name === undefined)) {
      if (!isExtension && /^vcl_/i.test(name.text)) {
        const valid = methods.map((method) => method.name).join(', ');
        const message = "The names 'vcl_*' are reserved for subroutines.";
        throw new VclMistake(message, name, name, `Valid vcl_* subroutines are: ${valid}.`);
      }
      const symbol = known ?? {
        kind: 'sub',
        name: name.text,
        defined: undefined,
        referenced: undefined,
        isExempt: isBuiltin || isExtension,
      };
      symbol.defined ??= name;
      this.#symbols.add(symbol);
      record = newSubRecord(symbol, methodNamed(key));
      this.#subs.set(key, record);
    } else if (!isExtension) {
      throw new VclMistake(`Subroutine '${name.text}' redefined`, name, name);
    }
    record.name ??= name;
    const sub = record;
    const scope: StatementScope = {
      symbols: this.#symbols,
      sub,
      mistakes: this.#mistakes,
      value: (node, want): Checked => checkValue(node, want, scope),
      declare: (statement) => this.#declare(statement, scope),
    };
    sub.definitions.push({ first: name, body: checkBlock(body, scope) });
  }

  #declare({ name, object }: Extract<Statement, { kind: 'new' }>, scope: Scope): void {
    const known = this.#symbols.get(name.text);
    if (known !== undefined) expectFree(name, known, 'instance');
    if (/^vcl_/i.test(name.text)) throw new VclMistake("Symbols named 'vcl_*' are reserved.", name);
    if (object.kind !== 'name') throw new VclMistake('Expected ID', object.first);
    const found = this.#symbols.find(object.name);
    if (found === undefined || found.length < object.name.length) throw notFound(object.name);
    const { symbol } = found;
    if (symbol.kind !== 'object') {
      throw this.#version < 41 ? notFound(object.name) : wrongKind(object.name, symbol, 'object');
    }
    const { call } = object;
    if (call === undefined) throw new VclMistake("Expected '(' got ';'", object.last);
    // Whatever is wrong with its arguments, its name is known from here on.
    this.#symbols.add({
      kind: 'instance',
      name: name.text,
      object: symbol.object,
      vmod: symbol.vmod,
      defined: name,
    });
    const args = checkArguments(symbol.object.signature.parameters, call, scope.value);
    const values = args.map((arg, index) => {
      if (arg === undefined) return undefined;
      const constant = constantOf(arg);
      if (constant !== undefined) return constant.value;
      const first = call.args[index]?.value.first ?? call.open;
      throw new VclMistake('This must be known when the config is loaded: a constant, or a name.', first);
    });
    try {
      this.#instances.set(name.text, { ...symbol.object.create(name.text, values), defined: name });
    } catch (error) {
      if (error instanceof VclMistake || !(error instanceof RangeError)) throw error;
      throw new VclMistake(error.message, call.open);
    }
  }
}

function builtinNames(): ReadonlySet<string> {
  names ??= new Set(
    builtinDeclarations().flatMap((one) => (one.kind === 'sub' ? [one.name.text.toLowerCase()] : [])),
  );
  return names;
}

let names: ReadonlySet<string> | undefined;

/** The hosts that ACLs name, which must be looked up before a program can be checked. */
export function aclHosts(declarations: readonly Declaration[]): string[] {
  const hosts = new Set<string>();
  for (const declaration of declarations) {
    if (declaration.kind === 'acl') for (const entry of declaration.entries) hosts.add(hostOf(entry));
  }
  return [...hosts].filter((host) => /[A-Za-z]/.test(host) && !host.includes(':'));
}

function hostOf({ address }: AclEntry): string {
  return address.text.split('/')[0] ?? '';
}
