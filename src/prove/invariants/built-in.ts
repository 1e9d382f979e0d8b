/** The invariants that hold of every config, unless something is wrong with it. */
import type { Invariant } from '../invariant.ts';
import { noSickBackend } from './no-sick-backend.ts';

export const builtInInvariants: readonly Invariant[] = [noSickBackend];
