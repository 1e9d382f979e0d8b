/** One run of one proxy: started, warmed, loaded, measured, ended. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { peakMemory, processorSeconds } from '../support/process-tree.mjs';
import { hasEnded } from '../support/processes.mjs';
import { putLoad } from './load.mjs';
import { untilItAnswers } from './until-it-answers.mjs';

/**
 * @typedef {object} Run
 * @property {number} requests
 * @property {number} perCpuSecond requests per second of the proxy's processor time
 * @property {number} bytesPerCpuSecond
 * @property {number} perSecond requests per second that passed
 * @property {number} bytesPerSecond
 * @property {number} coreShare share of one core that the proxy used
 * @property {number} p50Us microseconds
 * @property {number} p99Us microseconds
 * @property {number} peakBytes memory in use at the most, start and warm-up included
 * @property {number} othersShare cores that programs used which have nothing to do with the benchmark
 */

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {import('../peers/peers.mjs').Peer} peer
 * @param {object} setting
 * @param {number} setting.origin the origin's port
 * @param {number} setting.bodyBytes
 * @param {number} setting.clients
 * @param {number} setting.seconds
 * @param {number} setting.warmUpSeconds
 * @param {{ proxy: number | undefined, load: number | undefined }} setting.cores
 * @param {((port: number) => Promise<void>) | undefined} [setting.prepare] before the warm-up
 * @param {readonly string[]} [setting.script] of the load
 * @returns {Promise<Run>}
 */
export async function measure(processes, peer, setting) {
  const { origin, bodyBytes, clients, seconds, warmUpSeconds, cores, prepare, script } = setting;
  const dir = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const port = await freePort();
  const proxy = processes.start(peer.command({ port, origin, dir }), { core: cores.proxy });
  try {
    await untilItAnswers(port, bodyBytes, () => !hasEnded(proxy.child));
    await prepare?.(port);
    const load = { port, clients, core: cores.load, ...(script === undefined ? {} : { script }) };
    if (warmUpSeconds > 0) await putLoad(processes, { ...load, seconds: warmUpSeconds });
    const before = processorSeconds(proxy.pid);
    const othersShare = watchOtherPrograms();
    const result = await putLoad(processes, { ...load, seconds });
    const used = processorSeconds(proxy.pid) - before;
    return {
      requests: result.requests,
      perCpuSecond: result.requests / used,
      bytesPerCpuSecond: result.bytes / used,
      perSecond: result.requests / result.seconds,
      bytesPerSecond: result.bytes / result.seconds,
      coreShare: used / result.seconds,
      p50Us: result.p50Us,
      p99Us: result.p99Us,
      peakBytes: peakMemory(proxy.pid),
      othersShare: othersShare(),
    };
  } catch (error) {
    throw new Error(`${peer.name}: ${error.message}\n${proxy.output()}`, { cause: error });
  } finally {
    await processes.stop(proxy);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
