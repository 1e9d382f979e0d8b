/**
 * Rejected promises that a config's own code leaves unhandled while it is loaded. Node would end the process
 * for one, and with it a proxy that is serving; here the loading fails instead.
 */
import { setImmediate } from 'node:timers/promises';

/**
 * @param work what is done meanwhile
 * @param isOurs whether a rejection belongs to that work; others go the way they would have gone
 * @throws what `work` rejects with, or else the first rejection that was left unhandled
 */
export async function refusingStrays<T>(
  work: () => Promise<T>,
  isOurs: (reason: unknown) => boolean,
): Promise<T> {
  const strays: unknown[] = [];
  const listener = (reason: unknown): void => {
    if (isOurs(reason)) strays.push(reason);
    // Nobody else listens, so without this listener the process would have ended.
    else if (process.listenerCount('unhandledRejection') === 1) throw reason;
  };
  process.on('unhandledRejection', listener);
  try {
    const result = await work();
    // Node reports what is unhandled at the end of a turn.
    await setImmediate();
    if (strays.length > 0) throw strays[0];
    return result;
  } finally {
    process.off('unhandledRejection', listener);
  }
}
