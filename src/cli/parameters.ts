/** `-p NAME=VALUE`: varnishd's parameter names, units and bounds (varnishd(1), "List of Parameters"). */
import type { ParameterSet } from '../admin/parameters/parameter-set.ts';
import { parameterSpecs } from '../admin/parameters/parameter-specs.ts';

/** The names that have an effect here; all others of varnishd's are taken, too. */
export const parameterNames = parameterSpecs
  .filter(({ takes }) => takes !== undefined)
  .map(({ name }) => name);

/**
 * Sets one parameter.
 *
 * @param text `NAME=VALUE`; durations in seconds, or with a unit: `0.5`, `500ms`
 * @returns undefined, or a sentence that says what is wrong
 */
export function setParameter(parameters: ParameterSet, text: string): string | undefined {
  const separator = text.indexOf('=');
  if (separator < 0) return `-p ${text}: write -p NAME=VALUE.`;
  const name = text.slice(0, separator);
  const spec = parameters.find(name);
  if (spec === undefined) {
    return `-p ${text}: Troupe has no parameter "${name}"; those with an effect are ${parameterNames.join(', ')}.`;
  }
  if (spec.kind === 'absent') return `-p ${text}: "${name}" is not available on this system.`;
  const mistake = parameters.set(name, text.slice(separator + 1));
  return mistake === undefined ? undefined : `-p ${text}: ${mistake.trim().replace(/\s*\n\s*/g, ' ')}`;
}

/** Names that were set and do nothing here. */
export function ineffectiveParameters(parameters: ParameterSet): readonly string[] {
  return parameters.specs
    .filter(({ name, takes }) => takes === undefined && parameters.isSet(name))
    .map(({ name }) => name);
}
