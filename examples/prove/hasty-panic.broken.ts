/**
 * Three servers. When most of them seem to be sick, it is the probe that is wrong, and all of them are asked.
 * MISTAKE: a panicThreshold of 1 means 'as soon as one is sick'. Every third request goes to a server that is known to
 * be down.
 */
import { backend, defineConfig, random } from 'troupe';

const probe = { url: '/health', interval: '2s', timeout: '1s', window: 4, threshold: 3 } as const;

const web1 = backend({ host: '10.0.0.1', port: 8080, probe });
const web2 = backend({ host: '10.0.0.2', port: 8080, probe });
const web3 = backend({ host: '10.0.0.3', port: 8080, probe });
const web = random([web1, web2, web3], { panicThreshold: 1 });

export default defineConfig({
  backends: { web1, web2, web3 },
  directors: { web },
  default: web,
});
