/** Several mistakes in one config, told at once: a person wants to put them right together. */
import { type Place, TroupeError } from '../errors.ts';

/**
 * Several mistakes as one error: the first one's sentence and place, and all of them as its cause.
 *
 * @param errors at least one
 */
export function combined(errors: readonly TroupeError[]): TroupeError {
  const [first, ...others] = inOrder(errors);
  if (first === undefined) throw new Error('there is no mistake to tell of');
  if (others.length === 0) return first;
  const count = others.length === 1 ? '1 more mistake' : `${others.length} more mistakes`;
  return new TroupeError(first.code, `${first.message} (And ${count}.)`, {
    side: first.side,
    place: first.place,
    advice: first.advice,
    trail: first.trail,
    cause: new AggregateError([first, ...others]),
  });
}

/** The mistakes that an error stands for: itself, or those that `combined` put together. */
export function mistakesOf(error: TroupeError): readonly TroupeError[] {
  return error.cause instanceof AggregateError ? error.cause.errors : [error];
}

/** As a reader meets them; mistakes without a place last. */
function inOrder(errors: readonly TroupeError[]): TroupeError[] {
  return [...errors].sort((a, b) => comparePlaces(a.place, b.place));
}

function comparePlaces(a: Place | undefined, b: Place | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
