/** Faults of origins made by chance: which, where, and for how long. */
import fc, { type Arbitrary } from 'fast-check';
import type { ResolvedBackend } from '../config/declaration.ts';
import type { Fault } from '../simulation/fault.ts';
import type { Dictionary } from './dictionary.ts';
import { inTenths, longestInterval } from './pauses.ts';
import type { Act } from './scenario.ts';

export function faultActs(
  backends: readonly ResolvedBackend[],
  places: readonly string[],
  { urls }: Dictionary,
): Arbitrary<Act> {
  const at = fc.constantFrom(...places);
  const interval = longestInterval(backends);
  const url = fc.constantFrom('/', '/a', ...urls);
  const fault: Arbitrary<Fault> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault>({ kind: 'refuses' }) },
    { weight: 2, arbitrary: fc.constant<Fault>({ kind: 'fails', status: 503 }) },
    { weight: 3, arbitrary: url.map((one): Fault => ({ kind: 'fails', status: 500, url: one })) },
    { weight: 2, arbitrary: fc.constantFrom(100, 1_500, 8_000).map((ms): Fault => ({ kind: 'slow', ms })) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'resets' }) },
    { weight: 1, arbitrary: url.map((one): Fault => ({ kind: 'resets', url: one })) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'hangs' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'vanishes' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'cuts' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'flaps', periodMs: interval }) },
  );
  const forMs = fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: inTenths(interval * 10) },
  );
  return fc.record({ kind: fc.constant('fault' as const), at, fault, forMs });
}
