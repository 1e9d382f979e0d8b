/** The benchmark of the saint list: the store by itself, and pass-through with and without a long list. */
import { describeMachine } from '../support/machine.mjs';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { median } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';
import { compareSaintLists, hasLoad } from './pass.mjs';
import { measureStore, measureTurns } from './store.mjs';

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ short: boolean, rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, only: readonly string[] | undefined, say: (line: string) => void }} options
 */
export async function runSaint(processes, { short, ...options }) {
  const others = watchOtherPrograms();
  const entries = short ? 50_000 : 1_000_000;
  const listed = short ? 1_000 : 100_000;
  const store = measureStore(entries);
  const turns = measureTurns(entries);
  const pass = hasLoad() ? await compareSaintLists(processes, { entries: listed, ...options }) : {};
  const machine = describeMachine();
  const text = [
    ...Object.entries(machine).map(([what, value]) => `${what}: ${value}`),
    `meanwhile: other programs used ${others().toFixed(2)} cores`,
    `setting: ${entries} entries; pass-through with ${listed} entries against none, ${options.rounds} rounds of ${options.seconds} s`,
    '',
    reportStore(store, turns),
    '',
    reportPass(pass),
  ].join('\n');
  return { result: { machine, store, turns, pass }, text };
}

function reportStore({ denyNs, hitNs, missNs, bytesEach }, turns) {
  const row = (what, value, target) => [what, value, target];
  return markdownTable(
    ['saint list', 'measured', 'target'],
    [
      row('deny, ns', denyNs.toFixed(0), '2000'),
      row('look-up of an object that is denied, ns', hitNs.toFixed(0), '300'),
      row('look-up of one that is not, ns', missNs.toFixed(0), '300'),
      row('memory of an entry, bytes', bytesEach.toFixed(1), '100'),
      row('longest turn while all are added, ms', turns.addingMs.toFixed(2), '5'),
      row('longest turn while all end at once, ms', turns.expiringMs.toFixed(2), '5'),
      row('turns that this takes', String(turns.expiringTurns), ''),
      row('longest turn while an identity is lifted, ms', turns.lettingGoMs.toFixed(2), '5'),
      row('longest page of a list, ms', turns.pageMs.toFixed(2), '5'),
    ],
  );
}

function reportPass(pass) {
  const cost = (run) => 1e6 / run.perCpuSecond;
  const rows = Object.entries(pass).map(([name, { none, listed }]) => {
    const more = median(listed.map((run, round) => cost(run) / cost(none[round])));
    const rate = median(listed.map((run, round) => run.perSecond / none[round].perSecond));
    return [
      name,
      median(none.map(cost)).toFixed(1),
      median(listed.map(cost)).toFixed(1),
      `${(100 * (more - 1)).toFixed(1)} %`,
      `${(100 * (rate - 1)).toFixed(0)} %`,
    ];
  });
  return markdownTable(['pass-through', 'CPU µs/request, none', 'with entries', 'more', 'throughput'], rows);
}
