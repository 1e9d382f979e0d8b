/** The cache over real sockets: origins that lie, break off and never end, and clients that go. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { backend } from '../../src/config/backend.ts';
import { defineConfig } from '../../src/config/define-config.ts';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { type RawConnection, type RawOrigin, rawOrigin } from '../support/raw-origin.ts';

let proxy: TroupeProxy;
let origin: RawOrigin;
let address = '';
const requests: string[] = [];

/** @param answer writes what it likes to a request with that path */
async function start(
  answer: (path: string, connection: RawConnection) => void,
  size = 1_000_000,
  drainTimeout = 10_000,
): Promise<void> {
  requests.length = 0;
  origin = await rawOrigin(async (connection) => {
    for (;;) {
      const path = (await connection.request()).split(' ')[1] ?? '';
      requests.push(path);
      answer(path, connection);
    }
  });
  const b1 = backend({
    host: '127.0.0.1',
    port: origin.port,
    betweenBytesTimeout: '300ms',
    firstByteTimeout: '2s',
  });
  proxy = createProxy(defineConfig({ backends: { b1 } }), { cache: { size }, drainTimeout });
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  address = `http://127.0.0.1:${port}`;
}

afterEach(async () => {
  await proxy.close();
  await origin.close();
});

const fresh = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n';
const get = async (path: string) => {
  const response = await fetch(`${address}${path}`);
  return { status: response.status, age: response.headers.get('age'), body: await response.text() };
};
const cache = () => proxy.stats().cache;

test('is served again, by one write of the same bytes', async () => {
  await start((_path, { socket }) => socket.write(`${fresh}Content-Length: 5\r\nX-A: b\r\n\r\nhello`));
  expect(await get('/a')).toMatchObject({ status: 200, body: 'hello' });
  expect(await get('/a')).toMatchObject({ status: 200, body: 'hello', age: '0' });
  expect(requests).toEqual(['/a']);
  expect(proxy.purge(`${address}/a`)).toBe(1);
  await get('/a');
  expect(requests).toHaveLength(2);
});

test.each([
  ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ['ends', (socket: Socket) => void socket.end()],
  ['stands still', () => {}],
])('an origin that %s in the middle of a body leaves nothing behind', async (_, breakOff) => {
  await start((_path, { socket }) => {
    socket.write(`${fresh}Content-Length: 10\r\n\r\nhello`);
    setImmediate(() => breakOff(socket));
  });
  await expect(get('/a')).rejects.toThrow();
  expect(cache()).toMatchObject({ objects: 0, bytes: 0 });
  await expect(get('/a')).rejects.toThrow();
  expect(requests).toHaveLength(2);
});

test('an origin that sends more than it announced leaves no more than that', async () => {
  await start((_path, { socket }) => {
    socket.write(`${fresh}Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
  });
  expect((await get('/a')).body).toBe('hello');
  expect((await get('/a')).body).toBe('hello');
  expect((await get('/b')).body).toBe('hello');
});

test('an origin whose head never ends is given up, and nothing is kept', async () => {
  await start((_path, { socket }) => {
    socket.write(fresh);
    const more = () => {
      if (!socket.destroyed) socket.write(`X-More: ${'x'.repeat(8_000)}\r\n`, () => setImmediate(more));
    };
    more();
  });
  const all = await Promise.all([get('/a'), get('/a'), get('/a')]);
  expect(all.map(({ status }) => status)).toEqual([503, 503, 503]);
  expect(cache()).toMatchObject({ objects: 0, bytes: 0 });
});

test('a body that never ends goes on for who reads it, in a bounded store, and ends with the last of them', async () => {
  const size = 200_000;
  await start((path, { socket }) => {
    if (path !== '/endless') {
      socket.write(`${fresh}Content-Length: 5\r\n\r\nhello`);
      return;
    }
    socket.write(`${fresh}Transfer-Encoding: chunked\r\n\r\n`);
    const more = () => {
      if (socket.destroyed || socket.writableEnded) return;
      socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`, () => setImmediate(more));
    };
    more();
  }, size);
  const clients = [new AbortController(), new AbortController()];
  const read = clients.map(async ({ signal }) => {
    const { body } = await fetch(`${address}/endless`, { signal });
    let bytes = 0;
    for await (const piece of body ?? []) {
      bytes += piece.length;
      if (bytes > 5 * size) break;
    }
    return bytes;
  });
  for (const bytes of await Promise.all(read)) expect(bytes).toBeGreaterThan(5 * size);
  expect(cache()?.bytes).toBeLessThanOrEqual(size);
  for (const client of clients) client.abort();
  await origin.idle();
  expect(await get('/a')).toMatchObject({ body: 'hello' });
  expect(cache()?.objects).toBeGreaterThan(0);
});

test('clients that reset hold back neither the others nor what is kept', async () => {
  let finish = () => {};
  await start((_path, { socket }) => {
    socket.write(`${fresh}Content-Length: 10\r\n\r\nhello`);
    finish = () => void socket.write('world');
  });
  const { port } = new URL(address);
  const raw = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      while (!text.endsWith('hello')) await once(socket, 'data');
      return { socket, text: () => text };
    }),
  );
  raw.forEach(({ socket }, i) => {
    if (i % 2 === 0) socket.resetAndDestroy();
  });
  const rest = raw.filter((_, i) => i % 2 === 1);
  const ended = rest.map(async ({ socket, text }) => {
    while (!text().endsWith('helloworld')) await once(socket, 'data');
    socket.destroy();
  });
  finish();
  await Promise.all(ended);
  expect(requests).toEqual(['/a']);
  expect(cache()?.objects).toBe(1);
});

