/**
 * Handles: what backend(), saintmode() and the director functions return. A handle is an ordinary value, so
 * that misspelling one is an error in the editor; it carries what it was made with, unchecked, and gets its name
 * from the key under which defineConfig finds it.
 */
import { TroupeError } from '../errors.ts';
import type { CallSite } from './call-site.ts';

export abstract class Handle {
  /** What to call such a handle in a sentence. */
  abstract readonly kind: 'backend' | 'saintmode object' | 'director' | 'peer';
  #name: string | undefined;

  /**
   * The name that the config gives it.
   *
   * @throws TroupeError before defineConfig has been called
   */
  get name(): string {
    if (this.#name !== undefined) return this.#name;
    throw new TroupeError(
      'troupe.outside-hook',
      `this ${this.kind} has no name yet: defineConfig gives it one, from its key in ${listOf(this)}. Read the name in a hook.`,
      { side: 'troupe' },
    );
  }

  /** The name, if it has one. */
  static nameOf(handle: Handle): string | undefined {
    return handle.#name;
  }

  /** For defineConfig alone. A handle keeps its first name. */
  static giveName(handle: Handle, name: string): void {
    handle.#name ??= name;
  }
}

/** A call that made a handle or a config: where it stands, and what it was given. */
export interface RecordedCall {
  readonly site: CallSite;
  readonly args: readonly unknown[];
}

const calls = new WeakMap<Handle, RecordedCall>();

export function recordCall(handle: Handle, site: CallSite, args: readonly unknown[]): void {
  calls.set(handle, { site, args });
}

export function callOf(handle: Handle): RecordedCall {
  const call = calls.get(handle);
  if (call === undefined) throw new Error('a handle was made by something else than its function');
  return call;
}

/** The option of defineConfig in which it belongs. */
export function listOf(handle: Handle): 'backends' | 'directors' | 'peers' {
  if (handle.kind === 'peer') return 'peers';
  return handle.kind === 'backend' ? 'backends' : 'directors';
}
