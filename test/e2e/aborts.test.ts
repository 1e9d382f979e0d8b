/**
 * 10,000 aborts in a row, in every phase and by both sides, while other clients are served: afterwards
 * descriptors, sockets, requests in flight and heap are where they were, and nobody else noticed.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Pool } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backend, createProxy, defineConfig, roundRobin, type TroupeProxy } from '../../src/index.ts';

const ABORTS = 10_000;
const AT_ONCE = 500;
const BYSTANDERS = 8;

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const large = Buffer.alloc(256 * 1024, 'x');

/** What the origin does with a request, by its path. */
const origins: Readonly<Record<string, (socket: Socket) => void>> = {
  '/fine': (socket) => void socket.write(`${ok}Content-Length: 4\r\n\r\nfine`),
  '/never': () => {},
  '/large': (socket) => {
    socket.write(`${ok}Content-Length: ${large.length}\r\n\r\n`);
    socket.write(large);
  },
  '/reset': (socket) => void socket.resetAndDestroy(),
  '/end': (socket) => void socket.end(),
  '/reset-in-head': (socket) => void socket.write(ok, () => socket.resetAndDestroy()),
  '/reset-in-body': (socket) =>
    void socket.write(`${ok}Content-Length: 9\r\n\r\nhell`, () => socket.resetAndDestroy()),
  '/end-in-chunks': (socket) => void socket.end(`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n`),
};

function originServer(): Server {
  return createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const path = text.split(' ', 2)[1] as string;
        text = text.slice(end + 4);
        // A body is left unread on purpose, by ending after the head.
        if (path.startsWith('/upload')) text = '';
        else (origins[path] as (socket: Socket) => void)(socket);
      }
    });
  });
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Each is a client that goes at some moment, or whose backend does. `hears`: waits for a first byte. */
const scenes: readonly { send: string; hears: boolean; ends: 'reset' | 'end' | 'wait' }[] = [
  { send: 'GET / HT', hears: false, ends: 'reset' },
  { send: 'GET / HTTP/1.1\r\nHost: a\r\nX-', hears: false, ends: 'end' },
  { send: get('/never'), hears: false, ends: 'reset' },
  { send: get('/never'), hears: false, ends: 'end' },
  { send: get('/large'), hears: true, ends: 'reset' },
  { send: get('/large'), hears: false, ends: 'reset' },
  { send: `${get('/fine')}${get('/large')}GET /ha`, hears: true, ends: 'reset' },
  { send: 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhell', hears: false, ends: 'reset' },
  {
    send: 'POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n',
    hears: false,
    ends: 'end',
  },
  {
    send: 'POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
    hears: true,
    ends: 'reset',
  },
  { send: get('/reset'), hears: true, ends: 'wait' },
  { send: get('/end'), hears: true, ends: 'wait' },
  { send: get('/reset-in-head'), hears: true, ends: 'wait' },
  { send: get('/reset-in-body'), hears: true, ends: 'wait' },
  { send: get('/end-in-chunks'), hears: true, ends: 'wait' },
];

let server: Server;
let proxy: TroupeProxy;
let port: number;
let bystanders: Pool;
/** With nothing open yet. */
let descriptorsBefore: number;

beforeEach(async () => {
  descriptorsBefore = descriptors();
  server = originServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: originPort } = server.address() as { port: number };
  const one = backend({ host: '127.0.0.1', port: originPort });
  const two = backend({ host: '127.0.0.1', port: originPort });
  const both = roundRobin([one, two]);
  proxy = createProxy(
    defineConfig({
      backends: { one, two },
      directors: { both },
      default: both,
      recv: () => 'pass',
      backendError: ({ bereq }) => (bereq.retries === 0 ? 'retry' : 'deliver'),
    }),
  );
  await proxy.ready;
  ({ port } = await proxy.listen({ host: '127.0.0.1', port: 0 }));
  bystanders = new Pool(`http://127.0.0.1:${port}`, { connections: BYSTANDERS, pipelining: 1 });
});

afterEach(async () => {
  await bystanders.destroy();
  await proxy.close();
  server.close();
});

async function abortOne(number: number): Promise<void> {
  const scene = scenes[number % scenes.length] as (typeof scenes)[number];
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const heard = new Promise((resolve) => {
    socket.once('data', resolve);
    socket.once('close', resolve);
  });
  socket.write(scene.send);
  if (scene.hears) await heard;
  else await new Promise((resolve) => socket.once('ready', resolve));
  if (scene.ends === 'reset') socket.resetAndDestroy();
  // An answer that is an error leaves the connection open, a cut one does not.
  else if (scene.ends === 'end' || !socket.closed) socket.end();
  socket.resume();
  await closed;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** Resolves once a figure is what it should be; the test's time limit is for when it never is. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve));
}

const inFlight = (): number =>
  Object.values(proxy.stats().backends).reduce((sum, one) => sum + one.inFlight, 0);

async function abortMany(count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => abortOne(begun + i)));
  }
}

test('aborts in every phase by both sides leave nothing behind and disturb nobody', {
  timeout: 180_000,
}, async () => {
  let isOver = false;
  let served = 0;
  const serve = async (): Promise<void> => {
    while (!isOver) {
      const { statusCode, body } = await bystanders.request({ path: '/fine', method: 'GET' });
      expect([statusCode, await body.text()]).toEqual([200, 'fine']);
      served++;
    }
  };
  const abortUnderLoad = async (count: number): Promise<void> => {
    isOver = false;
    const load = Promise.all(Array.from({ length: BYSTANDERS }, serve));
    await abortMany(count);
    isOver = true;
    await load;
    await until(() => inFlight() === 0 && proxy.stats().connections <= BYSTANDERS);
  };
  // Code is compiled, buffers and pools have grown.
  await abortUnderLoad(2_000);
  const heapBefore = await heapBytes();

  await abortUnderLoad(ABORTS);
  expect(await heapBytes()).toBeLessThan(heapBefore + 8 * 1024 * 1024);
  expect(served).toBeGreaterThan(100);
  await bystanders.destroy();
  await proxy.close();
  server.close();
  await until(() => descriptors() === descriptorsBefore);
});
