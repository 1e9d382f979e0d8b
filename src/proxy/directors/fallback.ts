/**
 * fallback: the first member that is healthy; sticky: the one picked last for as long as it is healthy, then
 * the next one going round. Meaning: vmod_directors(3), and varnishd's arithmetic.
 */
import { HealthyRing } from './healthy-ring.ts';
import type { Member, Policy } from './policy.ts';

/** Position in the full list of the member picked last. Outlives policies. */
export interface Current {
  position: number;
}

/**
 * @param sticky A request to which the current member is denied moves it on for everybody, as in varnishd.
 */
export function fallback(members: readonly Member[], current: Current, sticky: boolean): Policy {
  const ring = new HealthyRing(members);
  return {
    pick(request) {
      const at = ring.at(sticky ? current.position : 0, request);
      if (at < 0) return undefined;
      current.position = at;
      return members[at];
    },
  };
}

/** Keeps `current` at its member after another one was removed; if it went itself, at the one after it. */
export function followRemoval(current: Current, removed: number, left: number): void {
  if (removed < current.position) current.position--;
  else if (current.position === left) current.position = 0;
}
