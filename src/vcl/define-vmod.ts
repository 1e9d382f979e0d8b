/**
 * Vmods of one's own, in TypeScript: a module whose default export is `defineVmod(...)`, named with `--vmod FILE`.
 *
 * ```ts
 * import { defineVmod, vmodFunction } from 'troupe';
 *
 * export default defineVmod({
 *   name: 'text',
 *   functions: [
 *     vmodFunction('STRING repeat(STRING s, INT times = 2)', (_context, s: string | undefined, times: number) =>
 *       (s ?? '').repeat(times),
 *     ),
 *   ],
 * });
 * ```
 *
 * In VCL: `import text;`, then `text.repeat("ab")`, or `text.repeat("ab", times = 3)`.
 */
import { parseSignature } from './signature.ts';
import type { ValueType } from './value-type.ts';
import {
  fn,
  type ProgramFacts,
  type VclContext,
  type Vmod,
  type VmodFunction,
  type VmodObject,
} from './vmod.ts';

export interface VmodOptions {
  /** What programs import it by. */
  readonly name: string;
  readonly functions?: readonly VmodFunction[] | undefined;
  readonly objects?: readonly VmodObject[] | undefined;
}

/** Made by `defineVmod`, and by nothing else that looks like it. */
const defined = new WeakSet<Vmod>();

/**
 * A vmod.
 *
 * @throws TypeError a sentence about a name
 */
export function defineVmod({ name, functions = [], objects = [] }: VmodOptions): Vmod {
  expectName(name, 'a vmod');
  const vmod: Vmod = {
    name,
    functions: named(
      name,
      functions.map((one) => watched(name, one)),
    ),
    objects: named(
      name,
      objects.map((one) => ({
        ...one,
        methods: Object.fromEntries(
          Object.entries(one.methods).map(([key, method]) => [key, watched(one.signature.name, method)]),
        ),
      })),
    ),
  };
  const twice = Object.keys(vmod.functions).find((word) => Object.hasOwn(vmod.objects, word));
  if (twice !== undefined)
    throw new TypeError(`${name}.${twice} is a function and an object; it can be one.`);
  defined.add(vmod);
  return vmod;
}

/** @param value what a module exports */
export function isDefinedVmod(value: unknown): value is Vmod {
  return typeof value === 'object' && value !== null && defined.has(value as Vmod);
}

/**
 * A function of a vmod.
 *
 * @param prototype as in vmods' manuals: `STRING repeat(STRING s, INT times = 2)`. In brackets stands what may be left
 *   out and is undefined then; what has a default may be left out, too. Types: STRING, STRANDS (a text, never
 *   undefined), BOOL, INT, REAL, DURATION and TIME (seconds), BYTES, BACKEND, IP, HEADER, HTTP, BLOB, ENUM {A, B}, VOID
 * @param run gets the hook's context, and then the arguments. Texts have one character for each byte (latin1); a text
 *   that is not there is undefined. It is synchronous; what it throws costs the request a 503
 * @param callableIn subs in which it can be called: `vcl_recv, vcl_deliver`; default: all
 * @throws TypeError the prototype is none
 */
export function vmodFunction<Args extends readonly unknown[]>(
  prototype: string,
  run: (context: VclContext, ...args: Args) => unknown,
  callableIn?: string,
): VmodFunction {
  const made = fn(prototype, run, callableIn);
  expectName(made.signature.name, 'a function');
  return made;
}

/** A method of an object: as `vmodFunction`, but `run` gets what the object is before the arguments. */
export function vmodMethod<Self, Args extends readonly unknown[]>(
  prototype: string,
  run: (context: VclContext, self: Self, ...args: Args) => unknown,
  callableIn?: string,
): VmodFunction {
  const made = fn(
    prototype,
    run as (context: VclContext, ...args: readonly unknown[]) => unknown,
    callableIn,
  );
  expectName(made.signature.name, 'a method');
  return made;
}

/**
 * A type of objects: `new x = name.type(...)` in vcl_init.
 *
 * @param prototype without what it returns: `counter(INT start = 0)`
 * @param create called when a config is loaded, with the object's name and the arguments; gives what the methods get.
 *   A RangeError that it throws is told as a mistake of the program
 * @throws TypeError the prototype is none
 */
export function vmodObject(
  prototype: string,
  create: (name: string, args: readonly unknown[]) => unknown,
  methods: readonly VmodFunction[],
): VmodObject {
  const signature = parseSignature(prototype);
  expectName(signature.name, 'an object');
  const byMethod = methods.map((method): [string, VmodFunction] => [`.${method.signature.name}`, method]);
  return {
    signature,
    create: (name, args) => ({ self: create(name, args) }),
    methods: Object.fromEntries(byMethod),
  };
}

function expectName(name: string, what: string): void {
  if (typeof name === 'string' && /^[A-Za-z]\w*$/.test(name)) return;
  throw new TypeError(
    `${what} must have a name of letters, digits and _, but it is ${JSON.stringify(name)}.`,
  );
}

function named<One extends VmodFunction | VmodObject>(
  vmod: string,
  all: readonly One[],
): Record<string, One> {
  const found: Record<string, One> = {};
  for (const one of all) {
    const { name } = one.signature;
    if (Object.hasOwn(found, name)) throw new TypeError(`${vmod}.${name} is there twice.`);
    found[name] = one;
  }
  return found;
}

/** What it returns is looked at: the compiled program trusts it. */
function watched(owner: string, called: VmodFunction): VmodFunction {
  const { name, returns } = called.signature;
  const bind = (program: ProgramFacts) => {
    const run = called.bind(program);
    return (context: VclContext, ...args: readonly never[]) => {
      const result = run(context, ...args);
      const mistake = mistakeIn(result, returns);
      if (mistake !== undefined) throw new TypeError(`${owner}.${name}() ${mistake}`);
      return result;
    };
  };
  return { ...called, bind };
}

function mistakeIn(result: unknown, type: ValueType): string | undefined {
  if (result instanceof Promise) return 'returned a promise; functions of vmods are synchronous';
  switch (type) {
    case 'STRING':
    case 'STRANDS':
      if (result === undefined) return undefined;
      if (typeof result !== 'string') break;
      for (let at = 0; at < result.length; at++) {
        if (result.charCodeAt(at) > 255) {
          return "returned characters that are no bytes; give Buffer.from(text).toString('latin1')";
        }
      }
      return undefined;
    case 'INT':
    case 'BYTES':
      if (Number.isSafeInteger(result)) return undefined;
      break;
    case 'REAL':
    case 'DURATION':
    case 'TIME':
      if (Number.isFinite(result)) return undefined;
      break;
    case 'BOOL':
      if (typeof result === 'boolean') return undefined;
      break;
    default:
      return undefined;
  }
  return `returned ${typeof result}, and must return ${type}`;
}
