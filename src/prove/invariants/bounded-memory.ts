/** Memory is bounded: nothing that a request adds stays for as long as the config does. */
import { broken, holds, type Invariant } from '../invariant.ts';

/** Members that requests may add to a director: configs that swap one for another do. */
const MOST_ADDED = 4;

export const boundedMemory: Invariant = {
  name: 'memory is bounded: no director grows with each request',
  judge({ members, requests, endedAt }) {
    for (const { director, before, after } of members) {
      if (after - before <= MOST_ADDED) continue;
      const message = `the director ${director} has grown from ${before} to ${after} members by ${requests.length} requests`;
      return broken({ at: endedAt, message });
    }
    return holds(members.some(({ before, after }) => before !== after));
  },
};
