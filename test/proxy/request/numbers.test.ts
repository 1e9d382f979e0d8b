/** The numbers of connections, requests and fetches: those of varnishd, which operators look for in its log. */
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../src/proxy/listener/listener-limits.ts';
import { cachingWorld } from '../../support/proxy-world.ts';

test('a connection takes one, then each request and each try to fetch', () => {
  const seen: string[] = [];
  const world = cachingWorld({
    cache: { rules: 'varnish' },
    hooks: {
      recv: ({ req, sessionXid }) => {
        seen.push(`req ${req.xid} of ${sessionXid}`);
      },
      backendFetch: ({ bereq, sessionXid }) => {
        seen.push(`bereq ${bereq.xid} of ${sessionXid}`);
      },
      backendResponse: ({ bereq, beresp }) =>
        beresp.status === 500 && bereq.retries === 0 ? 'retry' : undefined,
    },
  });
  const session = { xid: 0, timeouts: defaultLimits };
  world.request({ session });
  world.transport.latest.answer(500);
  world.transport.latest.answer(200, 'hello');
  world.request({ session });
  world.request({ session: { xid: 0, timeouts: defaultLimits }, method: 'POST' });
  expect(seen).toEqual([
    'req 2 of 1',
    'bereq 3 of 1',
    'bereq 4 of 1',
    'req 5 of 1',
    'req 7 of 6',
    'bereq 8 of 6',
  ]);
});
