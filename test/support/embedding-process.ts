/**
 * A program that embeds a proxy, run by the tests of closing in a process of its own: it must end by itself,
 * with nothing left that could keep it alive. Says what is left on its standard output.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { backend, createProxy, defineConfig, roundRobin } from '../../src/index.ts';

const scenario = process.argv[2];
const before = process.getActiveResourcesInfo();

const origin = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url !== '/never') response.end('origin');
}).listen(0, '127.0.0.1');
await once(origin, 'listening');

const app = backend({
  host: '127.0.0.1',
  port: (origin.address() as AddressInfo).port,
  probe: { url: '/probe', interval: 50, window: 2, threshold: 1 },
});
const director = roundRobin([app]);
const config = defineConfig({ backends: { app }, directors: { director } });
const proxy = createProxy(scenario === 'failed' ? '/nowhere.config.ts' : config, { drainTimeout: 100 });

async function get(port: number, path = '/'): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

async function use(): Promise<void> {
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const server = createServer(proxy.handler).on('upgrade', proxy.upgrade).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispatcher = proxy.dispatcher('director');
  await get(port);
  await get((server.address() as AddressInfo).port);
  await (await fetch('http://api.internal/', { dispatcher })).text();
  if (scenario === 'under way') {
    const asked = once(origin, 'request');
    void fetch('http://api.internal/never', { dispatcher }).catch(() => {});
    await asked;
  }
  server.close();
  server.closeIdleConnections();
}

if (scenario === 'not ready') await Promise.all([proxy.close(), proxy.close()]);
else if (scenario === 'failed') await proxy.ready.catch(() => {});
else await use();

await proxy.close();
await proxy.close();
origin.close();
origin.closeAllConnections();
await once(origin, 'close');
// What was closed leaves the list within a turn; what is left keeps the process.
await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const after = process.getActiveResourcesInfo();
const left = after.filter((resource) => !before.includes(resource));
console.log(JSON.stringify({ left }));
