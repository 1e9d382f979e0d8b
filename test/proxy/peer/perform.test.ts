/** One attempt at an operation over real sockets: what libcurl would do, and how each failure is named. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PeerAnswer, PeerOrder } from '../../../src/proxy/peer/order.ts';
import { Performer } from '../../../src/proxy/peer/perform.ts';

let server: Server;
let port: number;
/** Whole requests, in the order of their connections. */
let received: string[];
let sockets: Set<Socket>;
/** What the peer does with each connection, once a request's head has come. */
let answer: (socket: Socket, request: string) => void;

beforeEach(async () => {
  received = [];
  sockets = new Set();
  answer = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    const index = received.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const isFirst = text === '';
      text += chunk.toString('latin1');
      received[index] = text;
      if (isFirst) answer(socket, text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

function order(changes: Partial<PeerOrder> & { readonly head?: string } = {}): PeerOrder {
  return {
    operation: 1,
    host: '127.0.0.1',
    port,
    head: 'PURGE /a HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n',
    body: undefined,
    timeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    ...changes,
  };
}

const perform = (one: PeerOrder): Promise<PeerAnswer> =>
  new Promise((resolve) => new Performer().perform(one, resolve));

const outcome = async (one: PeerOrder) => {
  const { status, cause, message } = await perform(one);
  return { status, cause, message };
};

const done = (status = 200) => ({ status, cause: undefined, message: undefined });

describe('the request', () => {
  test('is the snapshot and nothing else', async () => {
    expect(await outcome(order())).toEqual(done());
    expect(received).toEqual(['PURGE /a HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n']);
  });

  test('with content, goes by POST mechanics under its own method', async () => {
    await perform(order({ body: 'Form entry\nsent ä' }));
    expect(received[0]?.split('\r\n')).toEqual([
      'PURGE /a HTTP/1.1',
      'Host: example.com',
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${'Form%20entry%0Asent%20%C3%A4'.length}`,
      '',
      'Form%20entry%0Asent%20%C3%A4',
    ]);
  });

  test('keeps the content type that it has', async () => {
    await perform(order({ head: `${order().head}content-type: text/plain\r\n`, body: 'x' }));
    expect(received[0]).toMatch(/content-type: text\/plain\r\nContent-Length: 1\r\n\r\nx$/);
    expect(received[0]).not.toMatch(/urlencoded/);
  });

  test('with empty content, says so', async () => {
    await perform(order({ body: '' }));
    expect(received[0]).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
  });
});

describe('the answer', () => {
  test.each([
    ['counted', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['until the connection closes', 'HTTP/1.1 200 OK\r\n\r\nabc'],
    ['after an interim one', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nabc'],
  ])('is read to its end: %s', async (_, text) => {
    answer = (socket) => socket.end(text);
    expect(await outcome(order())).toEqual(done());
  });

  test('is not waited for beyond its end', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect(await outcome(order())).toEqual(done());
  });

  test('to HEAD has no body', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
    expect(await outcome(order({ head: 'HEAD / HTTP/1.1\r\nHost: h\r\n' }))).toEqual(done());
  });

  test('may have a body of any size, none of which is held', async () => {
    const piece = Buffer.alloc(1 << 20);
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * piece.length}\r\n\r\n`);
      let left = 64;
      const more = () => {
        while (left-- > 0) if (!socket.write(piece)) return socket.once('drain', more);
        return undefined;
      };
      more();
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(await outcome(order())).toEqual(done());
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });

  test.each([400, 401, 404, 503])('%d is a failure, whose body is not waited for', async (status) => {
    answer = (socket) => socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 10\r\n\r\n`);
    expect(await outcome(order())).toEqual({ status, cause: 'status', message: `status ${status}` });
  });

  test.each([204, 304, 300])('%d is none', async (status) => {
    answer = (socket) => socket.end(`HTTP/1.1 ${status} Fine\r\nContent-Length: 0\r\n\r\n`);
    expect(await outcome(order())).toEqual(done(status));
  });
});

describe('redirects', () => {
  test('are followed with the same method and fields', async () => {
    answer = (socket, request) =>
      socket.end(
        request.startsWith('PURGE /a ')
          ? 'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n'
          : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      );
    expect(await outcome(order())).toEqual(done());
    expect(received[1]).toBe('PURGE /b HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
  });

  test('are followed five times', async () => {
    answer = (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n');
    expect(await outcome(order())).toEqual({
      status: 302,
      cause: 'redirect',
      message: 'more than 5 redirects',
    });
    expect(received).toHaveLength(6);
  });

  test('lead to HTTP only', async () => {
    answer = (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: https://h/\r\n\r\n');
    expect(await outcome(order())).toMatchObject({ cause: 'redirect' });
  });
});

describe('faults', () => {
  test('nobody listens', async () => {
    const { port: closed } = await freePort();
    expect(await outcome(order({ port: closed }))).toEqual({
      status: undefined,
      cause: 'connect-failed',
      message: 'connection refused',
    });
  });

  test('a peer that never answers: the time counts from the connection', async () => {
    answer = () => {};
    const { cause, message, tookMs } = await perform(order({ timeoutMs: 80 }));
    expect([cause, message]).toEqual(['timeout', 'not done 80 ms after it was connected']);
    expect(tookMs).toBeGreaterThanOrEqual(79);
  });

  test('a peer that answers without end', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    expect(await outcome(order({ timeoutMs: 80 }))).toMatchObject({ status: 200, cause: 'timeout' });
  });

  test('no connection in time', async () => {
    // A full backlog: the kernel lets no connection through, and says nothing.
    const { full, close } = await fullListener();
    try {
      expect(await outcome(order({ port: full, connectTimeoutMs: 60, timeoutMs: 1 }))).toEqual({
        status: undefined,
        cause: 'connect-timeout',
        message: 'no connection in 60 ms',
      });
    } finally {
      close();
    }
  });

  test.each([
    ['before it answers', ''],
    ['within the head', 'HTTP/1.1 200 OK\r\nConte'],
    ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc'],
  ])('a peer that closes early: %s', async (_, text) => {
    answer = (socket) => socket.end(text);
    expect(await outcome(order())).toMatchObject({
      cause: 'closed-early',
      message: 'it closed the connection before the end of its answer',
    });
  });

  test('a peer that does not speak HTTP', async () => {
    answer = (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    expect(await outcome(order())).toMatchObject({ cause: 'malformed' });
  });
});

test('a connection opened ahead that the peer has closed meanwhile costs nothing but another', async () => {
  // However long an operation takes, the next one's connection is opened.
  const performer = new Performer(Number.POSITIVE_INFINITY);
  const [one, two] = [order({ operation: 1 }), order({ operation: 2 })];
  performer.next = () => two;
  let connections = 0;
  const ahead = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      if (++connections === 2) resolve(socket);
    });
  });
  const run = (next: PeerOrder) => new Promise<PeerAnswer>((resolve) => performer.perform(next, resolve));
  expect(await run(one)).toMatchObject({ operation: 1, cause: undefined });
  const socket = await ahead;
  socket.destroy();
  await once(socket, 'close');
  // The other end hears of it when sockets have been looked at again.
  await turn();
  await turn();
  performer.next = () => undefined;
  expect(await run(two)).toMatchObject({ operation: 2, cause: undefined });
  performer.rest();
  expect([connections, received.filter((text) => text !== '').length]).toEqual([3, 2]);
});

test('nothing stays open when there is nothing to do', async () => {
  const performer = new Performer(Number.POSITIVE_INFINITY);
  performer.next = () => order({ operation: 2 });
  await new Promise<PeerAnswer>((resolve) => performer.perform(order(), resolve));
  performer.rest();
  while (sockets.size < 2 || [...sockets].some(({ destroyed }) => !destroyed)) await turn();
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function freePort(): Promise<{ readonly port: number }> {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port: free } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, 'close');
  return { port: free };
}

/** A listener that accepts nothing, with its backlog full. */
async function fullListener(): Promise<{ readonly full: number; readonly close: () => void }> {
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port) + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const full = Number(line.toString());
  const fillers = Array.from({ length: 4 }, () =>
    connect({ host: '127.0.0.1', port: full }).on('error', () => {}),
  );
  // As many as fit are connected; the others wait, as will whoever comes later.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  const close = () => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  };
  return { full, close };
}
