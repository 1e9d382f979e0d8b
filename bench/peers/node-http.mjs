/** The least that a hand-written proxy does: node:http in front, undici's Pool behind, fields copied as they are. */
import { createServer } from 'node:http';
import { nodePeer } from './node-peer.mjs';

export const nodeHttp = nodePeer(import.meta.url, {
  name: 'node:http + undici',
  package: 'undici',
  serve: async ({ port, origin }) => {
    const { Pool } = await import('undici');
    const pool = new Pool(`http://127.0.0.1:${origin}`);
    const server = createServer((req, res) => {
      const { connection, ...headers } = req.headers;
      const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
      const options = { path: req.url, method: req.method, headers, body: hasBody ? req : null };
      const answer = ({ statusCode, headers: fields }) => {
        delete fields.connection;
        return res.writeHead(statusCode, fields);
      };
      pool.stream(options, answer, (error) => {
        if (error) res.destroy();
      });
    });
    server.listen(port, '127.0.0.1');
  },
});
