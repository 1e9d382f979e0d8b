/**
 * Mistakes of hooks as errors for a person: which hook, where in the config's own text, and what to do. The
 * place is that of the line that threw, or else of the hook's name.
 */
import type { ConfigOrigin } from '../../config/config.ts';
import type { Hooks } from '../../config/hooks.ts';
import { type Place, TroupeError } from '../../errors.ts';

/** @param origin what knows the config's text; undefined: there is none, or nobody wants to know the place */
export function hookThrew(hook: keyof Hooks, thrown: unknown, origin: ConfigOrigin | undefined): TroupeError {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new TroupeError('troupe.hook-threw', `the hook ${hook} threw ${text}`, {
    side: 'troupe',
    cause: thrown,
    place: placeOf(thrown, origin) ?? origin?.hook(hook),
  });
}

export function hookWasAsync(hook: keyof Hooks, origin: ConfigOrigin | undefined): TroupeError {
  const message = `the hook ${hook} returned a promise; hooks run to completion, so make it a plain function without async and await`;
  return new TroupeError('troupe.hook-async', message, { side: 'troupe', place: origin?.hook(hook) });
}

/** @param mistake what follows the hook's name in the sentence */
export function hookWasWrong(
  hook: keyof Hooks,
  mistake: string,
  origin: ConfigOrigin | undefined,
): TroupeError {
  const message = `the hook ${hook} ${mistake}`;
  return new TroupeError('troupe.hook-threw', message, { side: 'troupe', place: origin?.hook(hook) });
}

/** Whether a hook's answer will come later. Its rejection is swallowed, since nobody will wait for it. */
export function isPromise(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return false;
  if (typeof answer.then !== 'function') return false;
  Promise.resolve(answer).then(undefined, () => undefined);
  return true;
}

function placeOf(thrown: unknown, origin: ConfigOrigin | undefined): Place | undefined {
  return thrown instanceof TroupeError && thrown.place !== undefined ? thrown.place : origin?.thrown(thrown);
}
