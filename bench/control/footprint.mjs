/** What a thousand polled backends cost: memory, and processor time for each probe. */
import { liveBytes } from '../support/collect-garbage.mjs';
import { configOf, manyBackends } from './configs.mjs';
import { loadInSimulation } from './simulation.mjs';

/** Milliseconds of simulated time: 64 probes of each backend fill the histories. */
const FULL_HISTORY_MS = 400_000;

/**
 * @param {number} identities
 * @returns {Promise<{ bytesEach: number, bytesEachWithHistory: number, cpuUsPerProbe: number }>} probe: wanted,
 *   answered and judged, timers included, but without a socket
 */
export async function measureFootprint(identities) {
  const empty = liveBytes();
  const { world, clock } = await loadInSimulation(configOf({ backends: manyBackends(identities, '/') }));
  const loaded = liveBytes();

  const probes = world.probes;
  const cpu = process.cpuUsage();
  clock.advance(FULL_HISTORY_MS);
  const { user, system } = process.cpuUsage(cpu);
  const polled = liveBytes();

  const figures = {
    bytesEach: (loaded - empty) / identities,
    bytesEachWithHistory: (polled - empty) / identities,
    cpuUsPerProbe: (user + system) / (world.probes - probes),
  };
  world.control.close();
  return figures;
}
