/**
 * From a checked program to JavaScript: each sub becomes one function, made once when the config is loaded. Values
 * from the program stand in the text only as JSON, and names of subs as numbers.
 */
import type { Acl } from './acl.ts';
import type { Checked, CheckedStatement } from './checked.ts';
import type { CheckedProgram } from './checker.ts';
import { methods } from './methods.ts';
import { VclRegex } from './regex.ts';
import { createRegsub } from './regsub.ts';
import { runtime } from './runtime.ts';
import { mayReturn, type SubRecord } from './sub-record.ts';
import type { ValueType } from './value-type.ts';
import type { ProgramFacts, VclContext, VmodCall, VmodFunction } from './vmod.ts';

/** A sub: what it returns is an action, or undefined where it returns nothing. */
export type CompiledSub = (context: VclContext) => unknown;

/** @returns the subs that requests call, by their names; those that only do what the hook's default does are left out */
export function compile(program: CheckedProgram, facts: ProgramFacts): ReadonlyMap<string, CompiledSub> {
  const compiler = new Compiler(program, facts);
  return compiler.run();
}

class Compiler {
  readonly #program: CheckedProgram;
  readonly #facts: ProgramFacts;
  readonly #calls = new Map<VmodFunction, VmodCall>();
  /** What the text refers to by number. */
  readonly #values: unknown[] = [];
  readonly #indexes = new Map<unknown, number>();
  readonly #regexes = new Map<string, number>();
  readonly #returning = new Map<string, boolean>();
  #chains = 0;

  constructor(program: CheckedProgram, facts: ProgramFacts) {
    this.#program = program;
    this.#facts = facts;
  }

