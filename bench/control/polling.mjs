/**
 * Polling over real sockets: the same identities in two configs, probed at the default interval of an origin in a
 * process of its own, which counts what arrives.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromDist } from '../support/dist.mjs';
import { configOf, manyBackends } from './configs.mjs';
import { createWorld } from './world.mjs';

const { createSystemClock } = await fromDist('proxy/system-clock');
const { probeOnce } = await fromDist('streams/probe-effect');
const { probeDefaults } = await fromDist('config/declaration');

/**
 * @param {{ identities: number, seconds: number }} size seconds: how long it is watched, rounded up to intervals
 * @returns {Promise<{ probesPerSecond: number, wantedPerSecond: number, coreShare: number }>} wanted: those of one
 *   config
 */
export async function measurePolling({ identities, seconds }) {
  const origin = fork(fileURLToPath(new URL('./probed-origin.mjs', import.meta.url)));
  try {
    const [{ port }] = await once(origin, 'message');
    const configs = Object.fromEntries(
      ['a', 'b'].map((name) => [name, configOf({ backends: manyBackends(identities, `/${name}`, port) })]),
    );
    const { control } = createWorld(configs, createSystemClock(), undefined, probeOnce);
    for (const name of ['a', 'b']) await control.load(name);
    await control.use('a');

    const { intervalMs } = probeDefaults;
    // Whole intervals, or it would depend on when it begins: the probes of one load come together.
    const watchMs = Math.ceil((seconds * 1_000) / intervalMs) * intervalMs;
    await delay(intervalMs / 2);
    const before = await countOf(origin);
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    await delay(watchMs);
    const { user, system } = process.cpuUsage(cpu);
    const ms = performance.now() - start;
    const probes = (await countOf(origin)) - before;
    control.close();
    return {
      probesPerSecond: (1_000 * probes) / ms,
      wantedPerSecond: (1_000 * identities) / intervalMs,
      coreShare: (user + system) / 1_000 / ms,
    };
  } finally {
    origin.kill();
  }
}

async function countOf(origin) {
  origin.send('count');
  const [{ probes }] = await once(origin, 'message');
  return probes;
}
