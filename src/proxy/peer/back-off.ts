/**
 * How long a failed operation waits before its next attempt: exponentially longer, and by chance, so that what
 * failed together does not come back together ("full jitter").
 */

/** Milliseconds: the most that the first retry waits. */
const FIRST_MS = 100;
/** Milliseconds: the most that any retry waits. */
const LONGEST_MS = 30_000;

/**
 * @param attempt the one that failed, from 1
 * @param random in [0, 1)
 * @returns milliseconds, from half of the step to all of it
 */
export function backOffMs(attempt: number, random: number): number {
  let step = FIRST_MS;
  for (let i = 1; i < attempt && step < LONGEST_MS; i++) step *= 2;
  return (Math.min(step, LONGEST_MS) * (1 + random)) / 2;
}