  run(): ReadonlyMap<string, CompiledSub> {
    const functions: string[] = [];
    for (const [name, sub] of this.#program.subs) functions.push(this.#function(name, sub));
    const entries = methods.map(({ name }) => `${JSON.stringify(name)}: ${this.#name(name)}`);
    const constants = this.#values.map((_value, index) => `k${index} = values[${index}]`);
    const text = [
      '"use strict";',
      `const { ${Object.keys(runtime).join(', ')} } = runtime;`,
      ...(constants.length === 0 ? [] : [`const ${constants.join(', ')};`]),
      ...functions,
      `return { ${entries.join(', ')} };`,
    ].join('\n');
    const make = new Function('runtime', 'values', text) as (
      given: typeof runtime,
      values: readonly unknown[],
    ) => Readonly<Record<string, CompiledSub>>;
    return new Map(Object.entries(make(runtime, this.#values)));
  }

  #name(sub: string): string {
    return `sub${[...this.#program.subs.keys()].indexOf(sub.toLowerCase())}`;
  }

  #function(name: string, sub: SubRecord): string {
    const body = sub.definitions.map((definition) => this.#block(definition.body)).join('\n');
    return `function ${this.#name(name)}(c) {\n${body}\n}`;
  }

  #mayReturn(name: string): boolean {
    const key = name.toLowerCase();
    const known = this.#returning.get(key);
    if (known !== undefined) return known;
    const definitions = this.#program.subs.get(key)?.definitions ?? [];
    const may = definitions.some(({ body }) => mayReturn(body, (called) => this.#mayReturn(called)));
    this.#returning.set(key, may);
    return may;
  }

  #block(statements: readonly CheckedStatement[]): string {
    return `{\n${statements.map((statement) => this.#statement(statement)).join('\n')}\n}`;
  }

  #statement(statement: CheckedStatement): string {
    switch (statement.op) {
      case 'block':
        return this.#block(statement.body);
      case 'if':
        return this.#if(statement);
      case 'set':
        return `${this.#assignment(statement)};`;
      case 'set-header': {
        const http = `c.${statement.message}.http`;
        // Other names are refused when the message is sent.
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(statement.name)) {
          return `${http}.set(${JSON.stringify(statement.name)}, ${this.#strands(statement.value)});`;
        }
        const how = statement.operator === '=' ? 'setField' : 'append';
        return `${how}(${http}, ${JSON.stringify(statement.name)}, ${this.#strands(statement.value)});`;
      }
      case 'unset':
        return `${statement.variable.unset ?? ''};`;
      case 'unset-header':
        return `c.${statement.message}.http.unset(${JSON.stringify(statement.name)});`;
      case 'call': {
        const call = `${this.#name(statement.sub)}(c)`;
        if (!this.#mayReturn(statement.sub)) return `${call};`;
        return `{ const action = ${call}; if (action !== undefined) return action; }`;
      }
      case 'return':
        return this.#return(statement);
      case 'hash-data':
        return `hashData(c, ${this.#strands(statement.value)});`;
      case 'ban':
        return `ban(c, ${this.#value(statement.value)});`;
      case 'synthetic': {
        const body = this.#page(statement.value);
        return `{ const response = c.resp ?? c.beresp; response.body = Buffer.concat([response.body, ${body}]); }`;
      }
      case 'evaluate':
        return `${this.#value(statement.value)};`;
      default:
        return statement satisfies never;
    }
  }

  #if({ branches, otherwise }: Extract<CheckedStatement, { op: 'if' }>): string {
    const last = otherwise === undefined ? '' : this.#block(otherwise);
    const tests = branches.map(({ condition, body }) => {
      const test = `if (${this.#value(condition)})`;
      return [test, this.#block(body)] as const;
    });
    if (branches.length <= LONGEST_IF) {
      const chain = tests.map(([test, block]) => `${test} ${block}`).join(' else ');
      return last === '' ? chain : `${chain} else ${last}`;
    }
    // Each else contains all that follow, and JavaScript's parser has a stack, too.
    const label = `chain${++this.#chains}`;
    const flat = tests.map(([test, block]) => `${test} { ${block} break ${label}; }`);
    return `${label}: { ${flat.join('\n')} ${last} }`;
  }

  #return({ word, args, label }: Extract<CheckedStatement, { op: 'return' }>): string {
    if (word === undefined) return 'return undefined;';
    const [first, second] = args;
    switch (word) {
      case 'ok':
        return 'return "ok";';
      case 'synth': {
        const reason = second === undefined ? '' : `, ${this.#value(second)}`;
        return `return synth(${first === undefined ? '503' : this.#value(first)}${reason});`;
      }
      case 'error': {
        if (first === undefined) return 'return backendError(503, "Backend fetch failed");';
        const reason = second === undefined ? '' : `, ${this.#value(second)}`;
        return `return backendError(${this.#value(first)}${reason});`;
      }
      case 'vcl':
        return `return { vcl: ${JSON.stringify(label)} };`;
      case 'fail': {
        if (first === undefined) return 'return "fail";';
        return `return failed(c, ${this.#strands(first)});`;
      }
      case 'pass':
        if (first === undefined) return 'return "pass";';
        return `setTtl(c.beresp, ${this.#value(first)}); return "pass";`;
      default:
        return `return ${JSON.stringify(word)};`;
    }
  }

  #assignment({ variable, operator, value }: Extract<CheckedStatement, { op: 'set' }>): string {
    const { type, get = '', set = '' } = variable;
    if (type === 'BODY') {
      const body = this.#body(value);
      const before = set.split(' ')[0] ?? '';
      return set.replace('$', () => (operator === '=' ? body : `Buffer.concat([${before}, ${body}])`));
    }
    let written = type === 'STRING' ? this.#strands(value) : this.#value(value);
    if (operator !== '=') {
      const sign = operator.charAt(0);
      if (type === 'STRING') written = `str(${get}) + ${written}`;
      else if (type === 'INT' && sign === '/') written = `divided(${get}, ${written})`;
      else written = `(${get}) ${sign} (${written})`;
    }
    return set.replace('$', () => written);
  }

