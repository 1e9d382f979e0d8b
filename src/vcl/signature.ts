/** Prototypes of vmod functions, as their manuals write them: `DURATION duration([STRING s], BOOL resolve = 1)`. */
import { isValueType, type ValueType } from './value-type.ts';

export interface Parameter {
  readonly type: ValueType;
  readonly name: string | undefined;
  /** What stands for it where it is left out; undefined: it may not be, unless it is optional. */
  readonly byDefault: string | number | boolean | undefined;
  /** In brackets: the function gets undefined where it is left out. */
  readonly isOptional: boolean;
  /** Of an ENUM. */
  readonly words: readonly string[];
}

export interface Signature {
  readonly returns: ValueType;
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

const prototype = /^(?:([A-Z]+) )?([.\w]+)\((.*)\)$/s;
const parameter = /^([A-Z]+)(?: *\{([^}]*)\})?(?: +(\w+))?(?: *= *(.+))?$/s;

export function parseSignature(text: string): Signature {
  const match = prototype.exec(text);
  if (match === null) throw new TypeError(`this is no prototype: ${text}`);
  const [, returns = 'VOID', name = '', list = ''] = match;
  return { returns: typeNamed(returns), name, parameters: split(list).map(parseParameter) };
}

/** At commas outside of braces and quotes. */
function split(list: string): string[] {
  return (list.match(/(?:[^,{"]|\{[^}]*\}|"[^"]*")+/g) ?? []).map((part) => part.trim());
}

function parseParameter(text: string): Parameter {
  const isOptional = text.startsWith('[');
  const match = parameter.exec(isOptional ? text.slice(1, -1).trim() : text);
  if (match === null) throw new TypeError(`this is no parameter: ${text}`);
  const [, type = '', words = '', name, byDefault] = match;
  return {
    type: typeNamed(type),
    name,
    byDefault: byDefault === undefined ? undefined : readDefault(type, byDefault),
    isOptional,
    words: words.split(',').map((word) => word.trim()),
  };
}

function typeNamed(name: string): ValueType {
  if (isValueType(name)) return name;
  throw new TypeError(`there is no type ${name} in VCL`);
}

function readDefault(type: string, text: string): string | number | boolean {
  if (type === 'BOOL') return text === '1';
  if (type === 'STRING') return JSON.parse(text) as string;
  return type === 'ENUM' ? text : Number(text);
}
