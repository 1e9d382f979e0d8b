/** The dashboard over real sockets: each endpoint against its schema while the proxy works, and callers that misbehave. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endpoints } from '../../src/admin/http/endpoints.ts';
import { eventSchemas } from '../../src/admin/http/schema/event-schema.ts';
import { problemSchema } from '../../src/admin/http/schema/problem-schema.ts';
import { readinessSchema } from '../../src/admin/http/schema/traffic-schema.ts';
import {
  backend,
  createProxy,
  type Dashboard,
  defineConfig,
  peer,
  roundRobin,
  saintmode,
  type TroupeProxy,
} from '../../src/index.ts';
import { ask, type DashboardAnswer } from '../support/dashboard-client.ts';
import { EventClient } from '../support/event-client.ts';
import { Origin } from '../support/origin.ts';

const token = 'a-token-of-24-characters';
const bearer = { authorization: `Bearer ${token}` };

let good: Origin;
let bad: Origin;
let proxy: TroupeProxy;
let dashboard: Dashboard;
let proxyPort: number;
let port: number;
let folder: string;

/** Two backends, one of them failing, behind a director with a saintmode object, and a peer. */
function configNamed(name: string) {
  const probe = { url: `/probe/${name}`, interval: 200, window: 4, threshold: 2 };
  const one = backend({ host: '127.0.0.1', port: good.port, probe });
  const two = backend({ host: '127.0.0.1', port: bad.port, probe });
  const plain = backend({ host: '127.0.0.1', port: good.port });
  const careful = saintmode(one, { threshold: 10 });
  const inner = roundRobin([careful, two]);
  const all = roundRobin([inner, plain]);
  const neighbour = peer({ host: '127.0.0.1', port: good.port });
  return defineConfig({
    backends: { one, two, plain },
    directors: { all, inner, careful },
    peers: { neighbour },
    default: all,
    recv(req) {
      if (req.req.url === '/alone') req.req.backend = careful;
      return 'pass';
    },
    deliver({ resp }) {
      resp.http.set('x-config', name);
      return 'deliver';
    },
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-dashboard-'));
  good = await Origin.start('good');
  bad = await Origin.start('bad');
  bad.probeStatus = 503;
  proxy = createProxy(configNamed('boot'));
  await proxy.ready;
  ({ port: proxyPort } = await proxy.listen({ host: '127.0.0.1', port: 0 }));
  dashboard = await proxy.dashboard({ port: 0, configFolder: folder });
  ({ port } = dashboard.address);
});

afterEach(async () => {
  await proxy.close();
  await Promise.all([good.close(), bad.close()]);
  rmSync(folder, { recursive: true });
});

function post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  return ask(port, path, { method: 'POST', body, headers });
}

/** An endpoint's path with its parameters put in, and the schema of its answer. */
function schemaOf(method: 'GET' | 'POST', path: string) {
  const found = endpoints.find((one) => one.method === method && one.path === path);
  if (found === undefined) throw new Error(`no endpoint ${method} ${path}`);
  return found.answer;
}

/** Fails with the schema's own words if an answer is not as it must be. */
function expectAnswer(
  answer: DashboardAnswer,
  schema: { parse(value: unknown): unknown },
  status = 200,
): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  schema.parse(answer.json);
}

function expectProblem(answer: DashboardAnswer, status: number, code: string): void {
  expectAnswer(answer, problemSchema, status);
  expect(answer.json).toMatchObject({ code, advice: expect.stringMatching(/\S/) });
}

