/** Each request is to be repeated to a peer that never answers: the queue is full all the time. */
import { backend, defineConfig, peer } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });
const deaf = peer({ host: '127.0.0.1', port: Number('@deaf@'), timeout: '10m', maxQueue: 1_000 });

export default defineConfig({
  backends: { origin },
  peers: { deaf },
  recv({ req }) {
    deaf.queue(req);
    return req.method === 'GET' ? 'pass' : 'fail';
  },
});
