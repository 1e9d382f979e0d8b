/**
 * Saintmode end to end, with real sockets: vmod_saintmode's promise, "dealing with a backend that is failing
 * in random ways for specific requests".
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backend,
  createProxy,
  defineConfig,
  fallback,
  hash,
  random,
  roundRobin,
  saintmode,
  type TroupeProxy,
} from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

let good: Origin;
let bad: Origin;
let proxy: TroupeProxy;
let port = 0;

beforeEach(async () => {
  good = await Origin.start('good');
  bad = await Origin.start('bad');
  bad.answer = (request, response) => {
    if (request.url?.startsWith('/broken')) response.statusCode = 500;
    response.end('bad');
  };
  proxy = createProxy();
});

afterEach(async () => {
  await proxy.close();
  await Promise.all([good.close(), bad.close()]);
});

type Policy = 'round_robin' | 'fallback' | 'random' | 'hash' | 'nested';

function configWith(policy: Policy, threshold: number, ttl: string, bothWrapped = true) {
  const b1 = backend({ host: '127.0.0.1', port: bad.port });
  const b2 = backend({ host: '127.0.0.1', port: good.port });
  const sm1 = saintmode(b1, { threshold });
  const sm2 = saintmode(b2, { threshold });
  const members = bothWrapped ? [sm1, sm2] : [sm1, b2];
  const inner = roundRobin([sm1]);
  const directors = {
    round_robin: roundRobin(members),
    fallback: fallback(members),
    random: random(members),
    hash: hash(members),
    nested: fallback([inner, sm2]),
  };
  const app = directors[policy];
  return defineConfig({
    backends: { b1, b2 },
    directors: { app, sm1, sm2, ...(policy === 'nested' ? { inner } : {}) },
    default: app,
    backendResponse({ beresp, deny }) {
      if (beresp.status !== 500) return 'deliver';
      deny(ttl);
      return 'retry';
    },
  });
}

async function serve(policy: Policy, threshold = 10, ttl = '60s'): Promise<void> {
  await proxy.load('boot', configWith(policy, threshold, ttl));
  await proxy.use('boot');
  port = (await proxy.listen({ host: '127.0.0.1', port: 0 })).port;
}

async function get(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: await response.text() };
}

function brokenAsked(): number {
  return bad.requests.filter(({ url }) => url.startsWith('/broken')).length;
}

describe.each<Policy>(['round_robin', 'fallback', 'random', 'hash', 'nested'])('in %s', (policy) => {
  test('the retry goes to the other backend, and the failing one is not asked again for that object', async () => {
    await serve(policy);
    for (let i = 0; i < 20; i++) expect(await get('/broken')).toEqual({ status: 200, body: 'good' });
    expect(brokenAsked()).toBeLessThanOrEqual(1);
  });

  test('other objects are still asked of the failing backend', async () => {
    await serve(policy);
    for (let i = 0; i < 20; i++) await get('/broken');
    const answers = new Set<string>();
    for (let i = 0; i < 40; i++) answers.add((await get(`/fine-${i}`)).body);
    expect(answers).toContain('bad');
  });
});

test('at the threshold the backend counts as sick for every object', async () => {
  await serve('fallback', 3);
  for (let i = 0; i < 3; i++) await get(`/broken-${i}`);
  const before = bad.requests.length;
  for (let i = 0; i < 10; i++) expect((await get(`/fine-${i}`)).body).toBe('good');
  expect(bad.requests.length).toBe(before);
});

test('with threshold 0 the list is ignored', async () => {
  await serve('fallback', 0);
  const { status } = await get('/broken');
  // Every retry meets the same backend, until they are spent.
  expect(status).toBe(503);
  expect(brokenAsked()).toBe(5);
});

test('an entry ends with its TTL', async () => {
  await serve('fallback', 10, '200ms');
  expect((await get('/broken')).body).toBe('good');
  bad.answer = (_request, response) => response.end('bad');
  // Asked until the entry has ended; how often depends on the machine, that it ends does not.
  let body = '';
  const start = performance.now();
  while (body !== 'bad') body = (await get('/broken')).body;
  expect(performance.now() - start).toBeGreaterThan(100);
});

test('two configs share the list of a backend', async () => {
  await serve('fallback');
  expect((await get('/broken')).body).toBe('good');
  await proxy.load('second', configWith('fallback', 10, '60s'));
  await proxy.use('second');
  await proxy.discard('boot');
  expect((await get('/broken')).body).toBe('good');
  expect(brokenAsked()).toBe(1);
  expect((await get('/fine')).body).toBe('bad');
});
