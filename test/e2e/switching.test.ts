/**
 * Switching under load, with real sockets: 100 switches in 10 s under 32 busy keep-alive clients. Nobody may
 * notice. (varnishd's users see a burst of 503 here: varnish-cache#2195.)
 */

import { Pool } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backend, createProxy, defineConfig, roundRobin, type TroupeProxy } from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

const CLIENTS = 32;
const SWITCHES = 100;
const SPAN_MS = 10_000;

let healthy: Origin[];
let sick: Origin;
let proxy: TroupeProxy;
let clients: Pool;

function configNamed(name: string) {
  const declare = (origin: Origin) =>
    backend({
      host: '127.0.0.1',
      port: origin.port,
      probe: { url: `/probe/${name}`, interval: 500, window: 4, threshold: 2 },
    });
  const [first, second] = healthy as [Origin, Origin];
  const one = declare(first);
  const two = declare(second);
  const dead = declare(sick);
  const all = roundRobin([one, dead, two]);
  return defineConfig({
    backends: { one, two, dead },
    directors: { all },
    default: all,
    // Requests for the same URL would wait for each other until it is known that nothing may be kept.
    cache: false,
    deliver({ resp }) {
      resp.http.set('x-config', name);
      return 'deliver';
    },
  });
}

beforeEach(async () => {
  healthy = [await Origin.start('one'), await Origin.start('two')];
  sick = await Origin.start('dead');
  sick.probeStatus = 503;
  sick.answer = (_request, response) => {
    response.statusCode = 500;
    response.end('must not be asked');
  };
  proxy = createProxy();
  await proxy.load('a', configNamed('a'));
  await proxy.load('b', configNamed('b'));
  await proxy.use('a');
  await Promise.all([...healthy, sick].map((origin) => origin.until(() => origin.probes.length >= 3)));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  clients = new Pool(`http://127.0.0.1:${port}`, { connections: CLIENTS, pipelining: 1 });
});

afterEach(async () => {
  await clients.destroy();
  await proxy.close();
  await Promise.all([...healthy, sick].map((origin) => origin.close()));
});

async function get(path = '/') {
  const { statusCode, headers, body } = await clients.request({ path, method: 'GET' });
  return { status: statusCode, config: String(headers['x-config']), body: await body.text() };
}

/** Opens as many connections to each healthy origin as all clients together could need. */
async function fillPools(): Promise<void> {
  for (const origin of healthy) {
    const held: (() => void)[] = [];
    const other = healthy.filter((one) => one !== origin);
    origin.answer = (_request, response) => {
      held.push(() => response.end(origin.name));
      if (held.length === CLIENTS) for (const release of held) release();
    };
    // Round robin sends every other request to the other one, which answers at once.
    for (const one of other) one.answer = (_request, response) => response.end(one.name);
    const before = origin.requests.length;
    const worker = async () => {
      while (origin.requests.length - before < CLIENTS) await get('/fill');
    };
    await Promise.all(Array.from({ length: CLIENTS }, worker));
    for (const release of held) release();
    origin.answer = (_request, response) => response.end(origin.name);
  }
}

test('100 switches under load: no failed request, no new connection, no sick backend', async () => {
  await fillPools();
  const accepted = healthy.map((origin) => origin.accepted - origin.probes.length);
  let running = true;
  let served = 0;
  const wrong: string[] = [];
  const configs = new Set<string>();
  const worker = async () => {
    while (running) {
      const { status, config, body } = await get();
      served++;
      configs.add(config);
      if (status !== 200 || (body !== 'one' && body !== 'two')) wrong.push(`${status} ${body}`);
    }
  };
  const workers = Array.from({ length: CLIENTS }, worker);
  for (let i = 0; i < SWITCHES; i++) {
    const name = i % 2 === 0 ? 'b' : 'a';
    await proxy.use(name);
    const first = await get('/first');
    expect(first).toMatchObject({ status: 200, config: name });
    expect(['one', 'two']).toContain(first.body);
    await new Promise((resolve) => setTimeout(resolve, SPAN_MS / SWITCHES));
  }
  running = false;
  await Promise.all(workers);
  expect(wrong).toEqual([]);
  expect(configs).toEqual(new Set(['a', 'b']));
  expect(served).toBeGreaterThan(SWITCHES);
  expect(sick.requests).toEqual([]);
  expect(healthy.map((origin) => origin.accepted - origin.probes.length)).toEqual(accepted);
}, 60_000);
