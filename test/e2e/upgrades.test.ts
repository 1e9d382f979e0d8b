/** WebSockets and other protocols, over real sockets, with the real `ws` on both ends. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  backend,
  type ConfigOptions,
  createProxy,
  defineConfig,
  type ProxyOptions,
  type RequestReport,
  synth,
  type TroupeProxy,
} from '../../src/index.ts';

let origin: WebSocketOrigin;
const proxies: TroupeProxy[] = [];
const clients: WebSocket[] = [];

beforeEach(async () => {
  origin = await WebSocketOrigin.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  for (const proxy of proxies.splice(0)) await proxy.close();
  await origin.close();
});

/** Echoes what it gets; keeps the sockets underneath. */
class WebSocketOrigin {
  readonly http: Server;
  readonly ws: WebSocketServer;
  readonly sockets = new Set<Socket>();
  readonly upgrades: { url: string; headers: Record<string, string | string[] | undefined> }[] = [];

  private constructor() {
    this.http = createServer((request, response) => response.end(`plain ${request.url}`));
    this.http.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.ws = new WebSocketServer({
      server: this.http,
      perMessageDeflate: { threshold: 0 },
      handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
    });
    this.ws.on('connection', (socket, request) => {
      this.upgrades.push({ url: request.url ?? '', headers: request.headers });
      socket.on('error', () => {});
      socket.on('message', (data, isBinary) => {
        if (data.toString() === 'close, please') socket.close(4001, 'as you like');
        else socket.send(data, { binary: isBinary });
      });
    });
  }

  static async start(): Promise<WebSocketOrigin> {
    const started = new WebSocketOrigin();
    started.http.listen(0, '127.0.0.1');
    await once(started.http, 'listening');
    return started;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.ws.close();
    this.http.close();
    if (this.http.listening) await once(this.http, 'close');
  }
}

const configTo = (port: number, hooks: Partial<ConfigOptions> = {}) =>
  defineConfig({ backends: { app: backend({ host: '127.0.0.1', port }) }, ...hooks });

async function serve(
  hooks: Partial<ConfigOptions> = {},
  options: ProxyOptions = {},
): Promise<{ proxy: TroupeProxy; port: number; url: string; reports: RequestReport[] }> {
  const reports: RequestReport[] = [];
  const proxy = createProxy(configTo(origin.port, hooks), {
    drainTimeout: 200,
    log: { access: (report) => void reports.push(report) },
    ...options,
  });
  proxies.push(proxy);
  await proxy.ready;
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  return { proxy, port, url: `ws://127.0.0.1:${port}/chat?room=1`, reports };
}

async function open(url: string, ...options: unknown[]): Promise<WebSocket> {
  const client = new WebSocket(url, ...(options as []));
  clients.push(client);
  client.on('error', () => {});
  await once(client, 'open');
  return client;
}

async function echo(client: WebSocket, message: string | Buffer): Promise<void> {
  const answer = once(client, 'message');
  client.send(message);
  const [data, isBinary] = (await answer) as [Buffer, boolean];
  expect(isBinary).toBe(typeof message !== 'string');
  expect(data.equals(Buffer.from(message))).toBe(true);
}

