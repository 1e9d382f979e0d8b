/** Troupe as it caches by itself: one backend, no hook. */
import { backend, defineConfig } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });

export default defineConfig({ backends: { origin } });
