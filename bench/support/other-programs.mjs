/** What everybody else used of the machine meanwhile: whether a measurement can be trusted. */
import { cpus } from 'node:os';
import { processorSeconds } from './process-tree.mjs';

/** @returns {() => number} from then until its call: cores in use by what this process has not started */
export function watchOtherPrograms() {
  const start = performance.now();
  const before = othersSeconds();
  return () => Math.max(0, (1000 * (othersSeconds() - before)) / (performance.now() - start));
}

function othersSeconds() {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return busyMs / 1000 - processorSeconds(process.pid);
}
