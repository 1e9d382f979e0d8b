/** Fetches over real sockets: what is sent, what comes back, and how each way to fail is told. */
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TroupeError } from '../../../src/errors.ts';
import { createHttp1Transport, type Http1Transport } from '../../../src/proxy/fetch/http1-transport.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { type RawConnection, type RawOrigin, rawOrigin } from '../../support/raw-origin.ts';
import { fetchRequest, runFetch } from '../../support/run-fetch.ts';

let clock: SimulatedClock;
let transport: Http1Transport;
let origin: RawOrigin;

beforeEach(() => {
  clock = new SimulatedClock();
  transport = createHttp1Transport({ clock });
});
afterEach(async () => {
  await transport.close();
  await origin.close();
});

const ok = 'HTTP/1.1 200 OK\r\n';
const hello = `${ok}Content-Length: 5\r\n\r\nhello`;

/** Answers each request on each connection with the same bytes. */
async function answering(answer: string): Promise<RawOrigin> {
  origin = await rawOrigin(async ({ request, socket }) => {
    while (true) {
      await request();
      socket.write(answer, 'latin1');
    }
  });
  return origin;
}

/** Leaves the first request unanswered. @returns what resolves with its connection once it has come */
async function silent(): Promise<() => Promise<RawConnection>> {
  let give = (_: RawConnection): void => {};
  const given = new Promise<RawConnection>((resolve) => {
    give = resolve;
  });
  origin = await rawOrigin(async (connection) => {
    await connection.request();
    give(connection);
  });
  return () => given;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a request', () => {
  test('goes out as it is, but for framing and connection, which are the transport’s', async () => {
    let sent = '';
    origin = await rawOrigin(async ({ request, socket }) => {
      sent = await request();
      socket.write(hello);
    });
    await runFetch(transport, origin.target, {
      method: 'BAN',
      path: '/a?b=%20c&\xe4//../d',
      fields: new Fields([
        ...['X-One', '1', 'Host', 'example.com:81', 'connection', 'close', 'Keep-Alive', 'timeout=9'],
        ...[
          'Transfer-Encoding',
          'chunked',
          'Content-Length',
          '7',
          'Upgrade',
          'h2c',
          'Expect',
          '100-continue',
        ],
        ...['Trailer', 'X-Sum', 'Proxy-Connection', 'close'],
        ...['x-two', 'caf\xe9', 'X-One', '3'],
      ]),
    });
    expect(sent).toBe(
      'BAN /a?b=%20c&\xe4//../d HTTP/1.1\r\nX-One: 1\r\nHost: example.com:81\r\n' +
        'x-two: caf\xe9\r\nX-One: 3\r\n\r\n',
    );
  });

  test('asks for the server itself with an asterisk', async () => {
    let sent = '';
    origin = await rawOrigin(async ({ request, socket }) => {
      sent = await request();
      socket.write(hello);
    });
    await runFetch(transport, origin.target, { method: 'OPTIONS', path: '*' });
    expect(sent).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/);
  });

  test.each([
    ['a space in the path', { path: '/a b' }],
    ['a line end in the path', { path: '/a\r\nX: y' }],
    ['a path that is no path', { path: 'a' }],
    ['a method that is no token', { method: 'GE T' }],
    ['a line end in a field', { fields: new Fields(['Host', 'a', 'X', 'b\r\nY: c']) }],
    ['two Hosts', { fields: new Fields(['Host', 'a', 'host', 'b']) }],
  ])('that cannot be sent is an error and costs no connection: %s', async (_, changes) => {
    const { target } = await answering(hello);
    await runFetch(transport, target);
    const { error } = await runFetch(transport, target, changes);
    expect(error).toMatchObject({ code: 'troupe.internal', side: 'troupe', retryable: false });
    expect((await runFetch(transport, target)).body).toBe('hello');
    expect(origin.accepted()).toBe(1);
  });

  test('carries a small body in the packet of its head', async () => {
    let first = '';
    origin = await rawOrigin(({ socket }) => {
      socket.once('data', (chunk: Buffer) => {
        first = chunk.toString();
        socket.write(hello);
      });
    });
    await runFetch(transport, origin.target, { method: 'POST', body: Buffer.from('a=b'), bodyLength: 3 });
    expect(first).toMatch(/content-length: 3\r\n\r\na=b$/i);
  });

  test.each([
    ['of known length', 6, /content-length: 6\r\n\r\nabcdef$/i],
    ['of unknown length', undefined, /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/i],
  ])('streams a body %s', async (_, bodyLength, expected) => {
    origin = await rawOrigin(({ socket, received }) => {
      socket.on('data', () => {
        if (expected.test(received()) || received().includes('GET /again')) socket.write(hello);
      });
    });
    const body = Readable.from([Buffer.from('abc'), Buffer.from('def')]);
    const { head, error } = await runFetch(transport, origin.target, { method: 'POST', body, bodyLength });
    expect(error).toBeUndefined();
    expect(head?.status).toBe(200);
    expect((await runFetch(transport, origin.target, { path: '/again' })).error?.code ?? 'fine').toBe('fine');
    expect(origin.accepted()).toBe(1);
  });

  test('reads its body no faster than the backend takes it', async () => {
    let start = (): void => {};
    origin = await rawOrigin(({ socket }) => {
      let taken = 0;
      socket.pause();
      start = () => socket.resume();
      socket.on('data', (chunk: Buffer) => {
        taken += chunk.length;
        if (taken > size) socket.write(hello);
      });
    });
    const size = 64 * 1024 * 1024;
    let read = 0;
    const body = new Readable({
      read() {
        const piece = Buffer.alloc(Math.min(65_536, size - read));
        read += piece.length;
        this.push(piece.length === 0 ? null : piece);
      },
    });
    const fetched = runFetch(transport, origin.target, { method: 'PUT', body, bodyLength: size });
    for (let before = -1; before !== read || read === 0; ) {
      before = read;
      for (let i = 0; i < 50; i++) await turn();
    }
    expect(read).toBeLessThan(size / 2);
    start();
    expect((await fetched).body).toBe('hello');
    expect(read).toBe(size);
  });

  test.each([
    ['too short', 9],
    ['too long', 3],
  ])('with a body that is %s fails, and takes its connection with it', async (_, bodyLength) => {
    await silent();
    const body = Readable.from([Buffer.from('abc'), Buffer.from('def')]);
    const { error } = await runFetch(transport, origin.target, { method: 'POST', body, bodyLength });
    expect(error).toMatchObject({ code: 'client.malformed', side: 'client' });
    expect(body.destroyed).toBe(true);
    await origin.idle();
  });

  test('ends when its body breaks off, with the error of the body if that is one of ours', async () => {
    const connected = await silent();
    const first = new PassThrough();
    first.write('abc');
    const broken = runFetch(transport, origin.target, { method: 'POST', body: first, bodyLength: 9 });
    const { closed } = await connected();
    first.destroy(new Error('gone'));
    expect((await broken).error).toMatchObject({ code: 'client.gone', side: 'client', retryable: false });
    await closed;

    const second = new PassThrough();
    const cut = runFetch(transport, origin.target, { method: 'POST', body: second, bodyLength: 9 });
    second.destroy(new TroupeError('client.timeout', 'too slow', { side: 'client' }));
    expect((await cut).error).toMatchObject({ code: 'client.timeout', message: 'too slow' });

    const third = new PassThrough();
    const closedEarly = runFetch(transport, origin.target, { method: 'POST', body: third, bodyLength: 9 });
    third.destroy();
    expect((await closedEarly).error?.code).toBe('client.gone');

    const fourth = new PassThrough();
    fourth.destroy();
    const never = runFetch(transport, origin.target, { method: 'POST', body: fourth, bodyLength: 9 });
    expect((await never).error?.code).toBe('client.gone');
    await origin.idle();
  });

  test('whose answer comes before it is sent gives the answer, and its connection is done', async () => {
    origin = await rawOrigin(async ({ request, socket }, number) => {
      await request();
      socket.write(number === 1 ? 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno' : hello);
    });
    const body = new PassThrough();
    body.write('abc');
    const { head, body: answer } = await runFetch(transport, origin.target, {
      method: 'POST',
      body,
      bodyLength: 9,
    });
    expect([head?.status, answer, body.destroyed]).toEqual([413, 'no', true]);
    expect((await runFetch(transport, origin.target)).body).toBe('hello');
    expect(origin.accepted()).toBe(2);
  });
});

