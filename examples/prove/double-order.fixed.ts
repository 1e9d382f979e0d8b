/**
 * An API on two servers. What one of them does not answer is asked of the other.
 * Orders are not: the client learns that nobody knows what came of it, and can look.
 */
import { backend, defineConfig, leastConnections } from 'troupe';

const probe = { url: '/healthz', interval: '5s', timeout: '1s', window: 5, threshold: 3 } as const;

const api1 = backend({ host: '10.0.0.1', port: 3000, probe, firstByteTimeout: '15s' });
const api2 = backend({ host: '10.0.0.2', port: 3000, probe, firstByteTimeout: '15s' });
const api = leastConnections([api1, api2]);

export default defineConfig({
  backends: { api1, api2 },
  directors: { api },
  default: api,

  recv({ req }) {
    return req.url.startsWith('/orders') ? 'pass' : 'hash';
  },

  backendError({ bereq }) {
    const isHarmless = bereq.method === 'GET' || bereq.method === 'HEAD';
    return isHarmless && bereq.retries < 1 ? 'retry' : 'deliver';
  },
});
