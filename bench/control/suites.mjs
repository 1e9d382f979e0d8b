/** The benchmarks that need no peer: the control plane and the directors. */
import { describeMachine } from '../support/machine.mjs';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { reportCosts, reportPicks, reportSwitching, reportTargets } from './report.mjs';

/** Directors that a health change must reach. */
const DIRECTORS = 50;

/** @param {boolean} short few repetitions: shows that it works */
export async function runControl(short) {
  const { measureSwitching } = await import('./switching.mjs');
  const { measureFootprint } = await import('./footprint.mjs');
  const { measureHealthChange } = await import('./health-change.mjs');
  const { measurePolling } = await import('./polling.mjs');
  const others = watchOtherPrograms();
  const identities = short ? 100 : 1_000;
  // First, while nothing is compiled: an operator's first command finds the process so too.
  const steps = await measureSwitching({
    identities,
    directors: 1,
    switches: short ? 4 : 41,
  });
  const footprint = await measureFootprint(identities);
  const changes = short ? 20 : 1_000;
  const healthChange = {};
  for (const kind of ['round_robin', 'hash', 'shard']) {
    healthChange[kind] = await measureHealthChange({ identities, directors: DIRECTORS, kind, changes });
  }
  const polling = await measurePolling({ identities, seconds: short ? 1 : 15 });
  const machine = describeMachine();
  const text = [
    ...introduction(machine, others()),
    `setting: ${identities} backends with probes`,
    '',
    reportSwitching(steps),
    '',
    reportCosts(footprint, healthChange, DIRECTORS),
    '',
    reportTargets(steps, footprint, healthChange, polling),
  ].join('\n');
  return { result: { machine, steps, footprint, healthChange, polling }, text };
}

/** @param {boolean} short few repetitions: shows that it works */
export async function runPicks(short) {
  const { measurePicks } = await import('./picks.mjs');
  const others = watchOtherPrograms();
  const picks = measurePicks({ sizes: [10, 1_000], batchMs: short ? 0.2 : 5, batches: short ? 3 : 15 });
  const machine = describeMachine();
  return {
    result: { machine, picks },
    text: [...introduction(machine, others()), '', reportPicks(picks)].join('\n'),
  };
}

function introduction(machine, othersShare) {
  const lines = Object.entries(machine).map(([what, value]) => `${what}: ${value}`);
  return [...lines, `meanwhile: other programs used ${othersShare.toFixed(2)} cores`];
}
