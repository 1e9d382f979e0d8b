/**
 * What pass-through costs with a long saint list and with none: the same proxy, the same configuration, the
 * same load, in runs that alternate.
 */
import { Agent, get } from 'node:http';
import { measure } from '../pass/measure.mjs';
import { startOrigin } from '../pass/pass-through.mjs';
import { troupe } from '../peers/troupe.mjs';
import { varnishd } from '../peers/varnishd.mjs';
import { chooseCores, versionOf } from '../support/machine.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { fillTemplate } from '../support/template.mjs';

const BODY_BYTES = 1024;
/** Connections that the list is filled over. */
const FILLERS = 16;

const peers = [
  { ...troupe, command: (place) => troupe.command(withConfig(place, './troupe.config.ts')) },
  { ...varnishd, command: (place) => varnishd.command(withConfig(place, './varnishd.vcl')) },
];

function withConfig(place, template) {
  return {
    ...place,
    file: fillTemplate(new URL(template, import.meta.url), place.dir, { origin: place.origin }),
  };
}

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ entries: number, rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, only: readonly string[] | undefined, say: (line: string) => void }} options
 * @returns {Promise<Record<string, { none: import('../pass/measure.mjs').Run[], listed: import('../pass/measure.mjs').Run[] }>>}
 */
export async function compareSaintLists(processes, { entries, rounds, only, say, ...setting }) {
  const present = peers.filter(
    ({ name, version }) =>
      version() !== undefined && (only?.some((part) => name.toLowerCase().includes(part)) ?? true),
  );
  const cores = chooseCores();
  const origin = await startOrigin(processes, BODY_BYTES, cores.load);
  const fill = (port) => fillList(port, entries);
  const runs = Object.fromEntries(present.map(({ name }) => [name, { none: [], listed: [] }]));
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const peer of present) {
        for (const kind of ['none', 'listed']) {
          const prepare = kind === 'listed' ? fill : undefined;
          const run = () =>
            measure(processes, peer, {
              ...setting,
              bodyBytes: BODY_BYTES,
              clients: 32,
              cores,
              origin: origin.port,
              prepare,
            });
          const one = setting.quiet ? await inQuiet(run) : await run();
          runs[peer.name][kind].push(one);
          say(`round ${round}, ${peer.name}, ${kind}: ${(1e6 / one.perCpuSecond).toFixed(1)} CPU µs/request`);
        }
      }
    }
  } finally {
    await origin.stop();
  }
  return runs;
}

/** Asks for so many different objects, once each. */
async function fillList(port, entries) {
  const agent = new Agent({ keepAlive: true, maxSockets: FILLERS });
  let left = entries;
  const filler = async () => {
    while (left > 0) await ask(agent, port, `/denied/${left--}`);
  };
  try {
    await Promise.all(Array.from({ length: FILLERS }, filler));
  } finally {
    agent.destroy();
  }
}

function ask(agent, port, path) {
  return new Promise((resolve, reject) => {
    const request = get({ agent, host: '127.0.0.1', port, path }, (response) => {
      response.on('error', reject).on('end', resolve).resume();
      if (response.statusCode !== 200) reject(new Error(`${path} was answered with ${response.statusCode}`));
    });
    request.on('error', reject);
  });
}

/** Whether there is something to put load on them with. */
export const hasLoad = () => versionOf('wrk', '-v') !== undefined;
