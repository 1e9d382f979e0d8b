/** What a request costs while the queue of a peer that never answers is full, against a config without peers. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { measure } from '../pass/measure.mjs';
import { startOrigin } from '../pass/pass-through.mjs';
import { troupe } from '../peers/troupe.mjs';
import { chooseCores } from '../support/machine.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { fillTemplate } from '../support/template.mjs';

const BODY_BYTES = 1_024;

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, say: (line: string) => void }} effort
 * @returns {Promise<{ without: import('../pass/measure.mjs').Run[], full: import('../pass/measure.mjs').Run[] }>}
 */
export async function measureFullQueue(processes, { rounds, seconds, warmUpSeconds, quiet, say }) {
  const cores = chooseCores();
  const sockets = new Set();
  const deaf = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const origin = await startOrigin(processes, BODY_BYTES, cores.load);
  const proxy = (file) => ({
    ...troupe,
    command: ({ port, origin: originPort, dir }) => {
      const values = { origin: originPort, deaf: deaf.address().port };
      const path = fillTemplate(new URL(file, import.meta.url), dir, values);
      // Its log says once a second how many were refused; here, nobody reads it.
      return [
        ...troupe.command({ port, origin: originPort, dir }).slice(0, 3),
        '-f',
        path,
        '-a',
        `127.0.0.1:${port}`,
      ];
    },
  });
  const kinds = { without: proxy('./without.config.ts'), full: proxy('./with-full-queue.config.ts') };
  const runs = { without: [], full: [] };
  const setting = { origin: origin.port, bodyBytes: BODY_BYTES, clients: 32, seconds, warmUpSeconds, cores };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [kind, peer] of Object.entries(kinds)) {
        const measureOnce = () => measure(processes, peer, setting);
        const run = quiet ? await inQuiet(measureOnce) : await measureOnce();
        runs[kind].push(run);
        say(`round ${round}, ${kind}: ${(1e6 / run.perCpuSecond).toFixed(1)} CPU µs/request`);
      }
    }
    return runs;
  } finally {
    await origin.stop();
    for (const socket of sockets) socket.destroy();
    deaf.close();
  }
}
