/** @fastify/http-proxy as its README starts it: undici's Pool to the origin, no log. */
import { nodePeer } from './node-peer.mjs';

export const fastifyHttpProxy = nodePeer(import.meta.url, {
  name: '@fastify/http-proxy',
  package: '@fastify/http-proxy',
  serve: async ({ port, origin }) => {
    const { default: fastify } = await import('fastify');
    const { default: proxy } = await import('@fastify/http-proxy');
    const server = fastify();
    await server.register(proxy, { upstream: `http://127.0.0.1:${origin}` });
    await server.listen({ port, host: '127.0.0.1' });
  },
});
