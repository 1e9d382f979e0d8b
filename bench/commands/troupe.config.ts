/** Every answer is kept, so that the load needs nobody else's processor time: the origin is asked once. */
import { backend, defineConfig } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });

export default defineConfig({
  backends: { origin },
  backendResponse({ beresp }) {
    beresp.uncacheable = false;
    beresp.ttl = 3_600_000;
    return 'deliver';
  },
});
