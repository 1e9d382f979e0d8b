/**
 * What hostile clients on the port of the command line cost a request: all processor time of the process, whatever it
 * was spent on, by the requests served. These are hits: what they cost is least, so that the port's share shows most,
 * and no origin shares the load's core. The hostile clients do, so how much of its own core the proxy used is told, too:
 * where that falls, requests come one by one, and each costs more for that reason alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, measure } from '../pass/measure.mjs';
import { startOrigin } from '../pass/pass-through.mjs';
import { troupe } from '../peers/troupe.mjs';
import { chooseCores, describeMachine } from '../support/machine.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { median, spread } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';
import { fillTemplate } from '../support/template.mjs';
import { chatter, flood, storm, strangers } from './hostile.mjs';

const BODY_BYTES = 1_024;
const secret = Buffer.from('of the bench\n');

const kinds = {
  none: { title: 'nobody on the port', begin: () => () => ({}) },
  flood: { title: 'commands without a pause', begin: (port) => flood(port, secret) },
  strangers: { title: '100 strangers a second', begin: (port) => strangers(port, 100) },
  storm: { title: '2,000 connections a second', begin: (port) => storm(port, 2_000) },
  chatter: { title: '32 strangers who never stop', begin: chatter },
  all: {
    title: 'all of them',
    begin: (port) => {
      const ends = [flood(port, secret), strangers(port, 100), storm(port, 500), chatter(port)];
      return () => Object.assign({}, ...ends.map((end) => end()));
    },
  },
};

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, say: (line: string) => void }} effort
 */
export async function runCommands(processes, { rounds, seconds, warmUpSeconds, quiet, say }) {
  const cores = chooseCores();
  const origin = await startOrigin(processes, BODY_BYTES, cores.load);
  const setting = { origin: origin.port, bodyBytes: BODY_BYTES, clients: 32, seconds, warmUpSeconds, cores };
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const runs = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  try {
    writeFileSync(join(folder, 'secret'), secret);
    for (let round = 1; round <= rounds; round++) {
      for (const [kind, { begin }] of Object.entries(kinds)) {
        const once = () => measureOnce(processes, setting, folder, begin);
        const run = quiet ? await inQuiet(once) : await once();
        runs[kind].push(run);
        say(`round ${round}, ${kind}: ${cpuUs(run).toFixed(1)} CPU µs/request`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
    await origin.stop();
  }
  const machine = describeMachine();
  const facts = Object.entries(machine).map(([what, value]) => `${what}: ${value}`);
  return { result: { machine, runs }, text: [...facts, '', report(runs)].join('\n') };
}

async function measureOnce(processes, setting, folder, begin) {
  const port = await freePort();
  const peer = {
    ...troupe,
    command: ({ port: proxyPort, origin, dir }) => {
      const file = fillTemplate(new URL('./troupe.config.ts', import.meta.url), dir, { origin });
      const argv = troupe.command({ port: proxyPort, origin, dir, file });
      return [...argv, '-T', `127.0.0.1:${port}`, '-S', join(folder, 'secret'), '-n', join(dir, 'work')];
    },
  };
  let end = () => ({});
  const prepare = async () => {
    end = begin(port);
  };
  try {
    return { ...(await measure(processes, peer, { ...setting, prepare })), ...end() };
  } finally {
    end();
  }
}

const cpuUs = ({ perCpuSecond }) => 1e6 / perCpuSecond;

function report(runs) {
  const rows = Object.entries(kinds).map(([kind, { title }]) => {
    const us = runs[kind].map(cpuUs);
    const ratios = us.map((one, round) => one / cpuUs(runs.none[round]));
    const share = median(runs[kind].map(({ coreShare }) => coreShare));
    return [
      title,
      median(us).toFixed(1),
      median(ratios).toFixed(3),
      `${(100 * spread(us)).toFixed(0)} %`,
      `${(100 * share).toFixed(0)} %`,
    ];
  });
  return markdownTable(['command line', 'CPU µs/request', 'ratio', 'spread', 'of a core'], rows);
}
