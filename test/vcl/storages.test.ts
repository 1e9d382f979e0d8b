import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { loadVclText } from '../../src/vcl/load-vcl.ts';
import { ask } from './ask.ts';

let origin: Server;
let proxy: TroupeProxy | undefined;
let asked = 0;

beforeEach(async () => {
  asked = 0;
  origin = createServer((_request, response) => {
    asked++;
    response.end('x'.repeat(10_000));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
  origin.closeAllConnections();
  origin.close();
});

function program(body: string): string {
  const { port } = origin.address() as AddressInfo;
  return `vcl 4.1; backend b { .host = "127.0.0.1"; .port = "${port}"; }\n${body}`;
}

async function serve(size: Record<string, number>, body: string): Promise<number> {
  proxy = createProxy(await loadVclText('<test>', program(body)), { cache: { size } });
  return (await proxy.listen({ port: 0, host: '127.0.0.1' })).port;
}

const chosen = `sub vcl_backend_response {
  set beresp.ttl = 1h;
  if (bereq.url ~ "^/small") { set beresp.storage = storage.small; }
  if (bereq.url ~ "^/large") { set beresp.storage = storage.large; }
}
sub vcl_deliver {
  set resp.http.Storage = obj.storage;
  set resp.http.Small = storage.small.used_space > 0B;
}`;

test('a program chooses the storage, whose bound is its own', async () => {
  const port = await serve({ small: 25_000, large: 1_000_000 }, chosen);
  expect((await ask(port, '/large')).headers).toMatchObject({ storage: 'storage.large', small: 'false' });
  for (const url of ['/small1', '/small2', '/small3']) {
    expect((await ask(port, url)).headers).toMatchObject({ storage: 'storage.small', small: 'true' });
  }
  expect(asked).toBe(4);
  await ask(port, '/large');
  await ask(port, '/small3');
  expect(asked).toBe(4);
  // Two of them fit.
  await ask(port, '/small1');
  expect(asked).toBe(5);
});

test('objects of which nobody says where go to the storages in turn', async () => {
  const port = await serve({ small: 100_000, large: 100_000 }, chosen);
  const found = [];
  for (const url of ['/a', '/b', '/c']) found.push((await ask(port, url)).headers['storage']);
  expect(found).toEqual(['storage.small', 'storage.large', 'storage.small']);
});

test('a storage that there is not is a mistake, where it is known which there are', async () => {
  const text = program('sub vcl_backend_response { set beresp.storage = storage.none; }');
  await expect(loadVclText('<test>', text, { storages: new Set(['s0']) })).rejects.toThrow(
    "Symbol not found: 'storage.none'",
  );
  await expect(loadVclText('<test>', text)).resolves.toBeDefined();
});
