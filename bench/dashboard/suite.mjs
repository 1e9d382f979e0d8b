/** What a dashboard costs a request: none, one that nobody asks, and one that is watched. */
import { freePort, measure } from '../pass/measure.mjs';
import { startOrigin } from '../pass/pass-through.mjs';
import { troupe } from '../peers/troupe.mjs';
import { chooseCores, describeMachine } from '../support/machine.mjs';
import { inQuiet } from '../support/quiet.mjs';
import { median, spread } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';
import { fillTemplate } from '../support/template.mjs';
import { watch } from './watch.mjs';

const BODY_BYTES = 1_024;

const kinds = {
  none: { title: 'without a dashboard', isOpen: false, isWatched: false },
  open: { title: 'one that nobody asks', isOpen: true, isWatched: false },
  watched: { title: '/metrics each second, one reader of /events', isOpen: true, isWatched: true },
};

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, say: (line: string) => void }} effort
 */
export async function runDashboard(processes, { rounds, seconds, warmUpSeconds, quiet, say }) {
  const cores = chooseCores();
  const origin = await startOrigin(processes, BODY_BYTES, cores.load);
  const setting = { origin: origin.port, bodyBytes: BODY_BYTES, clients: 32, seconds, warmUpSeconds, cores };
  const runs = { none: [], open: [], watched: [] };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [kind, { isOpen, isWatched }] of Object.entries(kinds)) {
        const once = () => measureOnce(processes, setting, isOpen, isWatched);
        const run = quiet ? await inQuiet(once) : await once();
        runs[kind].push(run);
        say(`round ${round}, ${kind}: ${cpuUs(run).toFixed(1)} CPU µs/request`);
      }
    }
  } finally {
    await origin.stop();
  }
  const machine = describeMachine();
  const facts = Object.entries(machine).map(([what, value]) => `${what}: ${value}`);
  return { result: { machine, runs }, text: [...facts, '', report(runs)].join('\n') };
}

async function measureOnce(processes, setting, isOpen, isWatched) {
  const port = isOpen ? await freePort() : undefined;
  const peer = {
    ...troupe,
    command: ({ port: proxyPort, origin, dir }) => {
      const file = fillTemplate(new URL('./troupe.config.ts', import.meta.url), dir, { origin });
      const argv = troupe.command({ port: proxyPort, origin, dir, file });
      return port === undefined ? argv : [...argv, '--dashboard', `127.0.0.1:${port}`];
    },
  };
  let unwatch;
  const prepare = async () => {
    if (isWatched) unwatch = await watch(port);
  };
  try {
    return { ...(await measure(processes, peer, { ...setting, prepare })), ...unwatch?.() };
  } finally {
    unwatch?.();
  }
}

const cpuUs = ({ perCpuSecond }) => 1e6 / perCpuSecond;

function report(runs) {
  const rows = Object.entries(kinds).map(([kind, { title }]) => {
    const us = runs[kind].map(cpuUs);
    const ratios = us.map((one, round) => one / cpuUs(runs.none[round]));
    const p99 = median(runs[kind].map(({ p99Us }) => p99Us / 1_000));
    return [
      title,
      median(us).toFixed(1),
      median(ratios).toFixed(3),
      `${(100 * spread(us)).toFixed(0)} %`,
      p99.toFixed(2),
    ];
  });
  return markdownTable(['dashboard', 'CPU µs/request', 'ratio', 'spread', 'p99 ms'], rows);
}
