/** What the control plane costs, as text. */
import { median } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';

const STEP_COLUMNS = [
  ['answered ms', 'answeredMs'],
  ['all elected ms', 'doneMs'],
  ['of that held ms', 'heldMs'],
  ['longest turn ms', 'longestTurnMs'],
  ['processor ms', 'cpuMs'],
];

/** @param {Record<string, import('./switching.mjs').Step[]>} steps by command */
export function reportSwitching(steps) {
  const rows = Object.entries(steps).flatMap(([command, all]) => {
    if (all.length === 1) return [[command, ...stepCells(all, median)]];
    const [first, ...later] = all;
    return [
      [`${command}, first time`, ...stepCells([first], median)],
      [`${command}, median of ${later.length} more`, ...stepCells(later, median)],
      [`${command}, worst of those`, ...stepCells(later, (values) => Math.max(...values))],
    ];
  });
  return markdownTable(['command', ...STEP_COLUMNS.map(([title]) => title)], rows);
}

function stepCells(steps, choose) {
  return STEP_COLUMNS.map(([, figure]) => choose(steps.map((step) => step[figure])).toFixed(2));
}

/**
 * What is asked of 1,000 identities, beside what was measured. Milliseconds are those for which the event loop was
 * held: other programs make everything take longer, but hold nothing.
 *
 * @param {Record<string, import('./switching.mjs').Step[]>} steps by command
 * @param {{ bytesEachWithHistory: number }} footprint
 * @param {Record<string, { orderUs: number[] }>} healthChange by kind of directors
 * @param {{ probesPerSecond: number, coreShare: number, wantedPerSecond: number }} polling
 */
export function reportTargets(steps, footprint, healthChange, polling) {
  const worst = (figure, all) => Math.max(...all.map((step) => step[figure]));
  const [loadNew, loadKnown] = [steps['load, all new'], steps['load, all known']];
  const orders = Object.values(healthChange).map(({ orderUs }) => median(orderUs));
  const row = (what, measured, most, digits = 1) => [
    what,
    measured.toFixed(digits),
    `${most}`,
    measured <= most ? 'yes' : 'no',
  ];
  return markdownTable(
    ['what', 'measured', 'at most', 'holds'],
    [
      row('load, all new, held ms', worst('heldMs', loadNew), 400),
      row('load, all new, longest turn ms', worst('longestTurnMs', loadNew), 5),
      row('load, all known, held ms', worst('heldMs', loadKnown), 150),
      row('load, all known, longest turn ms', worst('longestTurnMs', loadKnown), 5),
      row('use, worst, answered ms', worst('answeredMs', steps.use), 2),
      row('use, worst, until all are elected, held ms', worst('heldMs', steps.use), 100),
      row('use, worst, longest turn ms', worst('longestTurnMs', steps.use), 5),
      row('health change in both planes, median µs', Math.max(...orders), 50),
      row('memory of an identity with 64 probes, KB', footprint.bytesEachWithHistory / 1000, 20),
      // Where the first and the last ones of the time watched fall is chance.
      row(
        'probes a second of two configs, over sockets',
        Math.round(polling.probesPerSecond),
        polling.wantedPerSecond,
        0,
      ),
      row('polling, % of one core', 100 * polling.coreShare, 10),
    ],
  );
}

/**
 * @param {{ bytesEach: number, bytesEachWithHistory: number, cpuUsPerProbe: number }} footprint
 * @param {Record<string, { orderUs: number[], firstPickUs: number[] }>} healthChange by kind of directors
 * @param {number} directors that have every backend as a member
 */
export function reportCosts(footprint, healthChange, directors) {
  const once = (what, value) => [what, value.toFixed(1), ''];
  const often = (what, values) => [what, median(values).toFixed(0), Math.max(...values).toFixed(0)];
  return markdownTable(
    ['what', 'median', 'worst'],
    [
      once('memory of a backend with its poller, KB', footprint.bytesEach / 1000),
      once('the same with 64 probes remembered, KB', footprint.bytesEachWithHistory / 1000),
      once('one probe without its socket, processor µs', footprint.cpuUsPerProbe),
      ...Object.entries(healthChange).flatMap(([kind, { orderUs, firstPickUs }]) => [
        often(`set_health until routed by, ${directors} ${kind} directors, µs`, orderUs),
        often(`first pick of a ${kind} director after it, µs`, firstPickUs),
      ]),
    ],
  );
}

/** @param {ReturnType<import('./picks.mjs').measurePicks>} picks */
export function reportPicks(picks) {
  const conditions = [...new Set(picks.map(({ condition }) => condition))];
  const rows = new Map();
  for (const { policy, members, ns, bytes } of picks) {
    const name = `${policy}, ${members} members`;
    const row = rows.get(name) ?? [name];
    // Below one byte it is the measurement itself.
    row.push(bytes >= 1 ? `${ns.toFixed(0)} (${bytes.toFixed(0)} B)` : ns.toFixed(0));
    rows.set(name, row);
  }
  return markdownTable(['ns a pick', ...conditions], [...rows.values()]);
}
