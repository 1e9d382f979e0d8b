/**
 * A proxy inside a server of your own: `/status` is answered here, everything else by one of two origins.
 *
 *   node examples/embedding/node-http.mjs
 */
import { createServer } from 'node:http';
import { backend, createProxy, defineConfig, roundRobin } from 'troupe';
import { atInterrupt, listen, startOrigin } from './origins.mjs';

const origins = [await startOrigin('anna'), await startOrigin('bert')];
const [anna, bert] = origins.map(({ port }) =>
  backend({ host: '127.0.0.1', port, probe: { url: '/health', interval: '2s' } }),
);
const both = roundRobin([anna, bert]);

const proxy = createProxy(defineConfig({ backends: { anna, bert }, directors: { both }, default: both }));
await proxy.ready;

const server = createServer((request, response) => {
  if (request.url === '/status') {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(proxy.stats(), undefined, 2));
  } else {
    proxy.handler(request, response);
  }
});
const { port, close } = await listen(server);

atInterrupt(async () => {
  close();
  await proxy.close();
  for (const origin of origins) origin.close();
});

console.log(`Serving on http://127.0.0.1:${port}/ and http://127.0.0.1:${port}/status; Ctrl-C ends it.`);
for (const path of ['/one', '/two']) {
  console.log(`GET ${path} -> ${(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).trim()}`);
}
