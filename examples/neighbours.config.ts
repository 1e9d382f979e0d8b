/**
 * Two neighbours that tell each other what was purged. Start one in each of two terminals:
 *
 *   NEIGHBOUR=127.0.0.1:8082 npx troupe run -f examples/neighbours.config.ts -a 127.0.0.1:8081
 *   NEIGHBOUR=127.0.0.1:8081 npx troupe run -f examples/neighbours.config.ts -a 127.0.0.1:8082
 *
 * Then: curl http://127.0.0.1:8082/page              twice: the second answer comes from the cache,
 *       curl -X PURGE http://127.0.0.1:8081/page     tells the other one, too (see its log),
 *       curl http://127.0.0.1:8082/page              which asks its origin again;
 *       curl http://127.0.0.1:8081/status            for what is still to be told.
 */
import { createServer } from 'node:http';
import { backend, defineConfig, peer, synth } from 'troupe';

const [host = '127.0.0.1', port = '8082'] = (process.env['NEIGHBOUR'] ?? '').split(':').filter(Boolean);

/** A demo origin in this process, on a port of its own; a reload takes another. */
let answers = 0;
const origin = createServer((request, response) => {
  response.setHeader('Cache-Control', 'max-age=600');
  response.end(`the origin says: ${request.url} is fine (answer ${++answers})\n`);
});
const originPort = await new Promise<number>((resolve) => {
  origin.listen(0, '127.0.0.1', () => resolve((origin.address() as { port: number }).port));
});
origin.unref();

const app = backend({ host: '127.0.0.1', port: originPort });
const neighbour = peer({
  host,
  port: Number(port),
  timeout: '2s',
  connectTimeout: '500ms',
  threads: [1, 4],
  retries: 3,
});

export default defineConfig({
  backends: { app },
  peers: { neighbour },

  recv({ req, log }) {
    if (req.url === '/status') return synth(200, 'Status');
    // Both serve one site, whatever the address under which they are asked: an object is found by URL and Host.
    req.http.set('Host', 'www.example.com');
    if (req.method !== 'PURGE') return 'hash';
    const teller = req.http.get('x-told-by');
    if (teller === undefined) {
      // The snapshot has the field, the request that goes on here has not.
      req.http.set('x-told-by', 'a neighbour');
      neighbour.queue(req);
      req.http.unset('x-told-by');
    }
    log(`purged ${req.url}${teller === undefined ? '' : `, told by ${teller}`}`);
    return 'purge';
  },

  synth({ req, resp }) {
    if (req.url === '/status') resp.body = `pending peer requests: ${neighbour.pending}\n`;
  },
});
