/**
 * Hosts that are served, in a table that each loaded copy of this config has for itself: nobody else can take it away.
 */
import { backend, defineConfig, synth } from 'troupe';

const tenants = new Set(['example.com', 'shop.example.com']);

const app = backend({ host: '10.0.0.1', port: 8080 });

export default defineConfig({
  backends: { app },

  recv({ req }) {
    const host = req.http.get('host')?.toLowerCase() ?? '';
    return tenants.has(host) ? 'pass' : synth(503, 'Unknown site');
  },
});
