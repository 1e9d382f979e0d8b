/**
 * The subs that a request calls: vcl-step(7). Which returns each allows, and which hook of the internal Config it
 * becomes. Sets of them are bits, because every use of a variable is held against one.
 */
import type { Hooks } from '../config/hooks.ts';

export interface Method {
  /** `vcl_recv` */
  readonly name: string;
  readonly bit: number;
  readonly side: 'client' | 'backend' | 'housekeeping';
  readonly hook: keyof Hooks;
  readonly returns: readonly string[];
}

const table = [
  ['recv', 'client', 'recv', ['fail', 'synth', 'restart', 'pass', 'pipe', 'hash', 'purge', 'vcl']],
  ['pipe', 'client', 'pipe', ['fail', 'synth', 'pipe']],
  ['pass', 'client', 'pass', ['fail', 'synth', 'restart', 'fetch']],
  ['hash', 'client', 'hash', ['fail', 'lookup']],
  ['purge', 'client', 'purge', ['fail', 'synth', 'restart']],
  ['miss', 'client', 'miss', ['fail', 'synth', 'restart', 'pass', 'fetch']],
  ['hit', 'client', 'hit', ['fail', 'synth', 'restart', 'pass', 'deliver']],
  ['deliver', 'client', 'deliver', ['fail', 'synth', 'restart', 'deliver']],
  ['synth', 'client', 'synth', ['fail', 'restart', 'deliver']],
  ['backend_fetch', 'backend', 'backendFetch', ['fail', 'fetch', 'abandon', 'error']],
  [
    'backend_response',
    'backend',
    'backendResponse',
    ['fail', 'deliver', 'retry', 'abandon', 'pass', 'error'],
  ],
  ['backend_error', 'backend', 'backendError', ['fail', 'deliver', 'retry', 'abandon']],
  ['init', 'housekeeping', 'init', ['ok', 'fail']],
  ['fini', 'housekeeping', 'fini', ['ok']],
] as const;

export const methods: readonly Method[] = table.map(([name, side, hook, returns], index) => ({
  name: `vcl_${name}`,
  bit: 1 << index,
  side,
  hook,
  returns,
}));

export const everywhere = (1 << methods.length) - 1;

/** Every word that `return` knows. */
export const returnWords: ReadonlySet<string> = new Set(table.flatMap(([, , , returns]) => returns));

/** @param names as vcl-var(7) writes them: `client`, `backend`, `all`, `vcl_hit` */
export function methodBits(names: string): number {
  let bits = 0;
  for (const name of names.split(', ')) {
    for (const method of methods) {
      if (name === 'all' || name === method.side || name === method.name) bits |= method.bit;
    }
  }
  return bits;
}

export function methodNamed(name: string): Method | undefined {
  return methods.find((method) => method.name === name);
}
