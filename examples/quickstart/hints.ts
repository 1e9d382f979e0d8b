/** What to try with the quickstart, as `npm start` prints it. */
import type { DemoPorts } from './origins.ts';

export function hints(ports: DemoPorts, proxy = 'http://127.0.0.1:8080'): string {
  const origins = Object.entries(ports).map(
    ([name, port]) => `    ${name.padEnd(8)}http://127.0.0.1:${port}/`,
  );
  return `
Four demo origins run in this process:
${origins.join('\n')}

Try, in another terminal:
  1. Balancing: the answers come from all four in turn (one of them is slow).
       for i in 1 2 3 4; do curl -s ${proxy}/hello; done
  2. Failover: moody is up for 10 s and down for 10 s. Nobody notices: its probe takes it out, and a request
     that catches it in between is retried elsewhere.
       while sleep 0.3; do curl -s -w '%{http_code} ' ${proxy}/hello; done
  3. A saint entry: picky fails for /broken. The first request that meets it there is retried on another
     origin, and for 20 s picky is not asked for /broken again, but is for everything else.
       for i in 1 2 3 4 5 6 7 8; do curl -s ${proxy}/broken; done
       for i in 1 2 3 4; do curl -s ${proxy}/hello; done
  4. A switch of config: load this file again and switch to it between two requests. The field x-config
     counts on; no request fails, no connection to an origin is opened anew, and no health is forgotten.
       curl -si ${proxy}/hello | grep x-config; kill -HUP ${process.pid}; sleep 1
       curl -si ${proxy}/hello | grep x-config
  5. A mistake: put a typo into examples/quickstart.config.ts and send the same signal. It is told with file,
     line and a caret, and the config loaded before keeps serving.

Ctrl-C ends it.
`;
}
