/** What a proxy tells of its requests, with real sockets: the access log, the failed requests, the figures. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backend,
  createProxy,
  defineConfig,
  type ProxyOptions,
  type RequestReport,
  roundRobin,
  type TroupeProxy,
} from '../../src/index.ts';
import { Origin } from '../support/origin.ts';

let origin: Origin;
let proxies: TroupeProxy[] = [];
let folder: string;

beforeEach(async () => {
  origin = await Origin.start('origin');
  folder = await mkdtemp(join(tmpdir(), 'troupe-log-'));
});

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  proxies = [];
  await origin.close();
  await rm(folder, { recursive: true });
});

/** An access log that can be waited for: an answer arrives a moment before its request has ended. */
class Reports {
  readonly all: RequestReport[] = [];
  #wake: (() => void) | undefined;

  readonly access = (report: RequestReport): void => {
    this.all.push(report);
    this.#wake?.();
  };

  async until(count: number): Promise<RequestReport[]> {
    while (this.all.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all;
  }
}

async function serve(source: Parameters<typeof createProxy>[0], options: ProxyOptions = {}) {
  const reports = new Reports();
  const proxy = createProxy(source, { log: { access: reports.access }, ...options });
  proxies.push(proxy);
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  return { proxy, reports, port };
}

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function get(port: number, path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

describe('the access log', () => {
  test('tells a failover: who refused, that it was retried and why, and who answered', async () => {
    const dead = await deadPort();
    const gone = backend({ host: '127.0.0.1', port: dead });
    const good = backend({ host: '127.0.0.1', port: origin.port });
    const app = roundRobin([gone, good]);
    const { proxy, reports, port } = await serve(
      defineConfig({
        backends: { gone, good },
        directors: { app },
        default: app,
        recv: ({ log }) => log('looking') as undefined,
        backendError: () => 'retry',
      }),
    );
    const before = Date.now();
    expect(await get(port, '/shop?q=1')).toBe('200 origin');
    const [report] = await reports.until(1);
    expect(report).toEqual({
      time: expect.any(Number),
      // The connection has the first number.
      xid: '2',
      config: 'boot@1',
      listener: 'a0',
      client: '127.0.0.1',
      method: 'GET',
      url: '/shop?q=1',
      host: `127.0.0.1:${port}`,
      proto: 'HTTP/1.1',
      status: 200,
      ending: 'complete',
      bytesSent: 'origin'.length,
      bytesReceived: 0,
      ms: expect.any(Number),
      phases: { recv: expect.any(Number), fetch: expect.any(Number), deliver: expect.any(Number) },
      restarts: 0,
      retries: 1,
      tries: [
        {
          identity: `gone(127.0.0.1:${dead},)`,
          via: ['app'],
          startMs: expect.any(Number),
          ms: expect.any(Number),
          error: { code: 'backend.connect-failed', message: expect.stringContaining('refused') },
          givenUp: 'retry after backend.connect-failed: backendError',
        },
        {
          identity: `good(127.0.0.1:${origin.port},)`,
          via: ['app'],
          startMs: expect.any(Number),
          ms: expect.any(Number),
          connectMs: expect.any(Number),
          firstByteMs: expect.any(Number),
          status: 200,
        },
      ],
      lines: ['looking'],
      hookErrors: [],
    });
    if (report === undefined) throw new Error('it was told');
    const { recv, fetch, deliver } = report.phases;
    expect(recv + fetch + deliver).toBeCloseTo(report.ms, 2);
    // The clock that measures and the one on the wall may differ by a little.
    expect(report.time).toBeGreaterThan(before - 1_000);
    expect(proxy.failedRequests()).toEqual([]);
    // The second request goes over the connection that the first one has opened.
    expect(await get(port)).toBe('200 origin');
    const { tries } = (await reports.until(2))[1] ?? {};
    expect(tries?.at(-1)?.identity).toMatch(/^good/);
    expect(tries?.at(-1)?.connectMs).toBeUndefined();
  });

  test('tells of a client that went away', async () => {
    origin.answer = (_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('0123456789');
    };
    const app = backend({ host: '127.0.0.1', port: origin.port });
    const { reports, port, proxy } = await serve(defineConfig({ backends: { app } }));
    const client = connect(port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    client.once('data', () => client.resetAndDestroy());
    const [report] = await reports.until(1);
    expect(report).toMatchObject({ status: 200, ending: 'aborted', tries: [{ givenUp: 'aborted' }] });
    expect(proxy.stats()).toMatchObject({ clientAborts: 1, inFlight: 0 });
    expect(proxy.failedRequests()).toEqual([]);
  });

  test('that throws is told of itself, and harms no request', async () => {
    const faults: string[] = [];
    const app = backend({ host: '127.0.0.1', port: origin.port });
    const access = () => {
      throw new Error('disk full');
    };
    const fault = (error: unknown, where: string) => faults.push(`${where}: ${error}`);
    const { port } = await serve(defineConfig({ backends: { app } }), { log: { access, fault } });
    expect(await get(port)).toBe('200 origin');
    expect(await get(port)).toBe('200 origin');
    expect(faults).toContain("the log's access: Error: disk full");
  });
});

describe('the failed requests', () => {
  test('tell of one for which no backend was healthy', async () => {
    origin.probeStatus = 503;
    const app1 = backend({ host: '127.0.0.1', port: origin.port, probe: { url: '/probe' } });
    const app = roundRobin([app1]);
    const { proxy, port } = await serve(
      defineConfig({ backends: { app1 }, directors: { app }, default: app }),
      { log: {} },
    );
    expect(await get(port, '/x')).toMatch(/^503/);
    expect(proxy.failedRequests()).toMatchObject([
      {
        status: 503,
        url: '/x',
        failure: {
          code: 'backend.none-healthy',
          message: 'app has no backend that is healthy for this request',
        },
        tries: [{ via: ['app'], error: { code: 'backend.none-healthy' }, givenUp: 'backend.none-healthy' }],
      },
    ]);
  });

  test('tell of a hook that threw, and where in the TypeScript source', async () => {
    const file = join(folder, 'my.config.ts');
    await writeFile(
      file,
      `import { backend, defineConfig, type ClientContext } from 'troupe';

interface Shop { readonly name: string }
const shops = new Map<string, Shop>();

export default defineConfig({
  backends: { app: backend({ host: '127.0.0.1', port: ${origin.port} }) },
  recv({ req }: ClientContext) {
    const shop = shops.get(req.url) as Shop;
    if (shop.name === 'closed') return 'pass';
  },
});
`,
    );
    const { proxy, port } = await serve(file, { log: {} });
    expect(await get(port, '/x')).toMatch(/^503/);
    expect(proxy.failedRequests()).toMatchObject([
      {
        status: 503,
        failure: { code: 'troupe.hook-threw', message: expect.stringContaining("reading 'name'") },
        hookErrors: [{ hook: 'recv', code: 'troupe.hook-threw', place: { file, line: 10, column: 14 } }],
      },
    ]);
    expect(proxy.stats().hookErrors).toBe(1);
  });

  test('tell where an asynchronous hook stands', async () => {
    const file = join(folder, 'my.config.ts');
    await writeFile(
      file,
      `import { backend, defineConfig } from 'troupe';
const wait = async () => undefined;
export default defineConfig({
  backends: { app: backend({ host: '127.0.0.1', port: ${origin.port} }) },
  deliver: () => wait() as never,
});
`,
    );
    const { proxy, port } = await serve(file);
    expect(await get(port)).toMatch(/^503/);
    expect(proxy.failedRequests()[0]?.hookErrors).toMatchObject([
      { hook: 'deliver', code: 'troupe.hook-async', place: { file, line: 5, column: 3 } },
    ]);
  });

  test('are bounded, and end with the last', async () => {
    const { proxy, port } = await serve(undefined, { failedRequests: 5 });
    for (let i = 0; i < 12; i++) expect(await get(port, `/${i}`)).toMatch(/^503/);
    expect(proxy.failedRequests().map(({ url }) => url)).toEqual(['/7', '/8', '/9', '/10', '/11']);
  });
});

describe('the figures', () => {
  test('are right after 100 requests of all kinds', async () => {
    origin.answer = (request, response) => {
      const size = 10;
      if (request.url === '/missing') response.statusCode = 404;
      if (request.url === '/broken') response.statusCode = 500;
      if (request.url === '/cut') {
        response.writeHead(200, { 'Content-Length': 2 * size });
        response.write('x'.repeat(size), () => response.destroy());
        return;
      }
      request.resume().on('end', () => response.end('x'.repeat(size)));
    };
    const dead = await deadPort();
    const app = backend({ host: '127.0.0.1', port: origin.port });
    const gone = backend({ host: '127.0.0.1', port: dead });
    const { proxy, reports, port } = await serve(
      defineConfig({
        backends: { app, gone },
        recv({ req }) {
          if (req.url === '/thrown') throw new Error('oops');
          if (req.url === '/moved') return { synth: 301, reason: 'Moved' };
          if (req.url.startsWith('/gone')) req.backend = gone;
          return undefined;
        },
        backendError({ bereq }) {
          if (bereq.retries > 0 || bereq.url !== '/gone-once') return 'deliver';
          bereq.backend = app;
          return 'retry';
        },
        synth({ resp }) {
          resp.body = '';
          return undefined;
        },
      }),
    );
    const kinds = [
      ...['/ok', '/ok', '/ok', '/missing', '/broken'],
      ...['/cut', '/thrown', '/moved', '/gone-once', '/gone'],
    ];
    for (let i = 0; i < 100; i++) {
      const path = kinds[i % kinds.length] ?? '';
      const post = path === '/ok' ? { method: 'POST', body: 'abc' } : {};
      await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...post })
        .then((response) => response.text())
        .catch(() => {});
    }
    const told = await reports.until(100);
    const stats = proxy.stats();
    const identity = (name: string, at: number) => `${name}(127.0.0.1:${at},)` as keyof typeof stats.backends;
    const good = identity('app', origin.port);
    const bad = identity('gone', dead);
    expect(stats).toMatchObject({
      requests: 100,
      inFlight: 0,
      responses: { '2xx': 50, '3xx': 10, '4xx': 10, '5xx': 30, other: 0 },
      pipes: 0,
      clientAborts: 0,
      cutResponses: 10,
      restarts: 0,
      retries: 10,
      hookErrors: 10,
      bytesSent: told.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
      bytesReceived: 30 * 3,
      refusedRequests: 0,
      refusedConnections: 0,
    });
    expect(stats.backends[good]).toMatchObject({
      requests: 70,
      inFlight: 0,
      retries: 10,
      retried: 0,
      answers: 70,
      bytesSent: 30 * 3,
      bytesReceived: 70 * 10,
      failures: { 'backend.reset': 10 },
    });
    expect(stats.backends[bad]).toMatchObject({
      requests: 20,
      inFlight: 0,
      retries: 0,
      retried: 10,
      answers: 0,
      averageAnswerMs: 0,
      bytesReceived: 0,
      failures: { 'backend.connect-failed': 20 },
      connections: 0,
    });
    const figures = stats.backends[good];
    expect(figures?.connections).toBe(origin.open);
    expect(figures?.averageAnswerMs).toBeGreaterThan(0);
    expect(figures?.answerMs).toBeGreaterThan(figures?.averageAnswerMs ?? Number.POSITIVE_INFINITY);
    expect(Object.keys(stats.backends)).toEqual([good, bad]);
    // Plain data: what crosses to another process, or to whoever asks over HTTP, is the same.
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    expect(proxy.failedRequests().length).toBe(30);
  });

  test('count what a listener refuses', async () => {
    const speak = (to: number, text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = '';
        const client = connect(to, '127.0.0.1', () => client.write(text));
        client.on('data', (chunk) => {
          answer += String(chunk);
        });
        client.on('close', () => resolve(answer));
      });
    const open = await serve(undefined);
    expect(await speak(open.port, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(open.proxy.stats()).toMatchObject({ requests: 0, refusedRequests: 1, refusedConnections: 0 });

    const full = await serve(undefined, { listener: { connections: 1 } });
    const first = connect(full.port, '127.0.0.1');
    await new Promise((resolve) => first.once('connect', resolve));
    expect(await speak(full.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 503/);
    expect(full.proxy.stats()).toMatchObject({ requests: 0, refusedRequests: 0, refusedConnections: 1 });
    first.destroy();
  });

  test('of a backend are shared by configs, outlive a switch, and end with the last config', async () => {
    const config = () => {
      const app = backend({ host: '127.0.0.1', port: origin.port });
      return defineConfig({ backends: { app } });
    };
    const { proxy, port } = await serve(config());
    const [identity] = Object.keys(proxy.stats().backends) as (keyof ReturnType<
      typeof proxy.stats
    >['backends'])[];
    if (identity === undefined) throw new Error('one backend is declared');
    const asked = () => proxy.stats().backends[identity]?.requests;
    expect(asked()).toBe(0);
    await get(port);
    await proxy.load('second', config());
    await proxy.use('second');
    await get(port);
    expect(asked()).toBe(2);
    await proxy.discard('boot');
    expect(asked()).toBe(2);
    await proxy.load('empty', defineConfig({ backends: {} }));
    await proxy.use('empty');
    await proxy.discard('second');
    while (asked() !== undefined) await new Promise((resolve) => setImmediate(resolve));
    await proxy.load('third', config());
    expect(asked()).toBe(0);
  });
});
