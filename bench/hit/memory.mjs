/**
 * Memory: what an object of 1 KB takes in the cache, and whether the heap grows with requests while objects come
 * and go.
 */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { putLoad } from '../pass/load.mjs';
import { freePort } from '../pass/measure.mjs';
import { untilItAnswers } from '../pass/until-it-answers.mjs';
import { describeMachine } from '../support/machine.mjs';
import { residentMemory } from '../support/process-tree.mjs';
import { hasEnded } from '../support/processes.mjs';
import { markdownTable } from '../support/table.mjs';
import { fillTemplate } from '../support/template.mjs';
import { caches } from './caches.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const zipf = [path('./wrk-zipf.lua')];
const BODY_BYTES = 1024;
const CLIENTS = 32;
/** Time in which a program comes to rest. */
const REST_MS = 1_000;

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ short: boolean, say: (line: string) => void }} options
 */
export async function runMemory(processes, { short, say }) {
  const objects = short ? 2_000 : 200_000;
  const [few, many] = short ? [10_000, 30_000] : [100_000, 1_000_000];
  const dir = mkdtempSync(join(tmpdir(), 'troupe-bench-origin-'));
  const port = await freePort();
  writeFileSync(join(dir, 'body.html'), 'x'.repeat(BODY_BYTES));
  chmodSync(dir, 0o755);
  const file = fillTemplate(new URL('./origin.nginx.conf', import.meta.url), dir, { port, dir });
  const origin = processes.start(['nginx', '-c', file, '-p', dir]);
  try {
    await untilItAnswers(port, BODY_BYTES, () => !hasEnded(origin.child));
    const [troupe, varnishd] = caches;
    const each = {};
    for (const peer of [troupe, varnishd].filter(({ version }) => version() !== undefined)) {
      each[peer.name] = await bytesOfAnObject(processes, peer, port, objects);
      say(`${peer.name}: ${each[peer.name].resident.toFixed(0)} bytes an object`);
    }
    const heap = await heapAfter(processes, troupe, port, [few, many], say);
    const machine = describeMachine();
    const text = [
      ...Object.entries(machine).map(([what, value]) => `${what}: ${value}`),
      `setting: ${objects} objects of ${BODY_BYTES} B; then Zipf over 100,000 with room for a tenth of them`,
      '',
      reportMemory(each, heap, [few, many]),
    ].join('\n');
    return { result: { machine, each, heap }, text };
  } finally {
    await processes.stop(origin);
    rmSync(dir, { recursive: true, force: true });
  }
}

function reportMemory(each, heap, [few, many]) {
  const rows = Object.entries(each).map(([name, { resident, live }]) => [
    `${name}: an object of ${BODY_BYTES} B, bytes`,
    resident.toFixed(0),
    live === undefined ? '' : `${live.toFixed(0)} of them live`,
  ]);
  const [troupe, varnishd] = Object.values(each);
  if (varnishd !== undefined) {
    rows.push(['Troupe ÷ varnishd', (troupe.resident / varnishd.resident).toFixed(2), 'asked: 1.5']);
  }
  const [first, last] = heap;
  rows.push(
    [`heap after ${few} requests, MiB`, mebibytes(first), ''],
    [`heap after ${many} requests, MiB`, mebibytes(last), `${(last / first).toFixed(3)}; asked: 1.1`],
  );
  return markdownTable(['memory', 'measured', ''], rows);
}

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

/** What memory grows by, divided by the objects that came. */
async function bytesOfAnObject(processes, peer, origin, objects) {
  const place = { port: await freePort(), origin, dir: mkdtempSync(join(tmpdir(), 'troupe-bench-')) };
  const running = await start(processes, peer, place);
  try {
    // What is paid once is paid before.
    await fetchEach(place.port, 2_000, '/warm-up');
    const before = await memoryOf(running);
    await fetchEach(place.port, objects, '/shop');
    const after = await memoryOf(running);
    const live = before.live === undefined ? undefined : (after.live - before.live) / objects;
    return { resident: (after.resident - before.resident) / objects, live };
  } finally {
    await processes.stop(running);
    rmSync(place.dir, { recursive: true, force: true });
  }
}

/** Live bytes after numbers of requests, while objects come and go. */
async function heapAfter(processes, peer, origin, counts, say) {
  const place = { port: await freePort(), origin, dir: mkdtempSync(join(tmpdir(), 'troupe-bench-')) };
  const running = await start(processes, peer, place, 'malloc,20m');
  try {
    const heap = [];
    let requests = 0;
    for (const count of counts) {
      while (requests < count) {
        const load = { port: place.port, clients: CLIENTS, seconds: 1, core: undefined, script: zipf };
        requests += (await putLoad(processes, load)).requests;
      }
      const { live } = await memoryOf(running);
      say(`after ${requests} requests: ${mebibytes(live)} MiB`);
      heap.push(live);
    }
    return heap;
  } finally {
    await processes.stop(running);
    rmSync(place.dir, { recursive: true, force: true });
  }
}

async function start(processes, peer, place, store) {
  let command = peer.command(place);
  if (peer === caches[0]) {
    const own = fileURLToPath(new URL('./collecting-troupe.mjs', import.meta.url));
    command = command.map((word) => (word.endsWith('dist/cli/main.js') ? own : word));
    if (store !== undefined) command = command.map((word) => (word === 'malloc,1g' ? store : word));
  }
  const running = processes.start(command);
  await untilItAnswers(place.port, BODY_BYTES, () => !hasEnded(running.child));
  return running;
}

/** @returns `live`: where garbage was collected before */
async function memoryOf(running) {
  await delay(REST_MS);
  if (!running.child.spawnargs.some((word) => word.endsWith('collecting-troupe.mjs'))) {
    return { resident: residentMemory(running.pid), live: undefined };
  }
  const told = () => [...running.output().matchAll(/^MEMORY (\d+) (\d+)$/gm)];
  const count = told().length;
  process.kill(running.pid, 'SIGUSR2');
  while (told().length === count) await delay(10);
  const [, live, resident] = told().at(-1);
  return { resident: Number(resident), live: Number(live) };
}

/** Asks for so many objects, one after the other on each of a few connections. */
async function fetchEach(port, count, folder) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const headers = { host: 'www.example.com', 'accept-encoding': 'gzip, deflate, br' };
  let next = 0;
  const client = async () => {
    while (next < count) {
      const request = get({ port, host: '127.0.0.1', path: `${folder}/${next++}`, agent, headers });
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
}
