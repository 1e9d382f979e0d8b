/**
 * A shop whose checkout must never reach the legacy servers: they know nothing of the new payment. What must hold is
 * written down in checkout.prove.ts.
 */
import { backend, defineConfig, fallback } from 'troupe';

const probe = { url: '/health', interval: '2s', timeout: '1s', window: 4, threshold: 2 } as const;

const modern = backend({ host: '10.0.0.1', port: 8080, probe });
const legacy = backend({ host: '10.0.0.2', port: 8080, probe });

const shop = fallback([modern, legacy]);

export default defineConfig({
  backends: { modern, legacy },
  directors: { shop },
  default: shop,

  recv({ req }) {
    // Nobody is better than the wrong one.
    if (req.url.startsWith('/checkout')) req.backend = modern;
    return 'pass';
  },
});
