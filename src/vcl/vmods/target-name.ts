/** The name of what a BACKEND argument means. */
import type { BackendRef } from '../../config/hooks.ts';

/**
 * @param call what was tried, for the sentence
 * @throws Error there is none
 */
export function targetName(target: BackendRef | undefined, call: string): string {
  if (target === undefined) throw new Error(`${call}: None backend cannot be added`);
  return typeof target === 'string' ? target : target.name;
}
