/** Steps of time that matter to a config: to its probes, and to what it keeps for so long. */
import fc, { type Arbitrary } from 'fast-check';
import type { ResolvedBackend } from '../config/declaration.ts';
import type { Subject } from './subject.ts';

/** Milliseconds between two probes of whoever is probed least often. */
export function longestInterval(backends: readonly ResolvedBackend[]): number {
  return Math.max(1_000, ...backends.map(({ probe }) => probe?.intervalMs ?? 0));
}

/**
 * Steps of time: none, less than a probe takes, about an interval, enough for a verdict, and a moment longer than what
 * the config says that something lasts.
 */
export function pauses({ backends, dictionary: { durationsMs } }: Subject): Arbitrary<number> {
  const probes = backends.flatMap(({ probe }) => (probe === undefined ? [] : [probe]));
  const interval = Math.max(500, ...probes.map(({ intervalMs }) => intervalMs));
  const verdict = Math.max(
    1_000,
    ...probes.map(({ intervalMs, timeoutMs, window }) => (intervalMs + timeoutMs) * window),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 50, 200, 1_000) },
    { weight: 3, arbitrary: inTenths(interval * 2) },
    { weight: 2, arbitrary: inTenths(Math.min(verdict, 120_000)) },
    { weight: 1, arbitrary: fc.constantFrom(6_000, 16_000, 65_000) },
    ...(durationsMs.length === 0
      ? []
      : [{ weight: 2, arbitrary: fc.constantFrom(...durationsMs.map((ms) => ms + JUST_AFTER_MS)) }]),
  );
}

/** Milliseconds. */
export const JUST_AFTER_MS = 100;

/** Times up to a bound, in tenths of seconds, so that stories are easy to read. */
export function inTenths(most: number): Arbitrary<number> {
  return fc.integer({ min: 0, max: Math.ceil(most / 100) }).map((tenths) => tenths * 100);
}
