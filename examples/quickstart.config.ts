/**
 * Quickstart: four demo origins, which are started in this process, behind one director. Each is probed,
 * and each stands behind a saintmode object, so that it can be sick for one object and well for the others.
 */
import { backend, defineConfig, roundRobin, saintmode } from 'troupe';
import { hints } from './quickstart/hints.ts';
import { countLoad, startDemoOrigins } from './quickstart/origins.ts';

const ports = await startDemoOrigins();
const load = countLoad();
if (load === 1) console.log(hints(ports));

const probe = { url: '/health', interval: '1s', timeout: '500ms', window: 4, threshold: 2 } as const;

const steady = backend({ host: '127.0.0.1', port: ports.steady, probe });
const slow = backend({ host: '127.0.0.1', port: ports.slow, probe });
const picky = backend({ host: '127.0.0.1', port: ports.picky, probe });
const moody = backend({ host: '127.0.0.1', port: ports.moody, probe });

const steadySaint = saintmode(steady, { threshold: 10 });
const slowSaint = saintmode(slow, { threshold: 10 });
const pickySaint = saintmode(picky, { threshold: 10 });
const moodySaint = saintmode(moody, { threshold: 10 });

const app = roundRobin([steadySaint, slowSaint, pickySaint, moodySaint]);

export default defineConfig({
  backends: { steady, slow, picky, moody },
  directors: { app, steadySaint, slowSaint, pickySaint, moodySaint },
  default: app,

  backendResponse({ bereq, beresp, deny, log }) {
    if (beresp.status >= 500) {
      // The backend that answered is not asked for this object for 20 s. Others are, and so is this one for
      // other objects.
      deny('20s');
      log(`${beresp.status} for ${bereq.url}: denied for 20 s, trying another`);
      return 'retry';
    }
    return 'deliver';
  },

  deliver({ resp }) {
    resp.http.set('x-config', `load ${load}`);
    return 'deliver';
  },
});