/** All that comes for what is sent, until the proxy closes. */
async function raw(text: string): Promise<string> {
  const { port } = new URL(address);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
  socket.write(text);
  let came = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    came += chunk;
  });
  await once(socket, 'close');
  return came;
}

test('a reset origin in the middle of a chunked body: none of 100 readers takes it for whole, and all may ask again', async () => {
  const isBroken = () => requests.length === 1;
  let breakOff = () => {};
  await start((_path, { socket }) => {
    socket.write(`${fresh}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    if (isBroken()) breakOff = () => void socket.resetAndDestroy();
    else socket.write('0\r\n\r\n');
  });
  const { port } = new URL(address);
  const readers = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      const closed = once(socket, 'close');
      let came = '';
      socket.setEncoding('latin1').on('data', (chunk) => {
        came += chunk;
      });
      socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
      while (!came.includes('hello')) await once(socket, 'data');
      return { closed, came: () => came };
    }),
  );
  breakOff();
  for (const { closed, came } of readers) {
    await closed;
    expect(came()).not.toContain('\r\n0\r\n');
  }
  expect(requests).toHaveLength(1);
  expect(cache()).toMatchObject({ objects: 0, bytes: 0 });
  expect((await get('/a')).body).toBe('hello');
});

test('a range of what comes, of what is there, and HEAD first', async () => {
  const body = Array.from({ length: 40_000 }, (_, i) => `${i % 10}`).join('');
  await start((_path, { socket }) => {
    socket.write(`${fresh}ETag: "a"\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  const ask = (method: string, ...fields: string[]) =>
    raw(
      `${method} /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
    );
  const head = await ask('HEAD', 'Range: bytes=0-9');
  expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n.*Content-Length: 40000\r\n.*\r\n\r\n$/s);
  const cases: [string[], RegExp][] = [
    [['Range: bytes=10-19'], /^HTTP\/1.1 206 .*Content-Range: bytes 10-19\/40000\r\n.*\r\n\r\n0123456789$/s],
    [['Range: bytes=-3'], /^HTTP\/1.1 206 .*Content-Length: 3\r\n.*\r\n\r\n789$/s],
    [['Range: bytes=39998-99999999999999999999'], /^HTTP\/1.1 206 .*bytes 39998-39999\/40000.*\r\n\r\n89$/s],
    [['Range: bytes=40000-'], /^HTTP\/1.1 416 .*Content-Range: bytes \*\/40000\r\n.*Content-Length: 0\r\n/s],
    [['Range: bytes=-0'], /^HTTP\/1.1 416 /s],
    [['Range: bytes=5-2'], /^HTTP\/1.1 200 /s],
    [['Range: bytes=0-1,5-6'], /^HTTP\/1.1 200 /s],
    [['Range: lines=0-1'], /^HTTP\/1.1 200 /s],
    [['Range: bytes=0-1', 'If-Range: "a"'], /^HTTP\/1.1 206 /s],
    [['Range: bytes=0-1', 'If-Range: "b"'], /^HTTP\/1.1 200 /s],
    [['Range: bytes=0-1', 'If-Range: W/"a"'], /^HTTP\/1.1 200 /s],
    [['Range: bytes=0-1', 'If-None-Match: "a"'], /^HTTP\/1.1 304 .*\r\n\r\n$/s],
  ];
  for (const [fields, expected] of cases)
    expect(await ask('GET', ...fields), fields.join()).toMatch(expected);
  expect(requests).toEqual(['/a']);
});

test('one that does not read holds back nobody who wants the same', async () => {
  const piece = 'x'.repeat(64 * 1024);
  const pieces = 64;
  await start((_path, { socket }) => {
    socket.write(`${fresh}Content-Length: ${pieces * piece.length}\r\n\r\n`);
    for (let i = 0; i < pieces; i++) socket.write(piece);
  }, 20_000_000);
  const { port } = new URL(address);
  const slow = connect(Number(port), '127.0.0.1').on('error', () => {});
  slow.write(`GET /a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await once(slow, 'readable');
  const all = await Promise.all([get('/a'), get('/a'), get('/a')]);
  for (const { body } of all) expect(body.length).toBe(pieces * piece.length);
  let bytes = 0;
  slow.on('data', (chunk) => {
    bytes += chunk.length;
  });
  while (bytes < pieces * piece.length) await once(slow, 'data');
  slow.destroy();
  expect(requests).toEqual(['/a']);
});

test('closing ends a fetch that comes, and who reads it', async () => {
  await start((_path, { socket }) => socket.write(`${fresh}Content-Length: 10\r\n\r\nhello`), 1_000_000, 10);
  const { port } = new URL(address);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  const gone = once(socket, 'close');
  await proxy.close();
  await gone;
  await origin.idle();
});

test('a switch in the middle of a body: it goes on, and is found by the new config', async () => {
  let finish = () => {};
  await start((_path, { socket }) => {
    socket.write(`${fresh}Content-Length: 10\r\n\r\nhello`);
    finish = () => void socket.write('world');
  });
  const before = get('/a');
  while (requests.length === 0) await new Promise(setImmediate);
  const b1 = backend({ host: '127.0.0.1', port: origin.port });
  await proxy.load('next', defineConfig({ backends: { b1 } }));
  await proxy.use('next');
  const after = get('/a');
  while (proxy.stats().inFlight < 2) await new Promise(setImmediate);
  finish();
  expect((await before).body).toBe('helloworld');
  expect((await after).body).toBe('helloworld');
  expect((await get('/a')).body).toBe('helloworld');
  expect(requests).toEqual(['/a']);
});
