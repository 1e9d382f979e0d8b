/** Troupe past its cache. */
import { backend, defineConfig } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });

export default defineConfig({ backends: { origin }, recv: () => 'pass' });
