/** What a name is that a parser meets, which does not know symbols yet: for sentences, and for units of numbers. */
import type { Name } from './syntax.ts';
import type { ValueType } from './value-type.ts';
import { variables } from './variables.ts';

const types: ReadonlyMap<string, ValueType> = new Map(variables.map(({ name, type }) => [name, type]));

/** The type of a variable, of any version of VCL; a field is text. */
export function typeOfVariable(name: Name): ValueType | undefined {
  const chain = name.map(({ text }) => text.toLowerCase()).join('.');
  if (/^storage\.[^.]+\.(?:free|used)_space$/.test(chain)) return 'BYTES';
  const type = types.get(chain) ?? (name[1]?.text === 'http' ? 'HEADER' : undefined);
  return type === 'HEADER' ? 'STRING' : type;
}
