/** A comparison as text: the machine, the table, and what to think of the noise. */
import { troupe } from '../peers/troupe.mjs';
import { median, spread } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';

const MIB = 2 ** 20;

/** Column title, and what stands in it for the runs of one proxy. */
const smallBodies = [
  ['requests/CPU s', (of) => of('perCpuSecond').toFixed(0)],
  ['CPU µs/request', (of) => (1e6 / of('perCpuSecond')).toFixed(1)],
  ['requests/s', (of) => of('perSecond').toFixed(0)],
  ['core busy', (of) => `${(100 * of('coreShare')).toFixed(0)} %`],
  ['p50 ms', (of) => (of('p50Us') / 1000).toFixed(2)],
  ['p99 ms', (of) => (of('p99Us') / 1000).toFixed(2)],
];
const largeBodies = [
  ['MiB/CPU s', (of) => (of('bytesPerCpuSecond') / MIB).toFixed(0)],
  ['MiB/s', (of) => (of('bytesPerSecond') / MIB).toFixed(0)],
  ['core busy', (of) => `${(100 * of('coreShare')).toFixed(0)} %`],
];
const always = [['peak MiB', (of) => (of('peakBytes') / MIB).toFixed(0)]];

/** Bodies from this size on are about bytes, not about requests. */
const LARGE_BYTES = MIB;

/**
 * @param {import('./pass-through.mjs').Comparison} comparison
 * @param {string} command what was typed
 * @returns {string}
 */
export function reportPassThrough({ machine, versions, missing, setting, runs }, command) {
  const isLarge = setting.bodyBytes >= LARGE_BYTES;
  const rate = isLarge ? 'bytesPerCpuSecond' : 'perCpuSecond';
  const columns = [...(isLarge ? largeBodies : smallBodies), ...always];
  const names = Object.keys(runs);
  const reference = runs[troupe.name];
  const rows = names.map((name) => {
    const values = (figure) => runs[name].map((run) => run[figure]);
    const of = (figure) => median(values(figure));
    const ratio = reference === undefined ? '' : medianRatio(reference, runs[name], rate).toFixed(2);
    const range = `${(100 * spread(values(rate))).toFixed(0)} %`;
    return [`${name} ${versions[name]}`, ratio, ...columns.map(([, show]) => show(of)), range];
  });
  const { bodyBytes, clients, seconds, warmUpSeconds, rounds } = setting;
  return [
    ...Object.entries(machine).map(([what, value]) => `${what}: ${value}`),
    `command: ${command}`,
    `setting: ${bodyBytes} B body, ${clients} keep-alive clients, ${rounds} rounds of ${seconds} s after ${warmUpSeconds} s of warm-up`,
    `meanwhile: ${noise(runs)}`,
    ...(missing.length === 0 ? [] : [`not installed: ${missing.join(', ')}`]),
    '',
    markdownTable(['proxy', 'Troupe ÷ it', ...columns.map(([title]) => title), 'spread'], rows),
  ].join('\n');
}

/** The median of the ratios round by round: what slows the whole machine for a while cancels out. */
function medianRatio(ours, theirs, figure) {
  return median(ours.map((run, round) => run[figure] / (theirs[round]?.[figure] ?? Number.NaN)));
}

/** What else the machine did, so that a reader knows how far to trust the numbers. */
function noise(runs) {
  const shares = Object.values(runs).flatMap((ofOne) => ofOne.map(({ othersShare }) => othersShare));
  return `other programs used ${median(shares).toFixed(2)} cores in the median run, ${Math.max(...shares).toFixed(2)} in the worst`;
}
