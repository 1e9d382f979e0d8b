/** The load: wrk with one thread and a fixed number of keep-alive connections, each always waiting for an answer. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./wrk.lua', import.meta.url));

/**
 * @typedef {object} LoadResult
 * @property {number} requests
 * @property {number} bytes of answers, heads included
 * @property {number} seconds
 * @property {number} p50Us microseconds
 * @property {number} p99Us microseconds
 */

/**
 * Puts load on a port of 127.0.0.1.
 *
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ port: number, clients: number, seconds: number, core: number | undefined, script?: readonly string[] }} load
 *   script: another one than wrk.lua, and what it is given
 * @returns {Promise<LoadResult>}
 */
export async function putLoad(processes, { port, clients, seconds, core, script = [SCRIPT] }) {
  const url = `http://127.0.0.1:${port}/shop/item?id=4711`;
  const [file = SCRIPT, ...given] = script;
  const options = [`-c${clients}`, `-d${seconds}s`, '--timeout', '10s', '-s', file];
  const argv = ['wrk', '-t1', ...options, url, ...(given.length > 0 ? ['--', ...given] : [])];
  const running = processes.start(argv, { core });
  try {
    const signal = AbortSignal.timeout((seconds + 15) * 1000);
    await once(running.child, 'close', { signal });
    const json = /^RESULT (.*)$/m.exec(running.output())?.[1];
    if (json === undefined) throw new Error(`wrk gave no result:\n${running.output()}`);
    const result = JSON.parse(json);
    // Of bodies that are very large, none may have ended yet.
    if (result.bytes === 0) throw new Error('wrk got no answer at all');
    if (result.badStatus > 0 || result.socketErrors > 0) {
      const { badStatus, socketErrors, requests } = result;
      throw new Error(
        `of ${requests} answers ${badStatus} were not 2xx, and ${socketErrors} connections failed`,
      );
    }
    return result;
  } finally {
    await processes.stop(running);
  }
}
