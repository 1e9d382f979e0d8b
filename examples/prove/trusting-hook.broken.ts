/**
 * Clients say in a field what they prefer, as JSON.
 *
 * MISTAKE: whatever a client sends is taken to be JSON. What is not makes the hook throw, and its request gets 503.
 */
import { backend, defineConfig } from 'troupe';

const app = backend({ host: '10.0.0.1', port: 8080 });

export default defineConfig({
  backends: { app },

  recv({ req }) {
    const wishes: { language?: string } = JSON.parse(req.http.get('x-wishes') ?? '{}');
    req.http.set('accept-language', wishes.language ?? 'en');
    return 'pass';
  },
});
