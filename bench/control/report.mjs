/** What the control plane costs, as text. */
import { median } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';

const STEP_COLUMNS = [
  ['answered ms', 'answeredMs'],
  ['all elected ms', 'doneMs'],
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
 * @param {{ bytesEach: number, bytesEachWithHistory: number, cpuUsPerProbe: number }} footprint
 * @param {{ orderUs: number[], firstPickUs: number[] }} healthChange
 * @param {number} directors that have every backend as a member
 */
export function reportCosts(footprint, healthChange, directors) {
  const worst = (values) => Math.max(...values).toFixed(0);
  return markdownTable(
    ['what', 'median', 'worst'],
    [
      ['memory of a backend with its poller, KB', (footprint.bytesEach / 1000).toFixed(1), ''],
      ['the same with 64 probes remembered, KB', (footprint.bytesEachWithHistory / 1000).toFixed(1), ''],
      ['one probe without its socket, processor µs', footprint.cpuUsPerProbe.toFixed(1), ''],
      [
        `set_health until routed by, ${directors} directors, µs`,
        median(healthChange.orderUs).toFixed(0),
        worst(healthChange.orderUs),
      ],
      [
        'first pick of a director after it, µs',
        median(healthChange.firstPickUs).toFixed(1),
        worst(healthChange.firstPickUs),
      ],
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
