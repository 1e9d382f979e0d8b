/** http-proxy, the usual Node proxy, with connections to the origin kept. */
import { Agent } from 'node:http';
import { nodePeer } from './node-peer.mjs';

export const httpProxy = nodePeer(import.meta.url, {
  name: 'http-proxy',
  package: 'http-proxy',
  serve: async ({ port, origin }) => {
    const { default: proxy } = await import('http-proxy');
    const server = proxy.createProxyServer({
      target: `http://127.0.0.1:${origin}`,
      agent: new Agent({ keepAlive: true }),
    });
    server.on('error', (_error, _req, res) => res.destroy());
    server.listen(port, '127.0.0.1');
  },
});
