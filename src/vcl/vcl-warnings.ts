/** What is worth knowing of a VCL program that is right: for `troupe check`. */
import type { ConfigWarning } from '../config/warnings.ts';
import type { Checked } from './checked.ts';
import type { CheckedProgram } from './checker.ts';
import { placeOf } from './mistake.ts';
import { VclRegex } from './regex.ts';

/** Cost: each pattern is judged anew. */
export function vclWarnings({ notes, subs }: CheckedProgram): ConfigWarning[] {
  const warnings = notes.map(({ message, token }): ConfigWarning => ({ message, place: placeOf(token) }));
  for (const { definitions } of subs.values()) {
    for (const { source, token } of regexesIn(definitions.map(({ body }) => body))) {
      const message = new VclRegex(source).warning;
      if (message !== undefined) warnings.push({ message, place: placeOf(token) });
    }
  }
  return warnings;
}

/** @param value statements and expressions, or lists and parts of them */
function* regexesIn(value: unknown): Generator<Extract<Checked, { op: 'regex' }>> {
  if (Array.isArray(value)) for (const one of value) yield* regexesIn(one);
  else if (isNode(value)) {
    if (isRegex(value)) yield value;
    else for (const part of Object.values(value)) yield* regexesIn(part);
  }
}

/** Branches of `if` have a condition, everything else says what it does. */
function isNode(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ('op' in value || 'condition' in value);
}

function isRegex(node: object): node is Extract<Checked, { op: 'regex' }> {
  return 'op' in node && node.op === 'regex';
}
