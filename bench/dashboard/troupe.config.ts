/** As bench/peers/troupe.config.ts, with 20 backends more that are only polled: so there is something to watch. */
import { type BackendHandle, backend, defineConfig } from 'troupe';

const port = Number('@origin@');
const app = backend({ host: '127.0.0.1', port });
const polled: Record<string, BackendHandle> = {};
for (let i = 0; i < 20; i++) {
  polled[`polled${i}`] = backend({
    host: '127.0.0.1',
    port,
    probe: { interval: 500, window: 8, threshold: 3 },
  });
}

export default defineConfig({
  backends: { app, ...polled },
  default: app,
  recv: () => 'pass',
});
