/**
 * A proxy in an Express application, behind the application's own middleware: below `/api` it is an origin that
 * answers, and it is told who the user is.
 *
 *   npm install express
 *   node examples/embedding/express.mjs
 */
import { createServer } from 'node:http';
import express from 'express';
import { backend, createProxy, defineConfig } from 'troupe';
import { atInterrupt, listen, startOrigin } from './origins.mjs';

const origin = await startOrigin('api');
const api = backend({ host: '127.0.0.1', port: origin.port });
const proxy = createProxy(defineConfig({ backends: { api } }));
await proxy.ready;

const app = express();
app.get('/', (_request, response) => response.send('This is the application itself.\n'));
app.use('/api', (request, _response, next) => {
  // What is set here reaches the origin; what a client says of itself does not.
  request.headers['x-user'] = 'ada';
  next();
});
// The origin sees the path below /api. Body parsers (express.json()) come behind this line, or not at all.
app.use('/api', proxy.handler);
app.use(express.json());
const { port, close } = await listen(createServer(app));

atInterrupt(async () => {
  close();
  await proxy.close();
  origin.close();
});

console.log(`Serving on http://127.0.0.1:${port}/ and http://127.0.0.1:${port}/api/users; Ctrl-C ends it.`);
for (const path of ['/', '/api/users']) {
  console.log(`GET ${path} -> ${(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).trim()}`);
}
