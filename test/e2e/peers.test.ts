/** Peers with real processes, threads and sockets: neighbours that tell each other, and what a shutdown leaves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  backend,
  createProxy,
  defineConfig,
  type PeerEntry,
  type PeerResult,
  peer,
  queueAll,
  type TroupeProxy,
} from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
const main = join(root, 'src/cli/main.ts');

let folder: string;
let origin: Origin;
const processes: ChildProcess[] = [];
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-peers-'));
  origin = await Origin.start('origin');
});

afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await origin.close();
  await rm(folder, { recursive: true });
});

/** `troupe run` from the source tree; resolves when it serves. */
async function troupe(config: string, port: number, ...flags: string[]) {
  const file = join(folder, `${port}.config.ts`);
  await writeFile(file, config);
  return run(file, port, {}, ...flags);
}

async function run(file: string, port: number, env: Record<string, string>, ...flags: string[]) {
  const args = [jiti, main, 'run', '-f', file, '-a', `127.0.0.1:${port}`, ...flags];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  processes.push(child);
  const said = { out: '', err: '' };
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of [...watchers]) watch();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
    look();
  });
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`ended early: ${said.out}${said.err}`)));
      const watch = () => {
        if (!condition()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
  await until(() => said.out.includes('serves'));
  return { child, said, until };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

const neighbour = (name: string, other: number) => `
import { backend, defineConfig, peer } from 'troupe';

const app = backend({ host: '127.0.0.1', port: ${origin.port} });
const neighbour = peer({ host: '127.0.0.1', port: ${other} });

export default defineConfig({
  backends: { app },
  peers: { neighbour },
  recv({ req }) {
    // What a neighbour was told by this one, it need not tell back.
    if (req.method === 'PURGE' && !req.http.has('X-Told-By')) {
      req.http.set('X-Told-By', '${name}');
      neighbour.queue(req);
      req.http.unset('X-Told-By');
    }
    req.http.set('X-Through', '${name}');
    return 'pass';
  },
});
`;

test('a PURGE to one of two neighbours reaches the other, once, with its headers', async () => {
  const [a, b] = (await freePorts(2)) as [number, number];
  await Promise.all([troupe(neighbour('a', b), a), troupe(neighbour('b', a), b)]);
  for (const [index, port] of [a, b].entries()) {
    const headers = { Host: 'example.com', 'X-Key': `key ${index}`, Cookie: 'c=1' };
    const answer = await fetch(`http://127.0.0.1:${port}/page?n=${index}`, { method: 'PURGE', headers });
    expect(answer.status).toBe(200);
    await origin.until(() => origin.requests.filter(({ url }) => url === `/page?n=${index}`).length === 2);
  }
  const seen = origin.requests.map(({ method, url, headers }) => ({
    method,
    url,
    key: headers['x-key'],
    cookie: headers.cookie,
    told: headers['x-told-by'],
    through: headers['x-through'],
  }));
  const asked = (index: number, through: string, told: string | undefined) => ({
    method: 'PURGE',
    url: `/page?n=${index}`,
    key: `key ${index}`,
    cookie: 'c=1',
    told,
    through,
  });
  expect(seen.slice(0, 2)).toEqual(expect.arrayContaining([asked(0, 'a', undefined), asked(0, 'b', 'a')]));
  expect(seen.slice(2)).toEqual(expect.arrayContaining([asked(1, 'b', undefined), asked(1, 'a', 'b')]));
  expect(seen).toHaveLength(4);
});

test('the example does what it says', async () => {
  const [a, b] = (await freePorts(2)) as [number, number];
  const file = join(root, 'examples/neighbours.config.ts');
  const [, other] = await Promise.all([
    run(file, a, { NEIGHBOUR: `127.0.0.1:${b}` }),
    run(file, b, { NEIGHBOUR: `127.0.0.1:${a}` }),
  ]);
  const page = async () => (await fetch(`http://127.0.0.1:${b}/page`)).text();
  expect([await page(), await page()]).toEqual(Array(2).fill('the origin says: /page is fine (answer 1)\n'));
  const purged = await fetch(`http://127.0.0.1:${a}/page`, { method: 'PURGE' });
  expect(purged.status).toBe(200);
  await other.until(() => other.said.err.includes('purged /page, told by a neighbour'));
  const status = await fetch(`http://127.0.0.1:${a}/status`);
  expect(await status.text()).toBe('pending peer requests: 0\n');
  expect(await page()).toBe('the origin says: /page is fine (answer 2)\n');
});

test('SIGTERM waits for what was queued, no longer than the drain timeout, and reports what was left', async () => {
  const deaf = await Origin.start('deaf');
  cleanUps.push(() => deaf.close());
  deaf.answer = () => {};
  const [port] = (await freePorts(1)) as [number];
  const { child, said } = await troupe(neighbour('a', deaf.port), port, '-p', 'drain_timeout=1');
  for (let i = 0; i < 3; i++) await fetch(`http://127.0.0.1:${port}/${i}`, { method: 'PURGE' });
  await deaf.until(() => deaf.requests.length === 1);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  const entries = said.err.split('\n').flatMap((line) => (line.startsWith('{') ? JSON.parse(line) : []));
  expect(entries).toMatchObject([
    {
      kind: 'undelivered',
      identity: `neighbour(127.0.0.1:${deaf.port})`,
      count: 3,
      msg: expect.stringContaining('3 operations were left'),
    },
  ]);
});

/** A proxy in this process, and what it tells of its peers. */
async function proxyWith(config: Parameters<typeof createProxy>[0]) {
  const entries: PeerEntry[] = [];
  const proxy = createProxy(config, { log: { peer: (entry) => entries.push(entry) }, drainTimeout: 10_000 });
  cleanUps.push(() => proxy.close());
  const { port } = (await proxy.listen({ host: '127.0.0.1', port: 0 })) as { port: number };
  const results: PeerResult[] = [];
  const watchers = new Set<() => void>();
  proxy.peerResults$.subscribe((result) => {
    results.push(result);
    for (const watch of [...watchers]) watch();
  });
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      const watch = () => {
        if (results.length >= count) resolve();
      };
      watchers.add(watch);
      watch();
    });
  return { proxy, url: `http://127.0.0.1:${port}`, entries, results, until };
}

