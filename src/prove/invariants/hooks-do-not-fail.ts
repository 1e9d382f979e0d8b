/** No hook throws, returns a promise, or leaves something that cannot be used. */
import { broken, holds, type Invariant } from '../invariant.ts';

export const hooksDoNotFail: Invariant = {
  name: 'no hook fails',
  judge({ hookFailures, requests, config }) {
    const [first] = hookFailures;
    if (first === undefined) return holds(requests.length > 0 && Object.keys(config.hooks).length > 0);
    const { at, hook, message, place } = first;
    const where = place === undefined ? '' : ` (line ${place.line})`;
    const request = requests.findLast((one) => one.at <= at && (one.report?.hookErrors.length ?? 0) > 0);
    const finding = { at, message: `the hook ${hook} failed${where}: ${message}` };
    return broken(request === undefined ? finding : { ...finding, request: request.number });
  },
};
