/** Troupe as a pass-through proxy: one backend, and a hook that says so, as in varnishd.vcl. */
import { backend, defineConfig } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });

export default defineConfig({
  backends: { origin },
  default: origin,
  recv: () => 'pass',
});
