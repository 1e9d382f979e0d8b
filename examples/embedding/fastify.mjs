/**
 * A proxy in a Fastify application: a scope of its own, whose bodies nobody parses and whose replies are handed
 * over.
 *
 *   npm install fastify
 *   node examples/embedding/fastify.mjs
 */
import fastify from 'fastify';
import { backend, createProxy, defineConfig } from 'troupe';
import { atInterrupt, startOrigin } from './origins.mjs';

const origin = await startOrigin('api');
const api = backend({ host: '127.0.0.1', port: origin.port });
const proxy = createProxy(defineConfig({ backends: { api } }));
await proxy.ready;

const app = fastify();
app.get('/', () => 'This is the application itself.\n');
app.register((scope, _options, registered) => {
  // Fastify would read bodies before it calls the handler.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/api/*', (request, reply) => {
    // The reply is the proxy's from here on. What reply.header() has set stays behind: use reply.raw.setHeader().
    reply.hijack();
    proxy.handler(request.raw, reply.raw);
  });
  registered();
});
// Fastify closes with its last connection, the proxy when nobody can ask it any more.
app.addHook('onClose', () => proxy.close());
const url = await app.listen({ host: '127.0.0.1', port: 0 });

atInterrupt(async () => {
  await app.close();
  origin.close();
});

console.log(`Serving on ${url}/ and ${url}/api/users; Ctrl-C ends it.`);
for (const [method, path] of [
  ['GET', '/'],
  ['POST', '/api/users'],
]) {
  const response = await fetch(`${url}${path}`, {
    method,
    body: method === 'POST' ? '{"name":"ada"}' : null,
  });
  console.log(`${method} ${path} -> ${(await response.text()).trim()}`);
}