describe('an answer', () => {
  test.each([
    ['counted', `${ok}Content-Length: 5\r\n\r\nhello`, 'hello'],
    ['in chunks', `${ok}Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 'hello'],
    ['empty', `${ok}Content-Length: 0\r\n\r\n`, ''],
    ['of no body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['not modified', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', ''],
    [
      'in HTTP/1.0 with keep-alive',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello',
      'hello',
    ],
    [
      'after interim answers',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n${hello}`,
      'hello',
    ],
    ['without a reason', 'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['of unknown status', 'HTTP/1.1 799 What\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
  ])('that is %s keeps the connection', async (_, answer, body) => {
    const { target } = await answering(answer);
    for (let i = 0; i < 3; i++) {
      const fetched = await runFetch(transport, target);
      expect(fetched.error).toBeUndefined();
      expect(fetched.body).toBe(body);
    }
    expect(origin.accepted()).toBe(1);
    expect(transport.openConnections(target.identity)).toBe(1);
  });

  test('ends its connection where the request says so, and tells the backend', async () => {
    const seen: string[] = [];
    origin = await rawOrigin(async ({ request, socket }) => {
      seen.push(await request());
      socket.write(hello);
    });
    for (let i = 0; i < 2; i++) {
      const { body } = await runFetch(transport, origin.target, fetchRequest({ closes: true }));
      expect(body).toBe('hello');
    }
    expect(seen[0]).toMatch(/\r\nConnection: close\r\n/);
    expect(origin.accepted()).toBe(2);
  });

  test('ends its connection where that is asked for when the head has come', async () => {
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      socket.write(hello);
    });
    await new Promise<void>((resolve) => {
      const call = transport.fetch(origin.target, fetchRequest({}), {
        onHead: () => call.closeAfter?.(),
        onData: () => true,
        onEnd: () => resolve(),
        onError: () => resolve(),
      });
    });
    expect((await runFetch(transport, origin.target)).body).toBe('hello');
    expect(origin.accepted()).toBe(2);
  });

  test.each([
    ['ends with the connection', `${ok}\r\nhello`],
    ['is HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['says close', `${ok}Connection: close\r\nContent-Length: 5\r\n\r\nhello`],
    [
      'says close, and comes in chunks',
      `${ok}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ],
  ])('that %s is whole', async (_, answer) => {
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      socket.end(answer);
    });
    for (let i = 0; i < 3; i++) {
      const { body, error } = await runFetch(transport, origin.target);
      expect(error ?? body).toBe('hello');
    }
    expect(origin.accepted()).toBe(3);
  });

  test('comes with its fields as sent, its reason and its trailers', async () => {
    const { target } = await answering(
      'HTTP/1.1 404 Nicht gef\xfcnden\r\nX-A:  b \r\nx-a: caf\xe9\r\nTransfer-Encoding: chunked\r\n' +
        'Set-Cookie: a\r\nSet-Cookie: b\r\nEmpty:\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n',
    );
    for (let i = 0; i < 2; i++) {
      const { head, trailers } = await runFetch(transport, target);
      expect(head?.status).toBe(404);
      expect([...(head?.reason ?? '')].every((char) => char.charCodeAt(0) < 256)).toBe(true);
      expect(head?.fields.raw).toEqual([
        ...['X-A', 'b', 'x-a', 'caf\xe9', 'Transfer-Encoding', 'chunked', 'Set-Cookie', 'a'],
        ...['Set-Cookie', 'b', 'Empty', ''],
      ]);
      expect(trailers?.raw).toEqual(['X-Sum', '1', 'X-Sum', '2']);
    }
    expect(origin.accepted()).toBe(1);
  });

  test('is the same however it is cut into pieces', async () => {
    const answer = `HTTP/1.1 404 Not Found\r\nX-A: bcd\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: u\r\n\r\n`;
    origin = await rawOrigin(async ({ request, socket }) => {
      while (true) {
        await request();
        for (const byte of answer) {
          await new Promise((resolve) => socket.write(byte, resolve));
          await turn();
        }
      }
    });
    for (let i = 0; i < 2; i++) {
      const { head, body, trailers } = await runFetch(transport, origin.target);
      expect([head?.status, head?.reason, body]).toEqual([404, 'Not Found', 'hello']);
      expect(head?.fields.get('X-A')).toBe('bcd');
      expect(trailers?.raw).toEqual(['X-T', 'u']);
    }
    expect(origin.accepted()).toBe(1);
  });

  test('to HEAD has no body, whatever its length says', async () => {
    const { target } = await answering(`${ok}Content-Length: 5\r\n\r\n`);
    for (let i = 0; i < 2; i++) {
      const { head, body, error } = await runFetch(transport, target, { method: 'HEAD' });
      expect(error).toBeUndefined();
      expect([head?.status, head?.fields.get('content-length'), body]).toEqual([200, '5', '']);
    }
  });

  test('of 304 has none either, and does not make its fetch wait for one', async () => {
    const { target } = await answering('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
    for (let i = 0; i < 2; i++) {
      const { head, body, error } = await runFetch(transport, target);
      expect(error).toBeUndefined();
      expect([head?.status, head?.fields.get('content-length'), body]).toEqual([304, '5', '']);
    }
  });

  test('comes no faster than it is taken', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      socket.write(`${ok}Content-Length: ${size}\r\n\r\n`);
      while (written < size) {
        written += 65_536;
        if (!socket.write(Buffer.alloc(65_536))) await once(socket, 'drain');
      }
    });
    let received = 0;
    let isTaking = false;
    let call: ReturnType<typeof transport.fetch> | undefined;
    const over = new Promise<void>((resolve, reject) => {
      call = transport.fetch(origin.target, fetchRequest({ betweenBytesTimeoutMs: 1_000 }), {
        onHead() {},
        onData(chunk) {
          received += chunk.length;
          return isTaking;
        },
        onEnd: () => resolve(),
        onError: reject,
      });
    });
    const settle = async (): Promise<void> => {
      for (let before = -1; before !== written || written === 0; ) {
        before = written;
        for (let i = 0; i < 50; i++) await turn();
      }
    };
    await settle();
    const atPause = received;
    expect(written).toBeLessThan(size / 2);
    // Not the backend is silent, but its reader busy.
    clock.advance(60_000);
    await settle();
    expect(received).toBe(atPause);
    // One piece for one call.
    call?.resume();
    await settle();
    expect(received).toBeGreaterThan(atPause);
    expect(received).toBeLessThan(size / 2);
    isTaking = true;
    call?.resume();
    await over;
    expect(received).toBe(size);
  });
});

describe('a limit', () => {
  test('ends a fetch that has not connected in time, and nothing is left connecting', async () => {
    await answering(hello);
    const fetched = runFetch(transport, origin.target, { connectTimeoutMs: 3_500 });
    // The kernel may have connected by now, but nobody here has heard of it.
    clock.advance(3_499);
    expect(transport.openConnections(origin.target.identity)).toBe(1);
    clock.advance(1);
    expect(transport.openConnections(origin.target.identity)).toBe(0);
    const { error } = await fetched;
    expect(error).toMatchObject({ code: 'backend.connect-timeout', side: 'backend', retryable: true });
    expect(error?.message).toBe(`${origin.target.identity}: not connected within 3.5 s`);
    expect(clock.pending).toBe(0);
    await origin.idle();
  });

  test('is that of each fetch, even of two that connect to the same backend at once', async () => {
    await answering(hello);
    const hasty = runFetch(transport, origin.target, { connectTimeoutMs: 100 });
    const patient = runFetch(transport, origin.target, { connectTimeoutMs: 10_000 });
    clock.advance(200);
    expect((await hasty).error?.code).toBe('backend.connect-timeout');
    expect((await patient).body).toBe('hello');
  });

  test('ends a fetch without a first byte', async () => {
    const connected = await silent();
    const fetched = runFetch(transport, origin.target, { firstByteTimeoutMs: 250 });
    const { closed } = await connected();
    clock.advance(249);
    await turn();
    expect(origin.open()).toBe(1);
    clock.advance(1);
    const { error } = await fetched;
    expect(error).toMatchObject({ code: 'backend.first-byte-timeout', side: 'backend', retryable: true });
    expect(error?.message).toBe(`${origin.target.identity}: no first byte in 0.25 s`);
    await closed;
  });

  test('ends an answer that stops, counted from its last piece', async () => {
    let send = (_: string): void => {};
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      send = (text) => socket.write(text);
      send(`${ok}Content-Length: 10\r\n\r\nh`);
    });
    const fetched = runFetch(transport, origin.target, {
      firstByteTimeoutMs: 100,
      betweenBytesTimeoutMs: 60_000,
    });
    await fetched.received(1);
    clock.advance(59_000);
    send('e');
    await fetched.received(2);
    clock.advance(59_999);
    send('l');
    await fetched.received(3);
    clock.advance(60_000);
    const { error, body } = await fetched;
    expect(body).toBe('hel');
    expect(error).toMatchObject({ code: 'backend.between-bytes-timeout', side: 'backend' });
    expect(error?.message).toBe(`${origin.target.identity}: silent for 60 s in the middle of its answer`);
    await origin.idle();
  });

  test('counts the first byte from the end of the request, however long that takes', async () => {
    const connected = await silent();
    const body = new PassThrough();
    body.write('abc');
    const fetched = runFetch(transport, origin.target, {
      method: 'POST',
      body,
      bodyLength: 6,
      firstByteTimeoutMs: 1_000,
    });
    const { socket } = await connected();
    clock.advance(10_000);
    const heard = once(socket, 'data');
    body.end('def');
    await heard;
    clock.advance(999);
    socket.write(hello);
    expect((await fetched).body).toBe('hello');
  });

  test('ends a request that the backend does not take', async () => {
    origin = await rawOrigin(({ socket }) => {
      socket.pause();
    });
    let read = 0;
    const body = new Readable({
      read() {
        read++;
        this.push(Buffer.alloc(65_536));
      },
    });
    const fetched = runFetch(transport, origin.target, {
      method: 'POST',
      body,
      bodyLength: undefined,
      firstByteTimeoutMs: 1_000,
    });
    for (let before = -1; before !== read || read === 0; ) {
      before = read;
      for (let i = 0; i < 50; i++) await turn();
    }
    clock.advance(1_000);
    const { error } = await fetched;
    expect(error).toMatchObject({ code: 'backend.first-byte-timeout', retryable: false });
    expect(body.destroyed).toBe(true);
  });

  test('of ever is none', async () => {
    const connected = await silent();
    const never = Number.POSITIVE_INFINITY;
    const fetched = runFetch(transport, origin.target, {
      connectTimeoutMs: never,
      firstByteTimeoutMs: never,
      betweenBytesTimeoutMs: never,
    });
    const { socket } = await connected();
    clock.advance(1e12);
    // One that goes on would be watched while it is idle.
    socket.write(hello.replace('Content', 'Connection: close\r\nContent'));
    expect((await fetched).body).toBe('hello');
    expect(clock.pending).toBe(0);
  });
});

describe('a kept connection that the backend has closed', () => {
  /** Answers the first request, and closes each connection at its second, unanswered. */
  async function closingAtSecond(): Promise<{ requests: string[] }> {
    const requests: string[] = [];
    origin = await rawOrigin(async ({ request, socket }) => {
      requests.push((await request()).split(' ')[0] ?? '');
      socket.write(hello);
      requests.push((await request()).split(' ')[0] ?? '');
      socket.destroy();
    });
    return { requests };
  }

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])(
    'costs a %s a second try',
    async (method) => {
      const { requests } = await closingAtSecond();
      await runFetch(transport, origin.target);
      const body = method === 'PUT' ? Buffer.from('abc') : undefined;
      const { head, error } = await runFetch(transport, origin.target, {
        method,
        body,
        bodyLength: body?.length,
      });
      expect(error).toBeUndefined();
      expect(head?.status).toBe(200);
      expect(requests).toEqual(['GET', method, method]);
      expect(origin.accepted()).toBe(2);
    },
  );

  test.each(['POST', 'PATCH', 'BAN'])('fails a %s that may have been heard', async (method) => {
    const { requests } = await closingAtSecond();
    await runFetch(transport, origin.target);
    const { error } = await runFetch(transport, origin.target, {
      method,
      body: Buffer.from('abc'),
      bodyLength: 3,
    });
    expect(error).toMatchObject({ code: 'backend.reset', side: 'backend', retryable: false });
    expect(requests).toEqual(['GET', method]);
    expect(origin.accepted()).toBe(1);
  });

  test('fails a request whose body was a stream, which cannot be read twice', async () => {
    await closingAtSecond();
    await runFetch(transport, origin.target);
    const body = Readable.from([Buffer.from('abc')]);
    const { error } = await runFetch(transport, origin.target, { method: 'PUT', body, bodyLength: 3 });
    expect(error).toMatchObject({ code: 'backend.reset', retryable: true });
    expect(body.destroyed).toBe(true);
  });

  test('is tried for once: a fresh one that closes too is the backend’s failure', async () => {
    let requests = 0;
    origin = await rawOrigin(async ({ request, socket }, number) => {
      await request();
      requests++;
      if (number === 1) {
        socket.write(hello);
        await request();
        requests++;
      }
      socket.destroy();
    });
    await runFetch(transport, origin.target);
    const { error } = await runFetch(transport, origin.target);
    expect(error).toMatchObject({ code: 'backend.reset', retryable: true });
    expect(error?.message).toMatch(/before it answered$/);
    expect(requests).toBe(3);
  });

  test('is not tried again once a byte of the answer has come', async () => {
    let requests = 0;
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      requests++;
      socket.write(hello);
      await request();
      requests++;
      socket.end('HTTP/1.1 2');
    });
    await runFetch(transport, origin.target);
    const { error } = await runFetch(transport, origin.target);
    expect(error?.code).toBe('backend.reset');
    expect(requests).toBe(2);
  });

  test('harms nobody when the close is noticed first, with whatever it says', async () => {
    origin = await rawOrigin(async ({ request, socket }, number) => {
      while (true) {
        await request();
        socket.write(hello);
        // As origins do that close idle connections with a word.
        if (number === 1) socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
      }
    });
    await runFetch(transport, origin.target);
    const body = Readable.from([Buffer.from('abc')]);
    const { head } = await runFetch(transport, origin.target, { method: 'POST', body, bodyLength: 3 });
    expect(head?.status).toBe(200);
    expect(origin.accepted()).toBe(2);
  });

  test('is not used longer than the backend has announced', async () => {
    origin = await rawOrigin(async ({ request, socket }) => {
      while (true) {
        await request();
        socket.write(`${ok}Keep-Alive: timeout=5, max=100\r\nContent-Length: 5\r\n\r\nhello`);
      }
    });
    await runFetch(transport, origin.target);
    clock.advance(4_499);
    await runFetch(transport, origin.target);
    expect(origin.accepted()).toBe(1);
    // Half a second earlier, because what we send takes its time.
    clock.advance(4_500);
    await origin.idle();
    await runFetch(transport, origin.target);
    expect(origin.accepted()).toBe(2);
  });

  test('is not used longer than a minute', async () => {
    await answering(hello);
    await runFetch(transport, origin.target);
    clock.advance(60_000);
    await origin.idle();
    expect(transport.openConnections(origin.target.identity)).toBe(0);
  });

  test('is not kept at all when the backend says that it will not', async () => {
    await answering(`${ok}Keep-Alive: timeout=0\r\nContent-Length: 5\r\n\r\nhello`);
    await runFetch(transport, origin.target);
    await origin.idle();
  });
});
