/** Directors by load and requests that wait, with real sockets. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backend,
  createProxy,
  defineConfig,
  leastConnections,
  type RequestReport,
  roundRobin,
  type TroupeProxy,
} from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

let origins: readonly Origin[];
/** Answers that origins hold back, the oldest first. */
let held: { readonly origin: string; readonly response: ServerResponse }[];
let reports: RequestReport[];
let wake: (() => void) | undefined;
let proxy: TroupeProxy;
let port = 0;

beforeEach(async () => {
  held = [];
  reports = [];
  origins = await Promise.all(['o0', 'o1', 'o2'].map((name) => Origin.start(name)));
  for (const origin of origins) {
    origin.answer = (_request, response) => {
      held.push({ origin: origin.name, response });
      wake?.();
    };
  }
  proxy = createProxy(undefined, {
    log: {
      access: (report) => {
        reports.push(report);
        wake?.();
      },
    },
  });
});

afterEach(async () => {
  for (const { response } of held) response.destroy();
  await proxy.close();
  await Promise.all(origins.map((origin) => origin.close()));
});

/** Comes back when something is so, looked at whenever an origin is asked or a request has ended. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  wake = undefined;
}

async function serve(config: ReturnType<typeof defineConfig>): Promise<void> {
  await proxy.load('boot', config);
  await proxy.use('boot');
  port = (await proxy.listen({ host: '127.0.0.1', port: 0 })).port;
}

function get(path: string, signal?: AbortSignal): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  return fetch(`http://127.0.0.1:${port}${path}`, options).then(
    async (response) => `${response.status} ${await response.text()}`,
    () => 'gone',
  );
}

function answer(at = 0): void {
  const [one] = held.splice(at, 1);
  one?.response.end(one.origin);
}

const asked = () => held.map(({ origin }) => origin).sort();

describe('leastConnections', () => {
  test('gives new requests to who has the fewest, whatever has ended the others', async () => {
    const [b0, b1, b2] = origins.map(({ port }) => backend({ host: '127.0.0.1', port }));
    if (b0 === undefined || b1 === undefined || b2 === undefined) throw new Error('three origins');
    const app = leastConnections([b0, b1, b2]);
    await serve(defineConfig({ backends: { b0, b1, b2 }, directors: { app }, default: app }));

    const leaving = new AbortController();
    const requests = Array.from({ length: 6 }, (_, i) => get(`/${i}`, i === 5 ? leaving.signal : undefined));
    await until(() => held.length === 6);
    expect(asked()).toEqual(['o0', 'o0', 'o1', 'o1', 'o2', 'o2']);

    // One ends well, one is torn off by its origin, one by its client.
    held.find(({ origin }) => origin === 'o0')?.response.end('o0');
    held.find(({ origin }) => origin === 'o1')?.response.destroy();
    leaving.abort();
    await until(() => reports.length === 3);
    const again = Array.from({ length: 3 }, (_, i) => get(`/again${i}`));
    await until(() => held.length === 9);
    expect(origins.map(({ requests }) => requests.length)).toEqual([3, 3, 3]);
    while (held.length > 0) answer();
    await Promise.all([...requests, ...again]);
  });
});

describe('a backend at its maxConnections', () => {
  test('is asked by those who wait, one after the other, and the report says for how long', async () => {
    const b0 = backend({
      host: '127.0.0.1',
      port: origins[0]?.port ?? 0,
      maxConnections: 1,
      waitLimit: 2,
      waitTimeout: '20s',
    });
    await serve(defineConfig({ backends: { b0 } }));
    const first = get('/1');
    await until(() => held.length === 1);
    const waiting = [get('/2'), get('/3')];
    const isWaiting = () => Object.values(proxy.stats().backends)[0]?.waiting === 2;
    // Clients are told nothing while they wait, so what they have sent is looked at until it has come.
    while (!isWaiting()) await new Promise((resolve) => setImmediate(resolve));
    expect(await get('/4')).toMatch(/^503/);
    for (let i = 0; i < 3; i++) {
      await until(() => held.length === 1);
      expect(origins[0]?.requests.length).toBe(i + 1);
      answer();
    }
    expect(await Promise.all([first, ...waiting])).toEqual(['200 o0', '200 o0', '200 o0']);
    await until(() => reports.length === 4);
    // One connection was enough: the next request went over that of the one before.
    expect(origins[0]?.accepted).toBe(1);
    expect(reports.filter(({ tries }) => (tries[0]?.waitedMs ?? 0) > 0).length).toBe(2);
    expect(Object.values(proxy.stats().backends)[0]).toMatchObject({
      inFlight: 0,
      waiting: 0,
      waited: 2,
      failures: { 'backend.busy': 1 },
    });
  });

  test('falls sick, and who waits for it goes elsewhere', async () => {
    const [o0, o1] = origins;
    const b0 = backend({ host: '127.0.0.1', port: o0?.port ?? 0, maxConnections: 1, waitLimit: 5 });
    const b1 = backend({ host: '127.0.0.1', port: o1?.port ?? 0 });
    const app = roundRobin([b0, b1]);
    await serve(defineConfig({ backends: { b0, b1 }, directors: { app }, default: app }));
    const first = get('/1');
    await until(() => held.length === 1);
    // The second turn is b1's, the third b0's again.
    const second = get('/2');
    await until(() => held.length === 2);
    const third = get('/3');
    const identity = proxy.description()?.backends.find(({ name }) => name === 'b0')?.identity;
    if (identity === undefined) throw new Error('b0 is declared');
    const waiting = () => proxy.stats().backends[identity]?.waiting;
    while (waiting() !== 1) await new Promise((resolve) => setImmediate(resolve));
    proxy.setHealth(identity, 'drain');
    await until(() => held.length === 3);
    expect(asked()).toEqual(['o0', 'o1', 'o1']);
    while (held.length > 0) answer();
    expect(await Promise.all([first, second, third])).toEqual(['200 o0', '200 o1', '200 o1']);
  });
});
