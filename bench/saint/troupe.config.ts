/** Troupe as a pass-through proxy with saintmode: what is asked for under /denied/ goes on the saint list. */
import { backend, defineConfig, saintmode } from 'troupe';

const origin = backend({ host: '127.0.0.1', port: Number('@origin@') });
const saint = saintmode(origin, { threshold: 10_000_000 });

export default defineConfig({
  backends: { origin },
  default: saint,
  recv: () => 'pass',
  backendResponse: ({ bereq, deny }) => {
    if (bereq.url.startsWith('/denied/')) deny('2h');
  },
});