async function sink(status = 200): Promise<Origin> {
  const one = await Origin.start('sink');
  one.answer = (_request, response) => {
    response.statusCode = status;
    response.end();
  };
  cleanUps.push(() => one.close());
  return one;
}

/** Lets a peer keep its first request waiting. @returns what lets it answer, that one and all that follow */
function held(peer: Origin): () => void {
  let release = () => {};
  peer.answer = (_request, response) => {
    release = () => {
      peer.answer = (_later, next) => next.end();
      response.end();
    };
  };
  return () => release();
}

const statsOf = (proxy: TroupeProxy, name: string) => {
  const figures = proxy.stats().peers.find((one) => one.name === name);
  if (figures === undefined) throw new Error(`no peer ${name}`);
  return figures;
};

test('one call tells a list of peers; each has its own queue, threads and counts', async () => {
  const [fine, cross] = [await sink(), await sink(503)];
  const one = peer({ host: '127.0.0.1', port: fine.port });
  const two = peer({ host: '127.0.0.1', port: cross.port });
  const app = backend({ host: '127.0.0.1', port: origin.port });
  const accepted: number[] = [];
  const { proxy, url, entries, results, until } = await proxyWith(
    defineConfig({
      backends: { app },
      peers: { one, two },
      deliver({ req }) {
        accepted.push(queueAll([one, two], req, 'a b'));
        return 'deliver';
      },
    }),
  );
  await fetch(`${url}/x`);
  await until(2);
  expect(accepted).toEqual([2]);
  for (const { requests } of [fine, cross]) {
    expect(requests).toMatchObject([{ method: 'GET', url: '/x', headers: { 'content-length': '5' } }]);
  }
  expect(results.find(({ peer }) => peer === 'one')).toMatchObject({
    outcome: 'done',
    status: 200,
    attempts: 1,
  });
  expect(results.find(({ peer }) => peer === 'two')).toMatchObject({ outcome: 'failed', cause: 'status' });
  expect(entries).toMatchObject([
    { kind: 'failed', identity: `two(127.0.0.1:${cross.port})`, attempt: 1, cause: 'status', status: 503 },
  ]);
  expect(statsOf(proxy, 'one')).toMatchObject({ accepted: 1, done: 1, failed: 0, pending: 0, threads: 1 });
  expect(statsOf(proxy, 'two')).toMatchObject({ accepted: 1, done: 0, failed: 1, failures: { status: 1 } });
  expect(statsOf(proxy, 'one').latency.counts.reduce((sum, count) => sum + count)).toBe(1);
});

test('a request never waits for a peer, and a peer that never answers holds up no other', async () => {
  const deaf = await sink();
  const release = held(deaf);
  const fine = await sink();
  const silent = peer({ host: '127.0.0.1', port: deaf.port, timeout: 60_000 });
  const swift = peer({ host: '127.0.0.1', port: fine.port });
  const app = backend({ host: '127.0.0.1', port: origin.port });
  const { proxy, url, until } = await proxyWith(
    defineConfig({
      backends: { app },
      peers: { silent, swift },
      recv({ req }) {
        queueAll([silent, swift], req);
        return 'pass';
      },
    }),
  );
  for (let i = 0; i < 20; i++) expect((await fetch(`${url}/${i}`)).status).toBe(200);
  await until(20);
  await deaf.until(() => deaf.requests.length === 1);
  expect(statsOf(proxy, 'silent')).toMatchObject({ accepted: 20, done: 0, pending: 19, running: 1 });
  expect(statsOf(proxy, 'swift')).toMatchObject({ accepted: 20, done: 20 });
  release();
  await until(40);
});

test('a switch leaves the old config time to tell its peers what it has queued', async () => {
  const fine = await sink();
  const release = held(fine);
  const neighbour = peer({ host: '127.0.0.1', port: fine.port });
  const app = backend({ host: '127.0.0.1', port: origin.port });
  const config = () =>
    defineConfig({
      backends: { app },
      peers: { neighbour },
      recv({ req }) {
        neighbour.queue(req);
        return 'pass';
      },
    });
  const { proxy, url, results, until } = await proxyWith(config());
  for (let i = 0; i < 3; i++) await fetch(`${url}/${i}`);
  await fine.until(() => fine.requests.length === 1);
  await proxy.replace(config());
  expect(proxy.stats().peers.map(({ pending, running }) => [pending, running])).toEqual([
    [2, 1],
    [0, 0],
  ]);
  release();
  await until(3);
  expect(results.map(({ outcome, config }) => [outcome, config])).toEqual(
    [1, 2, 3].map(() => ['done', 'boot@1']),
  );
});
