/** Points in time of the clock, as people and other programs have them. */
import type { Clock } from '../../clock.ts';

/** Milliseconds by which both clocks may drift apart, or be set, before that counts. */
const TOLERANCE_MS = 50;

const offsets = new WeakMap<Clock, number>();

/**
 * Milliseconds since 1970 of a point in time of the clock. The same point has the same time whenever it is asked
 * for, unless somebody sets the machine's clock meanwhile.
 */
export function wallTimeOf(clock: Clock, at: number): number {
  const present = clock.wallNow() - clock.now();
  const before = offsets.get(clock);
  const isSet = before === undefined || Math.abs(present - before) > TOLERANCE_MS;
  if (isSet) offsets.set(clock, present);
  return Math.round((isSet ? present : before) + at);
}
