/**
 * Operations a second with N threads, against `curl --parallel --parallel-max N`, which sends the same to the
 * same sink: one request a connection, `Connection: close`.
 */
import { once } from 'node:events';
import { startOrigin } from '../pass/pass-through.mjs';
import { fromDist } from '../support/dist.mjs';
import { versionOf } from '../support/machine.mjs';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { inQuiet } from '../support/quiet.mjs';

const BODY_BYTES = 2;
const fields = {
  Host: 'shop.example.com',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  Accept: '*/*',
  'X-Purged-By': 'neighbour',
};

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ operations: number, rounds: number, quiet: boolean, say: (line: string) => void }} effort
 * @returns {Promise<Record<string, { troupe: number[], curl: number[] }> | undefined>} operations a second, by
 *   number of threads; undefined: there is no curl
 */
export async function measureOperations(processes, { operations, rounds, quiet, say }) {
  if (versionOf('curl', '--version') === undefined) return undefined;
  const sink = await startOrigin(processes, BODY_BYTES, undefined);
  const runs = { 1: { troupe: [], curl: [] }, 2: { troupe: [], curl: [] } };
  const senders = {
    troupe: (threads) => sendByTroupe(sink.port, threads, operations),
    curl: (threads) => sendByCurl(processes, sink.port, threads, operations),
  };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const threads of [1, 2]) {
        for (const [who, send] of Object.entries(senders)) {
          const measured = async () => {
            const othersShare = watchOtherPrograms();
            const perSecond = await send(threads);
            return { perSecond, othersShare: othersShare() };
          };
          const { perSecond } = quiet ? await inQuiet(measured) : await measured();
          runs[threads][who].push(perSecond);
          say(`round ${round}, ${threads} at a time, ${who}: ${perSecond.toFixed(0)} operations/s`);
        }
      }
    }
    return runs;
  } finally {
    await sink.stop();
  }
}

/** From the first call of `queue` to the end of the last operation, with threads that run already. */
async function sendByTroupe(port, threads, operations) {
  const { createPeerThreads } = await fromDist('proxy/peer/peer-threads');
  const { RunningPeer } = await fromDist('proxy/peer/running-peer');
  const { createSystemClock } = await fromDist('proxy/system-clock');
  const { peerDefaults } = await fromDist('config/declaration');
  const { Fields } = await fromDist('proxy/http/fields');
  const pool = createPeerThreads();
  const allStarted = deferred();
  const allEnded = deferred();
  let started = 0;
  let numbered = 0;
  const peer = new RunningPeer(
    {
      name: 'peer',
      destination: { host: '127.0.0.1', port },
      ...peerDefaults,
      minThreads: threads,
      maxThreads: threads,
      maxQueue: operations,
    },
    {
      config: 'bench@1',
      clock: createSystemClock(),
      random: Math.random,
      startThread: pool.start,
      tell: ({ type }) => {
        if (type === 'peer.thread-started' && ++started === threads) allStarted.resolve();
      },
      log: undefined,
      results: undefined,
      nextOperation: () => ++numbered,
      onQuiet: allEnded.resolve,
    },
  );
  for (let thread = 1; thread <= threads; thread++) peer.startThread(thread);
  await allStarted.promise;
  const http = new Fields(Object.entries(fields).flat(), true);
  const start = performance.now();
  for (let i = 1; i <= operations; i++) {
    peer.queue({ method: 'PURGE', url: `/${i}`, proto: 'HTTP/1.1', http });
  }
  await allEnded.promise;
  const seconds = (performance.now() - start) / 1_000;
  const { done } = peer.figures();
  peer.close();
  await pool.ended();
  if (done !== operations) throw new Error(`only ${done} of ${operations} operations succeeded`);
  return operations / seconds;
}

/** Its start, some 10 ms, is within: it has no other way. */
async function sendByCurl(processes, port, atOnce, operations) {
  const headers = Object.entries({ ...fields, Connection: 'close' }).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  const url = `http://127.0.0.1:${port}/[1-${operations}]`;
  const argv = ['curl', '-s', '-f', '-X', 'PURGE', ...headers, '-o', '/dev/null'];
  const start = performance.now();
  const running = processes.start([...argv, '--parallel', '--parallel-max', String(atOnce), url]);
  const [status] = await once(running.child, 'close');
  const seconds = (performance.now() - start) / 1_000;
  await processes.stop(running);
  if (status !== 0) throw new Error(`curl ended with status ${status}: ${running.output()}`);
  return operations / seconds;
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
