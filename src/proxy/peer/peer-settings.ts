/**
 * What can be changed of a peer while it runs, by the functions of vmod_peer and with their manners: a 0 leaves
 * that side unchanged, conflicting and senseless values are ignored. The documents name no default but that of
 * the threads; those of the timeouts are a backend's.
 */

export interface Threads {
  readonly min: number;
  readonly max: number;
}

/**
 * set_threads: new limits.
 *
 * Given alone, a minimum above the maximum raises the maximum, and a maximum below the minimum lowers the
 * minimum; given together they conflict.
 */
export function withThreads(before: Threads, min: number, max: number, most: number): Threads {
  if (!isCount(min) || !isCount(max) || min > most || max > most) return before;
  if (min > 0 && max > 0) return min <= max ? { min, max } : before;
  if (min > 0) return { min, max: Math.max(min, before.max) };
  if (max > 0) return { min: Math.min(before.min, max), max };
  return before;
}

/** set_timeout, set_connect_timeout: milliseconds; 0 takes the default again. */
export function withTimeout(before: number, ms: number, byDefault: number): number {
  if (ms === 0) return byDefault;
  return ms > 0 && ms <= LONGEST_WAIT_MS ? ms : before;
}

/** set_thread_maxq. */
export function withMaxQueue(before: number, length: number): number {
  return isCount(length) && length > 0 ? length : before;
}

/** Node's timers hold no more. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
