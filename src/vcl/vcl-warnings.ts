/** What is worth knowing of a VCL program that is right: for `troupe check`. */
import type { ConfigWarning } from '../config/warnings.ts';
import type { Checked, CheckedStatement } from './checked.ts';
import type { CheckedProgram } from './checker.ts';
import { placeOf } from './mistake.ts';
import { VclRegex } from './regex.ts';

/** Cost: each pattern is judged anew. */
export function vclWarnings({ notes, subs }: CheckedProgram): ConfigWarning[] {
  const warnings = notes.map(({ message, token }): ConfigWarning => ({ message, place: placeOf(token) }));
  for (const { definitions } of subs.values()) {
    for (const node of nodesIn(definitions.map(({ body }) => body))) {
      const message = warningOf(node);
      if (message !== undefined) warnings.push({ message, place: placeOf(node.token) });
    }
  }
  return warnings;
}

function warningOf(node: Told): string | undefined {
  if (node.op === 'regex') return new VclRegex(node.source).warning;
  return 'ban() takes nothing out of the cache yet: purge instead.';
}

type Told = Extract<Checked | CheckedStatement, { op: 'regex' | 'ban' }>;

/** @param value statements and expressions, or lists and parts of them */
function* nodesIn(value: unknown): Generator<Told> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one);
  else if (isNode(value)) {
    if (isTold(value)) yield value;
    for (const part of Object.values(value)) yield* nodesIn(part);
  }
}

/** Branches of `if` have a condition, everything else says what it does. */
function isNode(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ('op' in value || 'condition' in value);
}

function isTold(node: object): node is Told {
  return 'op' in node && (node.op === 'regex' || node.op === 'ban');
}
