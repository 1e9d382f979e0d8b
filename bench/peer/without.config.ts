/** The same as with-full-queue.config.ts, but no peer is told anything. */
import { backend, defineConfig } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });

export default defineConfig({
  backends: { origin },
  recv({ req }) {
    return req.method === 'GET' ? 'pass' : 'fail';
  },
});
