/** Troupe itself makes no mistake: no actor fails, no message is lost in an error. */
import { broken, holds, type Invariant } from '../invariant.ts';

export const noBreach: Invariant = {
  name: 'Troupe itself makes no mistake',
  judge({ breaches }) {
    const [first] = breaches;
    return first === undefined ? holds(true) : broken({ at: first.at, message: first.what });
  },
};
