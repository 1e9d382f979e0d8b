/** Every operation that a peer has accepted ends, and none of them causes others without end. */
import { broken, holds, type Invariant } from '../invariant.ts';

/** Operations that one request of a client may cause, by whatever way. */
const MOST_FOR_ONE = 32;

export const peersComeToRest: Invariant = {
  name: 'every accepted operation of a peer ends, and causes no others without end',
  judge({ peerResults, peersPending, requests, endedAt }) {
    const asked = requests.filter(({ event }) => event !== undefined).length;
    const [first] = peerResults;
    if (first !== undefined && peerResults.length > MOST_FOR_ONE * asked) {
      const { method, url, peer } = first;
      const message = `${method} ${url} goes round among peers for ever: ${asked} requests of clients have caused more than ${peerResults.length} operations of ${peer}`;
      const echo = requests.find(({ event }) => event === undefined);
      return broken({
        at: echo?.at ?? endedAt,
        message,
        ...(echo === undefined ? {} : { request: echo.number }),
      });
    }
    if (peersPending > 0) {
      const message = `${peersPending} operations of peers have not ended ${Math.round(endedAt / 1_000)} s after the start`;
      return broken({ at: endedAt, message });
    }
    return holds(first !== undefined);
  },
};
