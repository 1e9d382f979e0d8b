/**
 * Slow start: a member that has become healthy weighs less for a while. Its share grows from a tenth to all of
 * it, evenly with time and in steps; shares are relative to the member that has been healthy longest, so members
 * that became healthy together share as always, as at the first start of everything.
 *
 * It works on weights, so it holds for each policy that shares by them. Cost: O(n) with each policy that is
 * built, and another one is built a few times a second while some member is cold.
 */
import type { Member } from './policy.ts';

/** As much as Envoy begins with. */
const FLOOR = 0.1;
/** Steps in which a share grows. */
const STEPS = 64;

export interface WeighedMembers {
  readonly members: readonly Member[];
  /** Milliseconds of the clock from which on they weigh otherwise. */
  readonly until: number;
}

/** @param durationMs in which a member comes to its full share; more than 0 */
export function slowlyStarted(members: readonly Member[], durationMs: number, now: number): WeighedMembers {
  const shareOf = ({ target }: Member) => {
    const share = FLOOR + ((1 - FLOOR) * (now - target.changedAt)) / durationMs;
    // Clocks of two planes may differ: a change to come is one of now.
    return Math.max(FLOOR, Math.min(1, share));
  };
  let least = 1;
  let most = 0;
  for (const member of members) {
    if (!member.target.healthy || member.weight === 0) continue;
    const share = shareOf(member);
    if (share < least) least = share;
    if (share > most) most = share;
  }
  // Nobody is cold, or all are alike, and stay so.
  if (most <= least) return { members, until: Number.POSITIVE_INFINITY };
  const weighed = members.map((member) =>
    member.target.healthy ? { ...member, weight: (member.weight * shareOf(member)) / most } : member,
  );
  return { members: weighed, until: now + durationMs / STEPS };
}
