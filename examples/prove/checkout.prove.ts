/** What must hold of the shop, besides what must hold of every config: `troupe prove` finds this file by its name. */
import { invariant } from 'troupe/testing';

export default [
  invariant('checkout never reaches the legacy pool', ({ asks }) => {
    const wrong = asks.find(
      ({ url, identity }) => url.startsWith('/checkout') && identity.startsWith('legacy('),
    );
    return wrong && { at: wrong.at, message: `${wrong.method} ${wrong.url} was sent to ${wrong.identity}` };
  }),
];
