/** How many worker threads a peer's pool wants, and which ones it can do without. Pure. */

export interface PoolLoad {
  readonly min: number;
  readonly max: number;
  /** Threads that are there or being started, those that were told to end not among them. */
  readonly threads: readonly number[];
  /** Operations that wait for a thread, as last told. */
  readonly pending: number;
  /** Threads that have one in hand, as last told. */
  readonly busy: readonly number[];
}

/**
 * How many there should be now: within the limits, and while operations wait, up to twice as many at each
 * look, but no more than have something to do. Fewer only because of the maximum: see `spare`.
 */
export function wantedThreads({ min, max, threads, pending }: PoolLoad): number {
  const grown = threads.length + Math.min(pending, threads.length);
  return Math.min(max, Math.max(min, grown));
}

/** How many are more than needed, now that nothing waits. */
export function spareThreads({ min, threads, pending, busy }: PoolLoad): number {
  if (pending > 0) return 0;
  return Math.max(0, threads.length - Math.max(min, busyAmong(threads, busy)));
}

/** @returns the threads to end: idle ones before busy ones, the newest first */
export function leavers({ threads, busy }: PoolLoad, count: number): readonly number[] {
  const idle = threads.filter((thread) => !busy.includes(thread));
  const others = threads.filter((thread) => busy.includes(thread));
  return [...others, ...idle].slice(Math.max(0, threads.length - count)).reverse();
}

function busyAmong(threads: readonly number[], busy: readonly number[]): number {
  return threads.filter((thread) => busy.includes(thread)).length;
}
