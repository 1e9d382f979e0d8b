/**
 * A machine as JSON: its own configuration, which XState's createMachine and Stately Studio take in. Code is replaced
 * by the names that it goes by.
 */
import type { AnyStateMachine } from 'xstate';

/** The whole file. */
export function jsonOf(machine: AnyStateMachine): string {
  return `${JSON.stringify(plain(machine.config, []), undefined, 2)}\n`;
}

/** Keys below which a function is a thing with a name; what is computed at run time is left out. */
const named = new Set(['guard', 'actions', 'entry', 'exit', 'src', 'guards']);

function plain(value: unknown, path: readonly string[]): unknown {
  if (typeof value === 'function') return isNamed(path) ? reference(value) : undefined;
  if (Array.isArray(value)) return value.map((one) => plain(one, path));
  if (typeof value !== 'object' || value === null) return value;
  if ('transition' in value && 'getInitialSnapshot' in value) return actorName(value);
  const entries = Object.entries(value).map(([key, one]) => [key, plain(one, [...path, key])] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

const isNamed = (path: readonly string[]): boolean => named.has(path.at(-1) ?? '');

/** Combined guards keep their parts; other functions are a name. */
function reference(value: object): unknown {
  const name = 'name' in value && typeof value.name === 'string' && value.name !== '' ? value.name : 'inline';
  if ('guards' in value && Array.isArray(value.guards)) {
    return { type: name, params: { guards: value.guards.map((one) => plain(one, ['guard'])) } };
  }
  const type: unknown = 'type' in value ? value.type : undefined;
  return { type: typeof type === 'string' ? type : name };
}

/** Logic that is written in place of an actor's name: a machine's id, or what kind it is. */
function actorName(logic: object): string {
  return 'id' in logic && typeof logic.id === 'string' ? logic.id : 'inline';
}
