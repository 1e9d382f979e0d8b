/**
 * Reads an object of options by its schema, mistakes included: what is right is kept, so that one mistake does
 * not hide the next, and each mistake becomes a sentence with the path to the option.
 */
import type { z } from 'zod';
import { showValue } from './show-value.ts';
import { didYouMean, suggest } from './suggest.ts';

type Path = readonly (string | number)[];

interface OptionMistake {
  readonly path: Path;
  /** `port must be a number, but is "80".` */
  readonly message: string;
  readonly advice: string | undefined;
}

export interface ReadOptions<Value> {
  /** What could be read; undefined if there was no object at all, or something necessary is wrong. */
  readonly value: Value | undefined;
  readonly mistakes: readonly OptionMistake[];
}

/** @param what the object, for sentences: 'the options' */
export function readOptions<Value>(
  schema: z.ZodType<Value>,
  input: unknown,
  what: string,
): ReadOptions<Value> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, mistakes: [] };
  const { issues } = result.error;
  const mistakes = issues.flatMap((issue) => mistakesIn(schema, issue, issues, input, what));
  let rest = input;
  for (const { path } of mistakes) rest = without(rest, path);
  const retried = schema.safeParse(rest);
  return { value: retried.success ? retried.data : undefined, mistakes };
}

function mistakesIn(
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  what: string,
): OptionMistake[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `there is no option '${[...path, key].join('.')}'.`,
      advice: didYouMean(key, known) ?? `There are ${known.join(', ')}.`,
    }));
  }
  const name = path.length === 0 ? what : path.join('.');
  const value = valueAt(input, path);
  if (value === undefined && path.length > 0) return isMisspelt(name, issues) ? [] : [missing(name)];
  return [{ path, message: `${name} ${issue.message}, but is ${showValue(value)}.`, advice: undefined }];
}

/** Not there under its name: no place inside the call is better than the call's own. */
function missing(name: string): OptionMistake {
  return { path: [], message: `${name} is missing.`, advice: undefined };
}

/** A necessary option that seems to be there under a wrong name is one mistake, not two. */
function isMisspelt(name: string, issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some(
    (issue) => issue.code === 'unrecognized_keys' && issue.keys.some((key) => suggest(key, [name])),
  );
}

/** Names of the options of the object that a path leads to. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let keys: string[] = [];
  let at: unknown = schema;
  for (const step of [undefined, ...path]) {
    if (step !== undefined) at = shapeOf(at)?.[String(step)];
    keys = Object.keys(shapeOf(at) ?? {});
  }
  return keys;
}

/** The shape of an object schema, also of one inside `optional` or `preprocess`. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('shape' in schema) return schema.shape as Record<string, unknown>;
  if ('out' in schema) return shapeOf(schema.out);
  if ('unwrap' in schema && typeof schema.unwrap === 'function') return shapeOf(schema.unwrap());
  return undefined;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value;
}

/** A copy without what a path leads to. */
function without(input: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof input !== 'object' || input === null) return undefined;
  const copy: Record<string | number, unknown> = { ...input };
  if (rest.length === 0) delete copy[step];
  else copy[step] = without(copy[step], rest);
  return copy;
}