/** Resolves once a figure is what it should be; the test's time limit is for when it never is. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve));
}

const appOf = (proxy: TroupeProxy) => Object.values(proxy.stats().backends)[0];

describe('a WebSocket', () => {
  test('carries text, binary, fragments, a megabyte and pings, and closes with the codes that were given', async () => {
    const { url, proxy, reports } = await serve();
    const client = await open(url, { perMessageDeflate: false });
    expect(origin.upgrades).toMatchObject([
      { url: '/chat?room=1', headers: { 'x-forwarded-for': '127.0.0.1' } },
    ]);
    await echo(client, 'hello');
    await echo(client, '');
    await echo(client, Buffer.from([0, 255, 13, 10]));
    await echo(client, Buffer.alloc(1024 * 1024, 'm'));

    const whole = once(client, 'message');
    client.send('one ', { fin: false });
    client.send('two ', { fin: false });
    client.send('three', { fin: true });
    expect(String((await whole)[0])).toBe('one two three');

    const pong = once(client, 'pong');
    client.ping('are you there');
    expect(String((await pong)[0])).toBe('are you there');
    expect(appOf(proxy)?.inFlight).toBe(1);

    const closed = once(client, 'close');
    client.send('close, please');
    expect((await closed).map(String)).toEqual(['4001', 'as you like']);
    await until(() => reports.length > 0);
    expect(reports).toMatchObject([
      { status: 101, ending: 'piped', tries: [{ status: 101 }], url: '/chat?room=1' },
    ]);
    const [report] = reports;
    expect(report?.tunnelEnd).toMatch(/^(client|backend)-closed$/);
    expect(report?.bytesSent).toBeGreaterThan(1024 * 1024);
    expect(report?.bytesReceived).toBeGreaterThan(1024 * 1024);
    expect(report).not.toHaveProperty('failure');
    await until(() => proxy.stats().connections === 0);
    expect(appOf(proxy)).toMatchObject({ inFlight: 0, connections: 0, failures: {} });
  });

  test('closes with the code of the client', async () => {
    const { url } = await serve();
    const accepted = once(origin.ws, 'connection') as Promise<[WebSocket]>;
    const client = await open(url);
    const [server] = await accepted;
    const closed = once(server, 'close');
    client.close(4002, 'bye');
    expect((await closed).map(String)).toEqual(['4002', 'bye']);
  });

  test('negotiates compression and a subprotocol through', async () => {
    const { url } = await serve();
    const client = await open(url, ['other', 'chat']);
    expect([client.protocol, client.extensions]).toEqual(['chat', 'permessage-deflate']);
    await echo(client, 'again and '.repeat(10_000));
  });

  test('goes where recv sends it, and is counted there', async () => {
    const other = await WebSocketOrigin.start();
    const [app, chat] = [
      backend({ host: '127.0.0.1', port: origin.port }),
      backend({ host: '127.0.0.1', port: other.port }),
    ];
    const { url, proxy } = await serve({
      backends: { app, chat },
      default: app,
      recv({ req }) {
        if (req.http.has('Upgrade')) req.backend = chat;
      },
    });
    await echo(await open(url), 'hello');
    expect([origin.upgrades.length, other.upgrades.length]).toEqual([0, 1]);
    const counted = Object.entries(proxy.stats().backends).find(([name]) => name.includes(`:${other.port}`));
    expect(counted?.[1]).toMatchObject({ inFlight: 1, answers: 1 });
    expect(counted?.[1].bytesReceived).toBeGreaterThan(0);
    await other.close();
  });

  test('is refused by a config that says so', async () => {
    const { url } = await serve({
      recv: ({ req }) => (req.http.has('Upgrade') ? synth(403, 'No sockets here') : 'hash'),
    });
    const client = new WebSocket(url);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 403');
    expect(origin.upgrades).toEqual([]);
  });

  test('works through a pipe, as before', async () => {
    const { url } = await serve({
      recv: () => 'pipe',
      pipe({ req, bereq }) {
        bereq.http.set('Connection', 'upgrade');
        bereq.http.set('Upgrade', req.http.get('Upgrade') ?? '');
        return 'pipe';
      },
    });
    await echo(await open(url), 'hello');
  });
});

describe('configs', () => {
  test('100 sockets live through 20 switches, and through a discard until drain_timeout', {
    timeout: 60_000,
  }, async () => {
    const { proxy, url, reports } = await serve({}, { drainTimeout: 3_000 });
    const sockets = await Promise.all(Array.from({ length: 100 }, () => open(url)));
    const lost: number[] = [];
    for (const socket of sockets) socket.on('close', (code) => lost.push(code));
    for (let round = 1; round <= 20; round++) {
      await proxy.load(`c${round}`, configTo(origin.port));
      await proxy.use(`c${round}`);
      await Promise.all(sockets.map((socket, i) => echo(socket, `round ${round} of ${i}`)));
    }
    expect(lost).toEqual([]);
    expect(appOf(proxy)?.inFlight).toBe(100);

    // They run on the config that they began with, and go when it goes.
    const began = performance.now();
    await proxy.discard('boot');
    await Promise.all(sockets.map((socket, i) => echo(socket, `draining, ${i}`)));
    await until(() => lost.length === 100);
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(new Set(lost)).toEqual(new Set([1006]));
    await until(() => origin.sockets.size === 0 && proxy.stats().connections === 0);
    expect(reports.map(({ tunnelEnd }) => tunnelEnd)).toEqual(Array(100).fill('cut'));
    expect(reports[0]?.failure?.message).toMatch(/config was discarded/);
    expect(appOf(proxy)).toMatchObject({ inFlight: 0, connections: 0 });
  });

  test('closing the proxy lets them live until drain_timeout, and then cuts both sides', async () => {
    const { proxy, url, reports } = await serve({}, { drainTimeout: 1_000 });
    const client = await open(url);
    const closed = once(client, 'close');
    const over = proxy.close();
    await echo(client, 'still here');
    await over;
    expect((await closed)[0]).toBe(1006);
    await until(() => origin.sockets.size === 0);
    expect(reports).toMatchObject([{ status: 101, ending: 'piped', tunnelEnd: 'cut' }]);
  });

  test('drain of a backend lets them live, and takes no new ones', async () => {
    const { proxy, url } = await serve();
    const client = await open(url);
    for (const { identity } of proxy.description()?.backends ?? []) proxy.setHealth(identity, 'drain');
    const refused = new WebSocket(url);
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 503');
    await echo(client, 'hello');
    expect(appOf(proxy)?.inFlight).toBe(1);
  });
});

test('pipe_timeout ends a tunnel in which nothing moves', async () => {
  const { url, reports } = await serve({}, { requests: { pipeTimeoutMs: 300 } });
  const client = await open(url);
  expect((await once(client, 'close'))[0]).toBe(1006);
  await until(() => origin.sockets.size === 0);
  expect(reports).toMatchObject([{ tunnelEnd: 'silent', ending: 'piped', status: 101 }]);
});
