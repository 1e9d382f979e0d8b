/** Arguments of vmod functions and methods: by place, then by name; what is left out has its default. */
import type { Checked } from './checked.ts';
import { VclMistake } from './mistake.ts';
import type { Parameter } from './signature.ts';
import type { Argument, Call, Expression } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import type { ValueType } from './value-type.ts';

/**
 * @param check an argument, as a value of a type
 * @throws VclMistake
 */
export function checkArguments(
  parameters: readonly Parameter[],
  { args, close }: Call,
  check: (node: Expression, want: ValueType) => Checked,
): (Checked | undefined)[] {
  const values = new Map<Parameter, Checked>();
  let isNamed = false;
  for (const [index, argument] of args.entries()) {
    isNamed ||= argument.name !== undefined;
    const parameter = argument.name === undefined ? parameters[index] : named(parameters, argument.name);
    if (parameter === undefined || (isNamed && argument.name === undefined)) {
      const { first } = argument.value;
      throw new VclMistake(`Expected ')' got ${tokenName(first)}`, first);
    }
    if (values.has(parameter)) {
      throw new VclMistake(
        `Argument '${parameter.name}' already used`,
        argument.name ?? argument.value.first,
      );
    }
    values.set(parameter, checkArgument(parameter, argument, check));
  }
  return parameters.map((parameter, index) => {
    const value = values.get(parameter);
    if (value !== undefined) return value;
    const { byDefault, isOptional, name, type } = parameter;
    if (byDefault !== undefined) return { op: 'constant', type, value: byDefault };
    if (isOptional) return undefined;
    throw new VclMistake(
      name === undefined ? `Argument ${index + 1} missing` : `Argument '${name}' missing`,
      close,
    );
  });
}

function named(parameters: readonly Parameter[], token: Token): Parameter {
  const parameter = parameters.find(({ name }) => name === token.text);
  if (parameter === undefined) throw new VclMistake(`Unknown argument '${token.text}'`, token);
  return parameter;
}

function checkArgument(
  parameter: Parameter,
  { value }: Argument,
  check: (node: Expression, want: ValueType) => Checked,
): Checked {
  const { type, words } = parameter;
  if (type !== 'ENUM') return check(value, type);
  const word = wordOf(value);
  if (word !== undefined && words.includes(word)) return { op: 'constant', type: 'ENUM', value: word };
  throw new VclMistake(`Wrong enum value. Expected one of: ${words.join(', ')}`, value.first, value.last);
}

function wordOf(value: Expression): string | undefined {
  return value.kind === 'name' && value.name.length === 1 && value.call === undefined
    ? value.name[0].text
    : undefined;
}
