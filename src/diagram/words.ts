/**
 * Guards and delays in people's words. A machine's table (machine-words.ts) comes first; a name that stands in none
 * is taken apart: `isLastStraw` is 'last straw'.
 */

/** By the names that the machine gives them; what follows 'when' and 'after'. */
export interface Words {
  readonly guards?: Readonly<Record<string, string>>;
  readonly delays?: Readonly<Record<string, string>>;
}

export const noWords: Words = {};

/** A guard that is written in place, as a function. */
const nameless = 'a condition holds';

/** XState's guards: a name, an object with a name and parameters, or a function, which `and`, `or`, `not` make too. */
export function guardWords(guard: unknown, words: Words): string {
  const parts = combination(guard);
  if (parts === undefined) {
    const name = guardName(guard);
    return words.guards?.[name] ?? spelledOut(name);
  }
  const said = parts.guards.map((part) => {
    const isCompound = (combination(part)?.guards.length ?? 0) > 1;
    return isCompound ? `(${guardWords(part, words)})` : guardWords(part, words);
  });
  return parts.how === 'not' ? `not ${said.join(' ')}` : said.join(` ${parts.how} `);
}

/** The name of a guard, or of several: `not(isFull)`, `and(isFull, isOpen)`. */
export function guardName(guard: unknown): string {
  const parts = combination(guard);
  if (parts !== undefined) return `${parts.how}(${parts.guards.map(guardName).join(', ')})`;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') {
    const state: unknown = 'stateValue' in guard ? guard.stateValue : undefined;
    if (state !== undefined) return `in ${typeof state === 'string' ? state : JSON.stringify(state)}`;
    return guard.name === '' || guard.name === 'guard' ? nameless : guard.name;
  }
  const type: unknown = typeof guard === 'object' && guard !== null && 'type' in guard ? guard.type : guard;
  return typeof type === 'string' ? type : nameless;
}

function combination(guard: unknown): { how: string; guards: readonly unknown[] } | undefined {
  if (typeof guard !== 'function' || !('guards' in guard) || !Array.isArray(guard.guards)) return undefined;
  return { how: guard.name, guards: guard.guards };
}

/** A delay without words of its own: a number of milliseconds, or a name taken apart. */
export function fallbackDelay(name: string, ms: number | undefined): string {
  return ms === undefined ? spelledOut(name) : saidDuration(ms);
}

/** Milliseconds as people say them: '500 ms', '1.5 s'. */
export function saidDuration(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

/** `isLastStraw` → 'last straw'. What is no name in camelCase stays as it is. */
function spelledOut(name: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) return name;
  const words = name.replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$& ').toLowerCase();
  return words.replace(/^is (?=.)/, '');
}
