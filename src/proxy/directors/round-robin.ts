/**
 * round_robin: members in turn, one step a pick. Meaning: vmod_directors(3), and varnishd's arithmetic.
 */
import { HealthyRing } from './healthy-ring.ts';
import type { Member, Policy } from './policy.ts';

/** Counts positions in the full list and outlives policies: a health change must not reorder the turn. */
export interface Cursor {
  next: number;
}

export function roundRobin(members: readonly Member[], cursor: Cursor): Policy {
  const ring = new HealthyRing(members);
  return {
    pick(request) {
      // A removal leaves the cursor where it is, as in varnishd, which then reads past the end of its list.
      if (cursor.next >= members.length) cursor.next = 0;
      const at = ring.at(cursor.next, request);
      if (at < 0) return undefined;
      // Wraps now and not at the next pick: a member added at the end in between waits for its turn.
      cursor.next = at + 1 === members.length ? 0 : at + 1;
      return members[at];
    },
  };
}
