/**
 * Pass-through against peers: the same load through each proxy in turn, as many rounds as asked, each run in
 * fresh processes. The runs alternate, so that whatever else the machine does hits all alike.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peers } from '../peers/peers.mjs';
import { chooseCores, describeMachine, versionOf } from '../support/machine.mjs';
import { hasEnded } from '../support/processes.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { freePort, measure } from './measure.mjs';
import { describeOrigin, originCommand } from './origin.mjs';
import { untilItAnswers } from './until-it-answers.mjs';

/**
 * @typedef {object} Comparison
 * @property {Record<string, string>} machine
 * @property {Record<string, string>} versions of the peers measured, by name
 * @property {readonly string[]} missing peers that are not installed
 * @property {{ bodyBytes: number, clients: number, seconds: number, warmUpSeconds: number, rounds: number, quiet: boolean }} setting
 * @property {Record<string, import('./measure.mjs').Run[]>} runs by name
 */

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {object} options
 * @param {number} options.bodyBytes
 * @param {number} options.clients
 * @param {number} options.seconds of each run
 * @param {number} options.warmUpSeconds
 * @param {number} options.rounds
 * @param {boolean} options.quiet measure in the gaps that other programs leave
 * @param {readonly string[] | undefined} options.only parts of names; undefined: all
 * @param {(line: string) => void} options.say progress
 * @returns {Promise<Comparison>}
 */
export async function comparePassThrough(processes, { only, say, ...setting }) {
  if (versionOf('wrk', '-v') === undefined) throw new Error('wrk is not installed; apt-get install wrk');
  const wanted = peers.filter(({ name }) => only?.some((part) => name.toLowerCase().includes(part)) ?? true);
  if (wanted.length === 0) {
    throw new Error(`--only ${only}: no such peer; there are ${peers.map(({ name }) => name).join(', ')}`);
  }
  const present = wanted.filter((peer) => peer.version() !== undefined);
  if (present.length === 0) throw new Error(`not installed: ${wanted.map(({ name }) => name).join(', ')}`);
  const cores = chooseCores();
  if (cores.proxy === undefined) say('Proxy and load share all cores: there is only one, or no taskset.');

  const origin = await startOrigin(processes, setting.bodyBytes, cores.load);
  try {
    const runs = Object.fromEntries(present.map(({ name }) => [name, []]));
    for (let round = 1; round <= setting.rounds; round++) {
      for (const peer of present) {
        const once = () => measure(processes, peer, { ...setting, cores, origin: origin.port });
        const run = setting.quiet ? await inQuiet(once) : await once();
        runs[peer.name]?.push(run);
        say(`round ${round}, ${peer.name}: ${(1e6 / run.perCpuSecond).toFixed(1)} CPU µs/request`);
      }
    }
    return {
      machine: { ...describeMachine(), origin: describeOrigin(), load: `wrk ${versionOf('wrk', '-v')}` },
      versions: Object.fromEntries(present.map((peer) => [peer.name, peer.version() ?? ''])),
      missing: wanted.filter((peer) => !present.includes(peer)).map((peer) => peer.name),
      setting,
      runs,
    };
  } finally {
    await origin.stop();
  }
}

/** @returns {Promise<{ port: number, stop: () => Promise<void> }>} what answers behind every proxy */
export async function startOrigin(processes, bodyBytes, core) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-bench-origin-'));
  // nginx serves as another user than the one who starts it.
  chmodSync(dir, 0o755);
  const port = await freePort();
  const running = processes.start(originCommand({ port, dir, bodyBytes }), { core });
  const stop = async () => {
    await processes.stop(running);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(port, bodyBytes, () => !hasEnded(running.child));
  } catch (error) {
    await stop();
    throw new Error(`the origin: ${error.message}\n${running.output()}`, { cause: error });
  }
  return { port, stop };
}
