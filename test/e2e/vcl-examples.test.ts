/** The VCL programs of examples/, with origins in the places of theirs. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProxy, type TroupeProxy } from '../../src/index.ts';
import { upgradeVclFile } from '../../src/vcl/load-vcl.ts';
import { ConfigFolder } from '../config/config-folder.ts';
import { Origin } from '../support/origin.ts';
import { ask } from '../vcl/ask.ts';

let folder: ConfigFolder;
let app1: Origin;
let app2: Origin;
let proxy: TroupeProxy;
let port: number;

beforeEach(async () => {
  folder = new ConfigFolder();
  app1 = await Origin.start('app1');
  app2 = await Origin.start('app2');
  app2.answer = (request, response) => {
    if (request.url?.startsWith('/broken')) response.statusCode = 500;
    response.end('app2');
  };
});

afterEach(async () => {
  await proxy.close();
  await Promise.all([app1.close(), app2.close()]);
  folder.remove();
});

function located(name: string): string {
  const program = readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8');
  const text = program.replace('"9001"', `"${app1.port}"`).replace('"9002"', `"${app2.port}"`);
  expect(text).not.toBe(program);
  return folder.write(name, text.replace('8082', String(app1.port)));
}

async function serve(file: string): Promise<void> {
  proxy = createProxy(file);
  port = (await proxy.listen({ host: '127.0.0.1', port: 0 })).port;
}

const seen = (url: string) => [app1, app2].flatMap((app) => app.requests.filter((one) => one.url === url));

test('site.vcl caches, steps over what fails, and tells its neighbour of purges', async () => {
  await serve(located('site.vcl'));
  for (let count = 0; count < 4; count++) expect(await ask(port, '/page')).toMatchObject({ status: 200 });
  expect(seen('/page')).toHaveLength(1);
  for (let count = 0; count < 4; count++) {
    expect(await ask(port, `/broken/${count}`)).toMatchObject({ status: 200, body: 'app1' });
  }
  expect(await ask(port, '/status')).toMatchObject({
    status: 200,
    body: expect.stringMatching(/^pending: \d\n$/),
  });
  expect(await ask(port, '/page', 'PURGE')).toMatchObject({ status: 200, reason: 'Purged' });
  // Its neighbour is the first server here.
  await app1.until(() => app1.requests.some(({ method }) => method === 'PURGE'));
  expect(await ask(port, '/page')).toMatchObject({ headers: { 'x-hits': '0' } });
});

test.each(['as it is', 'upgraded'])(
  'varnish3.vcl caches, steps over what fails, and purges: %s',
  async (how) => {
    const file = located('varnish3.vcl');
    await serve(how === 'as it is' ? file : folder.write('new.vcl', await upgradeVclFile(file)));
    for (let count = 0; count < 4; count++) {
      expect(await ask(port, '/page', 'GET', { Cookie: 'a=b' })).toMatchObject({ status: 200 });
    }
    expect(seen('/page')).toHaveLength(1);
    for (let count = 0; count < 4; count++) {
      expect(await ask(port, `/broken/${count}`)).toMatchObject({ status: 200, body: 'app1' });
    }
    expect(await ask(port, '/page', 'PURGE')).toMatchObject({ status: 200, reason: 'Purged.' });
    expect(await ask(port, '/page', 'PURGE')).toMatchObject({ status: 404, reason: 'Not in cache.' });
    const status = await ask(port, '/status');
    expect(status).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' } });
    expect(status.body).toMatch(/^fine, at .* GMT\n$/);
  },
);
