/** Parameter saintmode_threshold: for backends of Varnish 3 programs that have none of their own. */
import { afterEach, expect, test } from 'vitest';
import { createProxy } from '../../../src/create-proxy.ts';
import type { TroupeProxy } from '../../../src/troupe-proxy.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import { Origin } from '../../support/origin.ts';
import { ask } from '../ask.ts';

const folder = new ConfigFolder();
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  folder.remove();
});

/** How many of so many broken objects a backend is asked for before another one is asked for all. */
async function askedFor(saintmodeThreshold: number | undefined, own: string): Promise<number> {
  const [bad, good] = [await Origin.start('bad'), await Origin.start('good')];
  closing.push(
    () => bad.close(),
    () => good.close(),
  );
  bad.answer = (_request, response) => {
    response.statusCode = 500;
    response.end();
  };
  const program = `
    backend b1 { .host = "127.0.0.1"; .port = "${bad.port}"; ${own} }
    backend b2 { .host = "127.0.0.1"; .port = "${good.port}"; }
    director app fallback { { .backend = b1; } { .backend = b2; } }
    sub vcl_recv { set req.backend = app; return (lookup); }
    sub vcl_fetch { if (beresp.status == 500) { set beresp.saintmode = 1m; return (restart); } }
    sub vcl_error { if (obj.status == 503) { set obj.status = 500; } }`;
  const vcl = saintmodeThreshold === undefined ? {} : { saintmodeThreshold };
  const proxy: TroupeProxy = createProxy(folder.write('saint.vcl', program), { vcl });
  closing.push(() => proxy.close());
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  for (let count = 0; count < 12; count++) await ask(port, `/${count}`);
  return new Set(bad.requests.map(({ url }) => url)).size;
}

test.each([
  ['is 10', undefined, '', 10],
  ['can be set', 2, '', 2],
  ['leaves a backend its own', 2, '.saintmode_threshold = 3;', 3],
  ['of 0 has no lists', 0, '', 12],
])('%s', async (_what, threshold, own, expected) => {
  expect(await askedFor(threshold, own)).toBe(expected);
});
