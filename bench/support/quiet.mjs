/** On a machine that others use too: measure in the gaps. */
import { setTimeout as delay } from 'node:timers/promises';
import { watchOtherPrograms } from './other-programs.mjs';

/** Cores that other programs may use in a measurement that counts. */
const TOLERATED_SHARE = 0.15;
/** How often a disturbed measurement is made again before it is taken as it is. */
const ATTEMPTS = 5;

const LOOK_MS = 500;
const PATIENCE_MS = 60_000;

/**
 * Measures when nobody else uses the machine, and again if somebody did.
 *
 * @template {{ othersShare: number }} Run
 * @param {() => Promise<Run>} measure
 * @returns {Promise<Run>} the first undisturbed run, or else the least disturbed one
 */
export async function inQuiet(measure) {
  let best;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await untilQuiet();
    const run = await measure();
    if (best === undefined || run.othersShare < best.othersShare) best = run;
    if (best.othersShare <= TOLERATED_SHARE) break;
  }
  return best;
}

async function untilQuiet() {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const others = watchOtherPrograms();
    await delay(LOOK_MS);
    if (others() <= TOLERATED_SHARE) return;
  }
}