/** Clients that keep the proxy busy; `end` says how many got what. */
function load(clients: number) {
  const pool = new Pool(`http://127.0.0.1:${proxyPort}`, { connections: clients, pipelining: 1 });
  let running = true;
  const statuses = new Map<number, number>();
  const worker = async () => {
    while (running) {
      const { statusCode, body } = await pool.request({ path: '/', method: 'GET' });
      await body.dump();
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
  };
  const workers = Promise.all(Array.from({ length: clients }, worker));
  return {
    async end() {
      running = false;
      await workers;
      await pool.destroy();
      return statuses;
    },
  };
}

test('every endpoint answers by its schema, under load, while configs are switched', async () => {
  writeFileSync(join(folder, 'next.config.mjs'), fileConfig());
  const busy = load(8);
  const looks = endpoints.filter(({ method }) => method === 'GET');
  for (let round = 0; round < 6; round++) {
    if (round === 1) {
      const loaded = await post('/api/v1/configs', { name: 'next', file: join(folder, 'next.config.mjs') });
      expectAnswer(loaded, schemaOf('POST', '/api/v1/configs'));
    }
    if (round >= 2) {
      const name = round % 2 === 0 ? 'next' : 'boot';
      const used = await post(`/api/v1/configs/${name}/use`);
      expectAnswer(used, schemaOf('POST', '/api/v1/configs/{name}/use'));
      expect(used.json).toMatchObject({ config: name, done: true });
    }
    const answers = await Promise.all(
      looks.map(async ({ path, answer }) => {
        const asked = path.replace('{backend}', encodeURIComponent('one()'));
        const history = path === '/api/v1/backends' ? '?history=true' : '';
        return { path, answer: await ask(port, asked + history), schema: answer };
      }),
    );
    for (const { answer, schema } of answers) expectAnswer(answer, schema);
  }
  const actions = [
    ['/api/v1/backends/{backend}/health', 'one()', { health: 'drain' }],
    ['/api/v1/backends/{backend}/health', 'one()', { health: 'auto' }],
    ['/api/v1/saint-entries/lift', '', {}],
    ['/api/v1/saint-entries/lift', '', { backend: 'one()', object: '0'.repeat(24) }],
    ['/api/v1/purge', '', { url: 'http://h/' }],
    ['/api/v1/purge', '', { url: 'http://h/', soft: true }],
    ['/api/v1/ban', '', { conditions: 'req.url ~ ^/nothing && obj.status != 200' }],
    ['/api/v1/configs/{name}/use', 'boot', {}],
    ['/api/v1/configs/{name}/state', 'next', { state: 'cold' }],
    ['/api/v1/configs/{name}/discard', 'next', undefined],
  ] as const;
  for (const [path, name, body] of actions) {
    const done = await post(path.replace(/\{\w+\}/, encodeURIComponent(name)), body);
    expectAnswer(done, schemaOf('POST', path));
  }
  const statuses = await busy.end();
  expect([...statuses.keys()]).toEqual([200]);
}, 30_000);

/** A config in a file, with the same backends as the others. */
function fileConfig(): string {
  return `import { backend, defineConfig } from 'troupe';
const probe = { url: '/probe/next', interval: 200, window: 4, threshold: 2 };
const one = backend({ host: '127.0.0.1', port: ${good.port}, probe });
const plain = backend({ host: '127.0.0.1', port: ${good.port} });
export default defineConfig({ backends: { one, plain }, default: plain });
`;
}

describe('what is shown', () => {
  test('a backend has the history of its probes, with the reason of each failure', async () => {
    await bad.until(() => bad.probes.length >= 3);
    const { json } = await ask(port, `/api/v1/backends/${encodeURIComponent(`two(127.0.0.1:${bad.port},)`)}`);
    expect(json).toMatchObject({
      identity: `two(127.0.0.1:${bad.port},)`,
      health: 'sick',
      isUsable: false,
      probing: { good: expect.any(Number), threshold: 2, lastFailure: { happy: false } },
    });
    const { history } = json as { history: { happy: boolean; reason: string }[] };
    expect(history.length).toBeGreaterThanOrEqual(2);
    for (const { happy, reason } of history) {
      expect(happy).toBe(false);
      expect(reason).toContain('503');
    }
  });

  test('no probe and healthy are different things', async () => {
    const { json } = await ask(port, '/api/v1/backends');
    const { backends } = json as { backends: { name: string; health: string; isUsable: boolean }[] };
    const shown = backends.map(({ name, health, isUsable }) => `${name} ${health} ${isUsable}`);
    expect(shown.sort()).toEqual(['one healthy true', 'plain no-probe true', 'two sick false']);
  });

  test('directors are a tree with health rolled up', async () => {
    const { json } = await ask(port, '/api/v1/directors');
    expect(json).toMatchObject({
      config: 'boot',
      defaultTarget: 'all',
      saintmodes: [],
      directors: [
        {
          name: 'all',
          policy: 'round_robin',
          state: 'healthy',
          members: [
            {
              target: {
                name: 'inner',
                isHealthy: true,
                members: [
                  { target: { kind: 'saintmode', name: 'careful', threshold: 10, isHealthy: true } },
                  { target: { kind: 'backend', name: 'two', isHealthy: false } },
                ],
              },
            },
            { target: { kind: 'backend', name: 'plain', isHealthy: true } },
          ],
        },
      ],
    });
  });

  test('a failed request is there with its story', async () => {
    good.answer = (request) => void request.socket.destroy();
    await ask(proxyPort, '/alone');
    const { json } = await ask(port, '/api/v1/failed-requests?limit=1');
    expect(json).toMatchObject({
      failedRequests: [
        {
          url: '/alone',
          config: 'boot@1',
          status: 503,
          tries: [{ identity: `one(127.0.0.1:${good.port},)`, via: ['careful'] }],
          failure: { code: expect.stringMatching(/^backend\./) },
        },
      ],
    });
  });

  test('a poller says whose probe it uses, and when the next one is due', async () => {
    const { json } = await ask(port, '/api/v1/pollers?backend=one');
    const { pollers } = json as { pollers: Record<string, unknown>[] };
    expect(pollers).toHaveLength(1);
    expect(pollers[0]).toMatchObject({ config: 'boot@1', probe: { url: '/probe/boot', intervalMs: 200 } });
    const { state, nextProbeAt, lastProbeAt } = pollers[0] ?? {};
    if (state === 'scheduled') expect(Number(nextProbeAt) - Number(lastProbeAt)).toBe(200);
    else expect(nextProbeAt).toBeUndefined();
  });

  test('an actor has its last steps since the dashboard was opened', async () => {
    await proxy.load('other', configNamed('other'));
    await proxy.use('other');
    const { json } = await ask(port, '/api/v1/actors?kind=config');
    const { actors } = json as { actors: { id: string; transitions: { event: string }[] }[] };
    const other = actors.find(({ id }) => id === 'other@2');
    expect(other?.transitions.map(({ event }) => event)).toContain('config.activate');
    expect(actors.find(({ id }) => id === 'boot@1')?.transitions.length).toBeGreaterThan(0);
  });

  test('peers are there with their queues', async () => {
    const { json } = await ask(port, '/api/v1/peers');
    expect(json).toMatchObject({
      peers: [
        { config: 'boot@1', name: 'neighbour', identity: `neighbour(127.0.0.1:${good.port})`, pending: 0 },
      ],
    });
  });

  test('long lists come in pages', async () => {
    const names: string[] = [];
    let from: number | undefined = 0;
    while (from !== undefined) {
      const { json } = await ask(port, `/api/v1/backends?limit=2&from=${from}`);
      const page = json as { backends: { name: string }[]; next?: number };
      expect(page.backends.length).toBeLessThanOrEqual(2);
      names.push(...page.backends.map(({ name }) => name));
      from = page.next;
    }
    expect(names.sort()).toEqual(['one', 'plain', 'two']);
  });

  test('the document describes what is served', async () => {
    const { json } = await ask(port, '/api/v1/openapi.json');
    const { openapi, paths } = json as { openapi: string; paths: Record<string, Record<string, unknown>> };
    expect(openapi).toBe('3.1.1');
    for (const { method, path } of endpoints) expect(paths[path]).toHaveProperty(method.toLowerCase());
    for (const path of ['/events', '/metrics', '/healthz', '/readyz']) expect(paths).toHaveProperty([path]);
  });
});

describe('what is done', () => {
  test('a dry run says what a switch would change, and changes nothing', async () => {
    const probe = { url: '/probe/c', interval: 200 };
    const one = backend({ host: '127.0.0.1', port: good.port, probe });
    const fresh = backend({ host: '127.0.0.1', port: bad.port, probe });
    const group = roundRobin([fresh]);
    await proxy.load('c', defineConfig({ backends: { one, fresh }, directors: { group }, default: one }));
    const { json } = await post('/api/v1/configs/c/use?dry-run=true');
    expect(json).toEqual({
      config: 'c',
      before: 'boot',
      done: false,
      newIdentities: [`fresh(127.0.0.1:${bad.port},)`],
      oldIdentities: [`two(127.0.0.1:${bad.port},)`, `plain(127.0.0.1:${good.port},)`],
      pollersThatMove: [{ identity: `one(127.0.0.1:${good.port},)`, from: 'boot@1', to: 'c@2' }],
      sickBackends: [
        {
          identity: `fresh(127.0.0.1:${bad.port},)`,
          health: expect.stringMatching(/sick|unprobed/),
          override: 'auto',
        },
      ],
      sickDirectors: ['group'],
    });
    expect(proxy.configs()).toContainEqual({ name: 'boot', state: 'active' });
  });

  test('an order about a backend holds for the next request', async () => {
    good.answer = (_request, response) => response.end('good');
    for (const health of ['sick', 'auto'] as const) {
      const { json } = await post('/api/v1/backends/one/health', { health });
      expect(json).toEqual({ health, backends: [`one(127.0.0.1:${good.port},)`] });
      expect((await ask(proxyPort, '/alone')).status).toBe(health === 'sick' ? 503 : 200);
    }
  });

  test('what is purged is fetched anew', async () => {
    good.answer = (_request, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      response.end('good');
    };
    const plain = backend({ host: '127.0.0.1', port: good.port });
    await proxy.load('caching', defineConfig({ backends: { plain } }));
    await proxy.use('caching');
    const url = `http://127.0.0.1:${proxyPort}/kept`;
    const asked = () => good.requests.filter((request) => request.url === '/kept').length;
    for (const times of [1, 1]) {
      await (await fetch(url)).text();
      expect(asked()).toBe(times);
    }
    expect((await post('/api/v1/purge', { url })).json).toEqual({ purged: 1 });
    expect((await post('/api/v1/purge', { url })).json).toEqual({ purged: 0 });
    await (await fetch(url)).text();
    expect(asked()).toBe(2);
    // What a ban does not match stays, what one matches goes.
    for (const [conditions, times] of [
      ['req.url == /kep', 2],
      ['req.url ~ ^/kep && obj.status == 200', 3],
    ] as const) {
      expect((await post('/api/v1/ban', { conditions })).json).toEqual({ banned: conditions });
      await (await fetch(url)).text();
      expect(asked()).toBe(times);
    }
  });

  test('what is wrong with a ban is said in the words of the command line', async () => {
    const answer = await post('/api/v1/ban', { conditions: 'req.nosuch == 1' });
    expectProblem(answer, 400, 'command.illegal-value');
    expect(answer.json).toMatchObject({
      message: 'no ban of "req.nosuch == 1": Unknown or unsupported field "req.nosuch"',
    });
    expectProblem(await post('/api/v1/ban', { conditions: '' }), 400, 'command.illegal-value');
    expectProblem(await post('/api/v1/ban', {}), 400, 'admin.malformed');
  });

  test.each(['/kept', 'h/kept', 'file:///kept', 'http://', ''])('%j is no URL to purge', async (url) => {
    expectProblem(await post('/api/v1/purge', { url }), 400, 'admin.malformed');
  });

  test('what is wrong with a config comes back with its place', async () => {
    const file = join(folder, 'wrong.config.mjs');
    writeFileSync(
      file,
      "import { backend, defineConfig } from 'troupe';\nconst a = backend({ host: 'x y' });\nexport default defineConfig({ backends: { a } });\n",
    );
    const answer = await post('/api/v1/configs', { name: 'wrong', file });
    expectProblem(answer, 422, 'config.invalid');
    expect(answer.json).toMatchObject({ place: { file, line: 2 } });
    expect(proxy.configs()).toEqual([{ name: 'boot', state: 'active' }]);
  });

  test('without a token, configs are loaded from their folder only', async () => {
    const file = join(folder, '..', 'elsewhere.mjs');
    expectProblem(await post('/api/v1/configs', { name: 'x', file }), 403, 'admin.forbidden');
  });
});

describe('what is refused', () => {
  test.each([
    ['GET', '/api/v1/nothing', undefined, 404, 'admin.not-found'],
    ['GET', '/', undefined, 404, 'admin.not-found'],
    ['GET', '/api/v1/backends/no-such', undefined, 404, 'command.unknown-backend'],
    ['GET', '/api/v1/backends/%ff', undefined, 400, 'admin.malformed'],
    ['GET', '/api/v1/backends?limit=many', undefined, 400, 'admin.malformed'],
    ['GET', '/api/v1/backends?colour=red', undefined, 400, 'admin.malformed'],
    ['GET', '/api/v1/directors?config=none', undefined, 404, 'command.unknown-config'],
    ['GET', '/api/v1/saint-entries?object=xyz', undefined, 400, 'admin.malformed'],
    ['GET', '/events?types=gossip', undefined, 400, 'admin.malformed'],
    ['DELETE', '/api/v1/configs', undefined, 405, 'admin.wrong-method'],
    ['POST', '/metrics', '{}', 405, 'admin.wrong-method'],
    ['POST', '/api/v1/configs', '{"name":', 400, 'admin.malformed'],
    ['POST', '/api/v1/configs', new Uint8Array([0x22, 0xff, 0x22]), 400, 'admin.malformed'],
    ['POST', '/api/v1/configs', '[]', 400, 'admin.malformed'],
    ['POST', '/api/v1/configs', undefined, 400, 'admin.malformed'],
    ['POST', '/api/v1/configs', { name: 'a', file: 'b', more: 1 }, 400, 'admin.malformed'],
    ['POST', '/api/v1/configs/none/use', undefined, 404, 'command.unknown-config'],
    ['POST', '/api/v1/configs/__proto__/use', undefined, 404, 'command.unknown-config'],
    ['POST', '/api/v1/configs/boot/discard', undefined, 409, 'command.config-in-use'],
    ['POST', '/api/v1/configs/boot/use', { really: true }, 400, 'admin.malformed'],
    ['POST', '/api/v1/backends/one/health', { health: 'fine' }, 400, 'admin.malformed'],
    ['POST', '/api/v1/configs', 'x'.repeat(100_000), 413, 'admin.too-large'],
  ] as const)('%s %s %s: %i %s', async (method, path, body, status, code) => {
    expectProblem(await ask(port, path, { method, body }), status, code);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  test('a body that grows too large without having said so', async () => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.write(`POST /api/v1/configs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`);
    socket.write(`Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let i = 0; i < 5; i++) socket.write(chunk);
    while (!answer.includes('admin.too-large')) await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('what is no HTTP', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('hello\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.toString()).toContain('"admin.malformed"');
    socket.destroy();
  });

  test.each([
    ['a page of another site', { origin: 'http://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of a sister site', { 'sec-fetch-site': 'same-site' }],
    ['a name that was given this address', { host: 'evil.example' }],
  ])('what %s would change', async (_who, headers) => {
    const answer = await post('/api/v1/backends/one/health', { health: 'sick' }, headers);
    expectProblem(answer, 403, 'admin.forbidden');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask(port, '/api/v1/backends?backend=one')).json).toMatchObject({
      backends: [{ override: 'auto' }],
    });
  });

  test('a name that was given this address cannot even read; the liveness probe needs no name', async () => {
    const headers = { host: 'evil.example' };
    expectProblem(await ask(port, '/api/v1/configs', { headers }), 403, 'admin.forbidden');
    expectProblem(await ask(port, '/metrics', { headers }), 403, 'admin.forbidden');
    expect((await ask(port, '/healthz', { headers })).status).toBe(200);
  });

  test('every answer forbids to be framed, stored, guessed at or read by others', async () => {
    for (const path of ['/api/v1/configs', '/metrics', '/nothing']) {
      const { headers } = await ask(port, path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('more connections than there may be', async () => {
    const sockets: Socket[] = [];
    const closed = new Promise<void>((resolve) => {
      for (let i = 0; i < 140; i++) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.on('close', resolve);
        sockets.push(socket);
      }
    });
    await closed;
    for (const socket of sockets) socket.destroy();
    expect((await ask(proxyPort, '/')).status).toBe(200);
  });
});

describe('with a token', () => {
  beforeEach(async () => {
    await dashboard.close();
    dashboard = await proxy.dashboard({ port: 0, token });
    ({ port } = dashboard.address);
  });

  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer a-token-of-24-characterz' }],
    ['the beginning of it', { authorization: 'Bearer a-token' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` }],
  ])('%s is refused everywhere but where nothing is told', async (_what, headers) => {
    for (const path of ['/api/v1/configs', '/metrics', '/events', '/api/v1/openapi.json', '/nothing']) {
      const answer = await ask(port, path, { headers });
      expectProblem(answer, 401, 'admin.unauthorized');
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    const done = await post('/api/v1/backends/one/health', { health: 'sick' }, headers);
    expectProblem(done, 401, 'admin.unauthorized');
    expect((await ask(port, '/healthz', { headers })).status).toBe(200);
    expect((await ask(port, '/readyz', { headers })).status).toBe(200);
  });

  test('the right one may read under any name, and act', async () => {
    const named = { ...bearer, host: 'proxy.internal' };
    expect((await ask(port, '/metrics', { headers: named })).status).toBe(200);
    expectProblem(await post('/api/v1/configs/boot/use', undefined, named), 403, 'admin.forbidden');
    expect((await post('/api/v1/configs/boot/use', undefined, bearer)).status).toBe(200);
  });

  test('a dashboard that others could reach is not opened without one', async () => {
    await expect(proxy.dashboard({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'admin.needs-token',
      advice: expect.stringContaining('--dashboard-token'),
    });
    await expect(proxy.dashboard({ host: '127.0.0.1', port: 0, token: 'short' })).rejects.toMatchObject({
      code: 'admin.needs-token',
    });
  });
});

test('liveness and readiness: ready while a config is in use', async () => {
  expectAnswer(await ask(port, '/readyz'), readinessSchema);
  const idle = createProxy();
  const idleDashboard = await idle.dashboard({ port: 0 });
  expect((await ask(idleDashboard.address.port, '/healthz')).json).toEqual({ status: 'ok' });
  expectProblem(await ask(idleDashboard.address.port, '/readyz'), 503, 'admin.busy');
  await idle.close();
});

describe('/events', () => {
  test('tells of switches, health, failed requests and transitions, each by its schema', async () => {
    const events = await EventClient.open(port);
    await proxy.load('other', configNamed('other'));
    await proxy.use('other');
    proxy.setHealth(Object.keys(proxy.stats().backends)[0] as never, 'drain');
    good.answer = (request) => void request.socket.destroy();
    void ask(proxyPort, '/alone').catch(() => {});
    const wanted = ['switch', 'health', 'failed-request', 'transition'] as const;
    await events.until(() => wanted.every((type) => events.of(type).length > 0));
    for (const { type, data } of events.seen) eventSchemas[type as keyof typeof eventSchemas].parse(data);
    expect(events.of('switch')[0]?.data).toMatchObject({ config: 'other', key: 'other@2' });
    const ids = events.seen.map(({ id }) => Number(id.split('-')[1]));
    expect(ids).toEqual(ids.map((_, i) => (ids[0] ?? 0) + i));
    events.close();
  });

  test('a reader gets what it asks for, and no other', async () => {
    const events = await EventClient.open(port, '?types=switch');
    await proxy.load('other', configNamed('other'));
    for (const name of ['other', 'boot', 'other']) await proxy.use(name);
    await events.until(() => events.seen.length >= 3);
    expect(events.seen.map(({ type, data }) => [type, (data as { config: string }).config])).toEqual([
      ['switch', 'other'],
      ['switch', 'boot'],
      ['switch', 'other'],
    ]);
    events.close();
  });

  test('a reader that comes back goes on where it was, or is told that it cannot', async () => {
    await proxy.load('other', configNamed('other'));
    const first = await EventClient.open(port, '?types=switch');
    await proxy.use('other');
    await first.until(() => first.seen.length === 1);
    first.close();
    await first.ended;
    await proxy.use('boot');
    const back = await EventClient.open(port, '?types=switch', { 'last-event-id': first.seen[0]?.id ?? '' });
    await back.until(() => back.seen.length === 1);
    expect(back.seen[0]?.data).toMatchObject({ config: 'boot' });
    const lost = await EventClient.open(port, '?types=switch', { 'last-event-id': 'zz-1' });
    await lost.until(() => lost.seen.length === 1);
    expect(lost.seen[0]).toMatchObject({ type: 'missed', data: { reason: 'too-late' } });
    for (const one of [back, lost]) one.close();
  });

  test('a reader that stops reading costs bounded memory, is dropped, and disturbs nobody', async () => {
    const stuck = connect(port, '127.0.0.1');
    stuck.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(stuck, 'data');
    stuck.pause();
    const steady = await EventClient.open(port, '?types=switch,failed-request');
    expect((await ask(port, '/api/v1/status')).json).toMatchObject({ eventReaders: 2 });
    await proxy.load('other', configNamed('other'));
    // Failed requests with long targets: some 10 KB an event, until the kernel's buffers and Troupe's bound are full.
    good.answer = (request) => void request.socket.destroy();
    const path = `/alone?${'x'.repeat(8_000)}`;
    let isDropped = false;
    let failed = 0;
    while (!isDropped && failed < 20_000) {
      await Promise.all(Array.from({ length: 8 }, () => ask(proxyPort, path)));
      failed += 8;
      const { json } = await ask(port, '/api/v1/status');
      isDropped = (json as { eventReaders: number }).eventReaders === 1;
    }
    expect(isDropped).toBe(true);
    await proxy.use('other');
    await steady.until(() => steady.of('switch').length === 1);
    steady.close();
    stuck.destroy();
  }, 60_000);

  test('more readers than there may be', async () => {
    const readers = await Promise.all(
      Array.from({ length: 32 }, () => EventClient.open(port, '?types=switch')),
    );
    expectProblem(await ask(port, '/events'), 503, 'admin.busy');
    for (const reader of readers) reader.close();
  });

  test('readers are let go when the proxy closes', async () => {
    const events = await EventClient.open(port);
    const ended = events.ended;
    await proxy.close();
    await ended;
  });
});

describe('/metrics', () => {
  /** Name and labels of each series, and the value of each. */
  async function scrape(): Promise<Map<string, number>> {
    const { status, text, headers } = await ask(port, '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
  }

  test('100 switches make no new series, and counters go on', async () => {
    await proxy.load('a', configNamed('a'));
    await proxy.load('b', configNamed('b'));
    await proxy.use('a');
    for (let i = 0; i < 4; i++) await ask(proxyPort, '/');
    const before = await scrape();
    for (let i = 0; i < 100; i++) {
      await proxy.use(i % 2 === 0 ? 'b' : 'a');
      if (i % 10 === 0) await ask(proxyPort, '/');
    }
    const after = await scrape();
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(after.get('troupe_requests_total')).toBe(14);
    for (const [series, value] of before) {
      if (/_total|_count|_bucket/.test(series))
        expect(after.get(series), series).toBeGreaterThanOrEqual(value);
    }
  });

  test('reloads under new names make no new series but the names', async () => {
    const before = await scrape();
    for (let i = 0; i < 3; i++) await proxy.replace(configNamed('again'));
    const after = await scrape();
    const fresh = [...after.keys()].filter((series) => !before.has(series));
    expect(fresh).toEqual(['troupe_config_info{config="reload_3"}']);
    expect(after.get('troupe_config_info{config="reload_3"}')).toBe(1);
  });

  test('health has its own states for no probe and not yet probed, by identity', async () => {
    const metrics = await scrape();
    const healthOf = (name: string, originPort: number) =>
      ['no-probe', 'unprobed', 'healthy', 'sick'].filter(
        (state) =>
          metrics.get(
            `troupe_backend_health{backend="${name}(127.0.0.1:${originPort},)",state="${state}"}`,
          ) === 1,
      );
    expect(healthOf('plain', good.port)).toEqual(['no-probe']);
    expect(healthOf('one', good.port)).toEqual(['healthy']);
    expect(healthOf('two', bad.port)).toEqual(['sick']);
  });

  test('durations are histograms whose buckets add up', async () => {
    for (let i = 0; i < 10; i++) await ask(proxyPort, '/');
    const metrics = await scrape();
    expect(metrics.get('troupe_request_duration_seconds_count')).toBe(10);
    expect(metrics.get('troupe_request_duration_seconds_bucket{le="+Inf"}')).toBe(10);
    const answers = [...metrics]
      .filter(([series]) => series.startsWith('troupe_backend_first_byte_seconds_count'))
      .reduce((sum, [, value]) => sum + value, 0);
    expect(answers).toBe(10);
  });
});

test('an occupied port is an error with advice, and nothing stays behind', async () => {
  const occupied = (dashboard.address as AddressInfo).port;
  await expect(proxy.dashboard({ port: occupied })).rejects.toMatchObject({ code: 'troupe.listen-failed' });
});

test('hundreds of backends: each has its series, once, and they come in pages', async () => {
  const many = Array.from({ length: 450 }, (_, i) => [`m${i}`, backend({ host: '127.0.0.1', port: 1 + i })]);
  await proxy.load('many', defineConfig({ backends: Object.fromEntries(many) }));
  const { text } = await ask(port, '/metrics');
  const series = text.split('\n').filter((line) => line.startsWith('troupe_backend_requests_total{'));
  expect(new Set(series).size).toBe(453);
  expect(text.match(/^# TYPE troupe_backend_requests_total /gm)).toHaveLength(1);
  const { json } = await ask(port, '/api/v1/backends');
  expect(json).toMatchObject({ next: 250 });
});
