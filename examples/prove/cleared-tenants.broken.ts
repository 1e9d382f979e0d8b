/**
 * Hosts that are served, in a table that all loaded copies of this config share, because it takes long to make.
 *
 * MISTAKE: a copy that goes takes the table with it. After a reload the new copy knows no hosts any more.
 */
import { backend, defineConfig, synth } from 'troupe';

const shared = globalThis as { tenants?: Set<string> | undefined };
shared.tenants ??= new Set(['example.com', 'shop.example.com']);

const app = backend({ host: '10.0.0.1', port: 8080 });

export default defineConfig({
  backends: { app },

  recv({ req }) {
    const host = req.http.get('host')?.toLowerCase() ?? '';
    return shared.tenants?.has(host) === true ? 'pass' : synth(503, 'Unknown site');
  },

  fini() {
    shared.tenants = undefined;
  },
});
