/**
 * Sharing, with real sockets: what origins see of pollers and connections while several configs declare the
 * same backends. Source: phk, "What do you mean by 'backend'?".
 */
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backend, createProxy, defineConfig, roundRobin, type TroupeProxy } from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

const IDENTITIES = 50;
const INTERVAL_MS = 150;

let origins: Origin[] = [];
let proxy: TroupeProxy;

beforeEach(async () => {
  origins = await Promise.all(Array.from({ length: IDENTITIES }, (_, i) => Origin.start(`o${i}`)));
  proxy = createProxy();
});

afterEach(async () => {
  await proxy.close();
  await Promise.all(origins.map((origin) => origin.close()));
});

/** A config that declares every origin, probed at a URL of its own. */
function configProbing(url: string) {
  const backends = Object.fromEntries(
    origins.map((origin) => [
      origin.name,
      backend({ host: '127.0.0.1', port: origin.port, probe: { url, interval: INTERVAL_MS } }),
    ]),
  );
  const all = roundRobin(Object.values(backends));
  return defineConfig({ backends, directors: { all }, default: all });
}

/** Resolves when every backend may be asked. */
async function untilAllPass(): Promise<void> {
  await firstValueFrom(
    proxy.snapshots$.pipe(
      filter(({ health }) => [...health.values()].filter(({ passing }) => passing).length === IDENTITIES),
    ),
  );
}

function urlsSince(origin: Origin, from: number): string[] {
  return origin.probes.slice(from).map(({ url }) => url);
}

async function untilEach(condition: (origin: Origin) => boolean): Promise<void> {
  await Promise.all(origins.map((origin) => origin.until(() => condition(origin))));
}

test('three configs poll at the rate of one, with the probe of the one elected', async () => {
  await proxy.load('a', configProbing('/probe/a'));
  await proxy.load('b', configProbing('/probe/b'));
  await proxy.load('c', configProbing('/probe/c'));
  await proxy.load('empty', defineConfig({ backends: {} }));
  await proxy.use('a');
  await untilEach((origin) => origin.probes.length >= 2);

  // The active config's URL, at its rate.
  let from = origins.map((origin) => origin.probes.length);
  await untilEach((origin) => origin.probes.length >= (from[origins.indexOf(origin)] ?? 0) + 4);
  for (const [i, origin] of origins.entries()) {
    const probes = origin.probes.slice(from[i]);
    expect(new Set(probes.map(({ url }) => url))).toEqual(new Set(['/probe/a']));
    for (const [j, probe] of probes.entries()) {
      const before = probes[j - 1];
      if (before !== undefined) expect(probe.at - before.at).toBeGreaterThanOrEqual(INTERVAL_MS - 2);
    }
  }

  // Within one interval of a switch, the other's.
  await proxy.use('b');
  from = origins.map((origin) => origin.probes.length);
  await untilEach((origin) => origin.probes.length >= (from[origins.indexOf(origin)] ?? 0) + 3);
  for (const [i, origin] of origins.entries()) {
    expect(urlsSince(origin, (from[i] ?? 0) + 1).every((url) => url === '/probe/b')).toBe(true);
  }

  // With a config active that declares none of them, from exactly one of the others.
  await proxy.use('empty');
  from = origins.map((origin) => origin.probes.length);
  await untilEach((origin) => origin.probes.length >= (from[origins.indexOf(origin)] ?? 0) + 3);
  const elected = new Set(origins.flatMap((origin, i) => urlsSince(origin, (from[i] ?? 0) + 1)));
  expect(elected.size).toBe(1);

  // After that one is discarded, from another.
  const [first = ''] = elected;
  const left = ['a', 'b', 'c'].filter((name) => !first.endsWith(name));
  await proxy.discard(first.slice(-1));
  from = origins.map((origin) => origin.probes.length);
  await untilEach((origin) => origin.probes.length >= (from[origins.indexOf(origin)] ?? 0) + 3);
  for (const [i, origin] of origins.entries()) {
    const urls = new Set(urlsSince(origin, (from[i] ?? 0) + 1));
    expect(urls.size).toBe(1);
    expect(left).toContain([...urls][0]?.slice(-1));
  }

  // After the last one is discarded, nobody polls, and nothing stays open.
  for (const name of left) await proxy.discard(name);
  await firstValueFrom(proxy.snapshots$.pipe(filter(({ health }) => health.size === 0)));
  await untilEach((origin) => origin.open === 0);
  from = origins.map((origin) => origin.probes.length);
  await new Promise((resolve) => setTimeout(resolve, 3 * INTERVAL_MS));
  for (const [i, origin] of origins.entries()) expect(origin.probes.length).toBe(from[i]);
});

test('a switch keeps the connections to shared backends, and a last discard closes them', async () => {
  await proxy.load('a', configProbing('/probe/a'));
  await proxy.load('b', configProbing('/probe/b'));
  await proxy.use('a');
  await untilEach((origin) => origin.probes.length >= 1);
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const get = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  await untilAllPass();
  for (let i = 0; i < IDENTITIES; i++) await get();
  const accepted = origins.map((origin) => origin.accepted - origin.probes.length);
  expect(accepted.every((count) => count === 1)).toBe(true);

  await proxy.use('b');
  const answers = new Set<string>();
  for (let i = 0; i < IDENTITIES; i++) answers.add(await get());
  expect(answers.size).toBe(IDENTITIES);
  expect(origins.every((origin) => origin.requests.length === 2)).toBe(true);

  await proxy.load('empty', defineConfig({ backends: {} }));
  await proxy.use('empty');
  await proxy.discard('a');
  await proxy.discard('b');
  await untilEach((origin) => origin.open === 0);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
});
