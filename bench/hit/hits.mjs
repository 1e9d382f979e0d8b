/**
 * Hits against other caches: one hot object, or 100,000 by Zipf; and misses against passing. Each run in fresh
 * processes, alternating.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putLoad } from '../pass/load.mjs';
import { freePort, measure } from '../pass/measure.mjs';
import { untilItAnswers } from '../pass/until-it-answers.mjs';
import { chooseCores, describeMachine, versionOf } from '../support/machine.mjs';
import { hasEnded } from '../support/processes.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { fillTemplate } from '../support/template.mjs';
import { caches, missAndPass } from './caches.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const zipf = [path('./wrk-zipf.lua')];
const browser = path('../pass/wrk.lua');

/** Misses a second that every cache manages; filling takes as long as that says. */
const FILLED_A_SECOND = 6_000;
const OBJECTS = 100_000;

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {object} options
 * @param {number} options.bodyBytes
 * @param {number} options.clients
 * @param {number} options.seconds of each run
 * @param {number} options.warmUpSeconds
 * @param {number} options.rounds
 * @param {boolean} options.quiet measure in the gaps that other programs leave
 * @param {boolean} options.varied whether each request has a field that none before had
 * @param {'hot' | 'zipf' | 'miss'} options.kind one object; many, by popularity; many in turn, which all miss
 * @param {readonly string[] | undefined} options.only parts of names; undefined: all
 * @param {(line: string) => void} options.say progress
 * @returns {Promise<import('../pass/pass-through.mjs').Comparison>}
 */
export async function compareHits(processes, { only, say, kind, ...setting }) {
  const peers = kind === 'miss' ? missAndPass : caches;
  const wanted = peers.filter(({ name }) => only?.some((part) => name.toLowerCase().includes(part)) ?? true);
  const present = wanted.filter((peer) => peer.version() !== undefined);
  if (present.length === 0) throw new Error(`--only ${only}: no such cache is installed`);
  const cores = chooseCores();
  const dir = mkdtempSync(join(tmpdir(), 'troupe-bench-origin-'));
  const port = await freePort();
  writeFileSync(join(dir, 'body.html'), 'x'.repeat(setting.bodyBytes));
  chmodSync(dir, 0o755);
  const values = { port, dir };
  const file = fillTemplate(new URL('./origin.nginx.conf', import.meta.url), dir, values);
  const origin = processes.start(['nginx', '-c', file, '-p', dir], { core: cores.load });
  try {
    await untilItAnswers(port, setting.bodyBytes, () => !hasEnded(origin.child));
    const runs = Object.fromEntries(present.map(({ name }) => [name, []]));
    const fill = (to) =>
      putLoad(processes, {
        port: to,
        clients: 32,
        seconds: Math.ceil(OBJECTS / FILLED_A_SECOND),
        core: cores.load,
        script: [...zipf, 'each'],
      });
    const loads = {
      hot: setting.varied ? { script: [browser, 'varied'] } : {},
      zipf: { script: zipf, prepare: fill },
      miss: { script: [...zipf, 'each'] },
    };
    const load = loads[kind];
    for (let round = 1; round <= setting.rounds; round++) {
      for (const peer of present) {
        const once = () => measure(processes, peer, { ...setting, ...load, cores, origin: port });
        const run = setting.quiet ? await inQuiet(once) : await once();
        runs[peer.name]?.push(run);
        say(`round ${round}, ${peer.name}: ${(1e6 / run.perCpuSecond).toFixed(1)} CPU µs/hit`);
      }
    }
    return {
      machine: {
        ...describeMachine(),
        origin: `nginx ${versionOf('nginx', '-v')}`,
        load: `wrk ${versionOf('wrk', '-v')}`,
      },
      versions: Object.fromEntries(present.map((peer) => [peer.name, peer.version() ?? ''])),
      missing: wanted.filter((peer) => !present.includes(peer)).map((peer) => peer.name),
      setting,
      runs,
    };
  } finally {
    await processes.stop(origin);
    rmSync(dir, { recursive: true, force: true });
  }
}
