/**
 * Mistakes of hooks as errors for a person: which hook, where in the config's file, and what to do.
 */
import type { Hooks } from '../../config/hooks.ts';
import { type Place, TroupeError } from '../../errors.ts';

export function hookThrew(hook: keyof Hooks, thrown: unknown, file: string | undefined): TroupeError {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new TroupeError('troupe.hook-threw', `the hook ${hook} threw ${text}`, {
    side: 'troupe',
    cause: thrown,
    place: placeOf(thrown, file),
  });
}

export function hookWasAsync(hook: keyof Hooks): TroupeError {
  const message = `the hook ${hook} returned a promise; hooks run to completion, so make it a plain function without async and await`;
  return new TroupeError('troupe.hook-async', message, { side: 'troupe' });
}

/** @param mistake what follows the hook's name in the sentence */
export function hookWasWrong(hook: keyof Hooks, mistake: string): TroupeError {
  return new TroupeError('troupe.hook-threw', `the hook ${hook} ${mistake}`, { side: 'troupe' });
}

/** Whether a hook's answer will come later. Its rejection is swallowed, since nobody will wait for it. */
export function isPromise(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return false;
  if (typeof answer.then !== 'function') return false;
  Promise.resolve(answer).then(undefined, () => undefined);
  return true;
}

/** The innermost line of the stack that lies in the config's own file; otherwise what the error itself says. */
function placeOf(thrown: unknown, file: string | undefined): Place | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown instanceof TroupeError && thrown.place !== undefined) return thrown.place;
  if (file === undefined || thrown.stack === undefined) return undefined;
  for (const line of thrown.stack.split('\n')) {
    const start = line.lastIndexOf(`${file}:`);
    if (start < 0) continue;
    const match = /^:(\d+):(\d+)/.exec(line.slice(start + file.length));
    if (match !== null) return { file, line: Number(match[1]), column: Number(match[2]) };
  }
  return undefined;
}