  /** Bytes of a body. */
  #body(value: Checked): string {
    if (value.type === 'BLOB') return this.#value(value);
    const parts = value.op === 'concat' ? value.parts : [value];
    return `bytes(${parts.map((part) => this.#strands(part)).join(' + ')})`;
  }

  /** Bytes, in which something missing shows. */
  #page(value: Checked): string {
    const parts = value.op === 'concat' ? value.parts : [value];
    const texts = parts.map((part) => (isOptional(part) ? `shown(${this.#value(part)})` : this.#value(part)));
    return `bytes(${texts.join(' + ')})`;
  }

  /** A text, always. */
  #strands(value: Checked): string {
    return isOptional(value) ? `str(${this.#value(value)})` : this.#value(value);
  }

  #value(value: Checked): string {
    switch (value.op) {
      case 'constant':
        return this.#constant(value);
      case 'variable':
        return value.variable.get ?? 'undefined';
      case 'header':
        return `c.${value.message}.http.get(${JSON.stringify(value.name)})`;
      case 'field':
        return `{ http: c.${value.message}.http, name: ${JSON.stringify(value.name)} }`;
      case 'ip':
        return `{ ip: ${JSON.stringify(value.address)}, port: ${value.port} }`;
      case 'acl':
        return JSON.stringify(value.name);
      case 'regex':
        return this.#regex(value.source);
      case 'concat':
        return `(${value.parts.map((part) => this.#strands(part)).join(' + ')})`;
      case 'text':
        return this.#text(value.of);
      case 'truth':
        return this.#truth(value.of);
      case 'not':
        return `!(${this.#value(value.of)})`;
      case 'negative':
        return `-(${this.#value(value.of)})`;
      case 'group':
        return `(${this.#value(value.of)})`;
      case 'resolve':
        return `resolved(c, ${this.#value(value.of)})`;
      case 'upper':
      case 'lower':
        return `${value.op}(${this.#value(value.of)})`;
      case 'logic':
        return `(${value.operands.map((operand) => this.#value(operand)).join(` ${value.operator} `)})`;
      case 'arithmetic': {
        const [left, right] = [this.#value(value.left), this.#value(value.right)];
        if (value.operator === '%') return `remainder(${left}, ${right})`;
        if (value.type === 'INT' && value.operator === '/') return `divided(${left}, ${right})`;
        return `(${left} ${value.operator} ${right})`;
      }
      case 'comparison':
        return this.#comparison(value);
      case 'match':
        return `${value.isNegated ? '!' : ''}${this.#value(value.regex)}.test(${this.#strands(value.subject)})`;
      case 'within': {
        const acl: Acl = this.#program.acls.get(value.acl) ?? [];
        return `${value.isNegated ? '!' : ''}isInAcl(${this.#keep(acl)}, (${this.#value(value.ip)}).ip)`;
      }
      case 'regsub': {
        const source = value.regex.op === 'regex' ? value.regex.source : '';
        const regsub = this.#keep(createRegsub(new VclRegex(source), value.all));
        return `${regsub}(${this.#value(value.subject)}, ${this.#value(value.replacement)})`;
      }
      case 'vmod': {
        const { parameters } = value.function.signature;
        const args = value.args.map((arg, index) => {
          if (arg === undefined) return 'undefined';
          const parameter = parameters[index];
          if (parameter?.type === 'STRANDS') return this.#strands(arg);
          // An argument that is given, but is nothing, is something else than none.
          return parameter?.isOptional === true && isOptional(arg)
            ? `(${this.#value(arg)} ?? null)`
            : this.#value(arg);
        });
        const instance =
          value.instance === undefined ? undefined : this.#program.instances.get(value.instance);
        const self = instance === undefined ? [] : [this.#keep(instance.self)];
        return `${this.#called(value.function)}(${['c', ...self, ...args].join(', ')})`;
      }
      default:
        return value satisfies never;
    }
  }

  #constant({ type, value }: Extract<Checked, { op: 'constant' }>): string {
    if (type === 'BACKEND') {
      const name = value === 'default' ? this.#program.defaultBackend : value;
      return name === undefined || this.#program.nones.has(String(name)) ? 'undefined' : JSON.stringify(name);
    }
    if (type === 'BLOB' && typeof value === 'string') return this.#keep(Buffer.from(value, 'base64'));
    return value === undefined ? 'undefined' : JSON.stringify(value);
  }

  #comparison({ operator, left, right }: Extract<Checked, { left: Checked }>): string {
    const [a, b] = [this.#value(left), this.#value(right)];
    const isEquality = operator === '==' || operator === '!=';
    const not = operator === '!=' ? '!' : '';
    switch (left.type) {
      case 'STRING': {
        // One text alone may be missing; several together never are.
        const [x, y] =
          left.op === 'concat' || right.op === 'concat'
            ? [this.#strands(left), this.#strands(right)]
            : [a, b];
        if (!isEquality) return `(compare(${x}, ${y}) ${operator} 0)`;
        const mayBothMiss =
          left.op !== 'concat' && right.op !== 'concat' && isOptional(left) && isOptional(right);
        return mayBothMiss ? `${not}equal(${x}, ${y})` : `(${x} ${operator}= ${y})`;
      }
      case 'BACKEND':
        return `${not}sameBackend(c, ${a}, ${b})`;
      case 'IP':
        return `${not}sameIp(${a}, ${b})`;
      default:
        return isEquality ? `(${a} ${operator}= ${b})` : `(${a} ${operator} ${b})`;
    }
  }

  #text(of: Checked): string {
    const value = this.#value(of);
    switch (of.type) {
      case 'INT':
      case 'BYTES':
        return `int(${value})`;
      case 'REAL':
      case 'DURATION':
        return `real(${value})`;
      case 'TIME':
        return `time(${value})`;
      case 'IP':
        return `ipText(${value})`;
      case 'BACKEND':
        return `nameOf(c, ${value})`;
      case 'BLOB':
        return `blob(${value})`;
      case 'STEVEDORE':
        return `storageText(${value})`;
      default:
        return `String(${value})`;
    }
  }

  #truth(of: Checked): string {
    const value = this.#value(of);
    switch (of.type) {
      case 'INT':
        return `(${value} !== 0)`;
      case 'DURATION':
        return `(${value} > 0)`;
      case 'STRING': {
        const parts = of.op === 'concat' ? of.parts : [of];
        if (!parts.every(isOptional)) return 'true';
        return `(${parts.map((part) => `${this.#value(part)} !== undefined`).join(' || ')})`;
      }
      default:
        return `(${value} !== undefined)`;
    }
  }

  #regex(source: string): string {
    let index = this.#regexes.get(source);
    if (index === undefined) {
      index = this.#values.push(new VclRegex(source)) - 1;
      this.#regexes.set(source, index);
    }
    return `k${index}`;
  }

  #called(called: VmodFunction): string {
    let call = this.#calls.get(called);
    if (call === undefined) {
      call = called.bind(this.#facts);
      this.#calls.set(called, call);
    }
    return this.#keep(call);
  }

  #keep(value: unknown): string {
    let index = this.#indexes.get(value);
    if (index === undefined) {
      index = this.#values.push(value) - 1;
      this.#indexes.set(value, index);
    }
    return `k${index}`;
  }
}

/** Branches, from which on they stand below each other. */
const LONGEST_IF = 100;

/** What may be nothing, and then is no text either. */
const textMayBeMissing: ReadonlySet<ValueType> = new Set(['BACKEND', 'BLOB', 'STEVEDORE']);

/** Whether a text may be missing. */
function isOptional(value: Checked): boolean {
  switch (value.op) {
    case 'header':
      return true;
    case 'variable':
      return value.variable.isOptional;
    case 'text':
      return textMayBeMissing.has(value.of.type);
    case 'group':
      return isOptional(value.of);
    case 'vmod':
      return value.type === 'STRING';
    default:
      return false;
  }
}
