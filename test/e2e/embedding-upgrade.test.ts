/** `server.on('upgrade', proxy.upgrade)`: connections that an embedding server hands over. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backend, defineConfig, type RequestReport, synth } from '../../src/index.ts';
import { Stage } from '../support/embedding.ts';
import type { Origin } from '../support/origin.ts';
import { rawOrigin } from '../support/raw-origin.ts';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.close());

const upgradeHead = (path: string, ...more: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: h', 'Connection: Upgrade', 'Upgrade: echo', ...more, '', ''].join('\r\n');

/** Switches to a protocol that sends back, in capitals, what it gets. */
function capitals(origin: Origin): Duplex[] {
  const connections: Duplex[] = [];
  origin.upgrade = (_request, socket, head) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    const say = (chunk: Buffer) => void socket.write(chunk.toString('latin1').toUpperCase());
    if (head.length > 0) say(head);
    socket.on('data', say);
    socket.on('end', () => socket.end());
  };
  return connections;
}

async function embed(origin: Origin, ended: RequestReport[] = []) {
  const proxy = stage.proxyTo(
    origin,
    {
      recv({ req }) {
        if (req.url === '/no') return synth(403);
        return req.http.has('Upgrade') ? 'pipe' : 'hash';
      },
      pipe({ bereq, req }) {
        bereq.http.set('Connection', 'Upgrade');
        bereq.http.set('Upgrade', req.http.get('Upgrade') ?? '');
        return 'pipe';
      },
    },
    { log: { access: (report) => void ended.push(report) } },
  );
  const server = createServer(proxy.handler);
  server.on('upgrade', proxy.upgrade);
  server.on('connect', proxy.upgrade);
  return { proxy, port: await stage.serve(server) };
}

test('bytes go both ways, those first that came with the head', async () => {
  const origin = await stage.origin();
  capitals(origin);
  const ended: RequestReport[] = [];
  const { port, proxy } = await embed(origin, ended);
  const client = await stage.connect(port);
  client.send(`${upgradeHead('/socket')}early`);
  await client.until(/101 Switching[\s\S]*EARLY$/);
  client.send('late');
  await client.until(/EARLYLATE$/);
  client.socket.end();
  await client.closed;
  await proxy.close();
  expect(ended).toMatchObject([
    { ending: 'piped', listener: 'upgrade', client: '127.0.0.1', url: '/socket' },
  ]);
});

test('an upgrade that is refused gets its answer, and the connection is not used again', async () => {
  const origin = await stage.origin();
  const { port } = await embed(origin);
  const client = await stage.connect(port);
  // What comes behind would pass the embedding server by.
  client.send(`${upgradeHead('/no')}GET /secret HTTP/1.1\r\nHost: h\r\n\r\n`);
  await client.closed;
  expect(client.received).toMatch(/^HTTP\/1\.1 403 /);
  expect(client.received).toMatch(/Connection: close/);
  expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(origin.requests).toEqual([]);
});

test('what the listener refuses is refused here', async () => {
  const origin = await stage.origin();
  const { port, proxy } = await embed(origin);
  for (const bad of ['Host: other', 'Content-Length: 3\r\nContent-Length: 3', 'Expect: something']) {
    const client = await stage.connect(port);
    client.send(upgradeHead('/socket', bad));
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
  expect(origin.requests).toEqual([]);
  expect(proxy.stats().refusedRequests).toBeGreaterThan(0);
});

test('resets of either side end both, and are forgotten', async () => {
  const origin = await stage.origin();
  const connections = capitals(origin);
  const ended: RequestReport[] = [];
  const { port, proxy } = await embed(origin, ended);
  const leaver = await stage.connect(port);
  leaver.send(`${upgradeHead('/socket')}a`);
  await leaver.until(/A$/);
  leaver.socket.resetAndDestroy();
  await origin.until(() => origin.open === 0);

  const stayer = await stage.connect(port);
  stayer.send(`${upgradeHead('/socket')}a`);
  await stayer.until(/A$/);
  connections.at(-1)?.destroy();
  await stayer.closed;
  await proxy.close();
  expect(ended.map(({ ending }) => ending)).toEqual(['piped', 'piped']);
});

test('a client that has gone before the proxy is ready is no trouble', async () => {
  const silent = await rawOrigin(() => {});
  const app = backend({ host: '127.0.0.1', port: silent.port, probe: { timeout: 200 } });
  const proxy = stage.proxy(defineConfig({ backends: { app } }));
  const server = createServer(proxy.handler);
  const handedOver = once(server, 'upgrade');
  server.on('upgrade', proxy.upgrade);
  const port = await stage.serve(server);
  const client = await stage.connect(port);
  client.send(upgradeHead('/socket'));
  const [, socket] = (await handedOver) as [unknown, Duplex];
  const gone = new Promise((resolve) => socket.on('close', resolve));
  client.socket.resetAndDestroy();
  // Nobody reads from it yet, so that the reset shows when something is written.
  socket.write('x');
  await gone;
  await proxy.ready;
  expect(proxy.stats()).toMatchObject({ requests: 0, connections: 0 });
  await proxy.close();
  await silent.close();
});

test('closing lets tunnels live for the drain timeout, and cuts them then', async () => {
  const origin = await stage.origin();
  capitals(origin);
  const { port, proxy } = await embed(origin);
  const client = await stage.connect(port);
  client.send(`${upgradeHead('/socket')}a`);
  await client.until(/A$/);
  const closed = proxy.close();
  client.send('b');
  await client.until(/AB$/);
  await Promise.all([closed, client.closed]);
  await origin.until(() => origin.open === 0);
});

test('a closed proxy takes no connection over', async () => {
  const origin = await stage.origin();
  const { port, proxy } = await embed(origin);
  await proxy.close();
  const client = await stage.connect(port);
  client.send(upgradeHead('/socket'));
  await client.closed;
  expect(client.received).toBe('');
});
