/** The transport as a whole: who shares connections, what ends them, and that nothing is left behind. */
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, PassThrough } from 'node:stream';
import { fc } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TroupeError } from '../../../src/errors.ts';
import { identityOf } from '../../../src/identity.ts';
import { createHttp1Transport, type Http1Transport } from '../../../src/proxy/fetch/http1-transport.ts';
import type { FetchCall, FetchHandler, FetchTarget } from '../../../src/proxy/fetch/transport.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { type RawOrigin, rawOrigin } from '../../support/raw-origin.ts';
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

const ignore = (): void => {};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const ok = 'HTTP/1.1 200 OK\r\n';

/** Answers each request with its own path. */
async function echoing(host?: string): Promise<RawOrigin> {
  origin = await rawOrigin(async ({ request, socket }) => {
    while (true) {
      const path = (await request()).split(' ')[1] ?? '';
      socket.write(`${ok}Content-Length: ${path.length}\r\n\r\n${path}`);
    }
  }, host);
  return origin;
}

/** A port of loopback that nobody listens on. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function targetAt(addresses: FetchTarget['addresses'], name = 'b1'): FetchTarget {
  return { identity: identityOf(name, addresses), addresses };
}

describe('connections', () => {
  test('are shared by the fetches to an identity, and by no other', async () => {
    const { target } = await echoing();
    for (let i = 0; i < 5; i++) await runFetch(transport, target);
    expect(origin.accepted()).toBe(1);
    await runFetch(transport, targetAt(target.addresses, 'b2'));
    expect(origin.accepted()).toBe(2);
    expect(transport.openConnections(target.identity)).toBe(1);
  });

  test('are as many as fetches at once, and are used again, also from within a handler', async () => {
    const { target } = await echoing();
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 20 }, () => runFetch(transport, target)));
    }
    expect(origin.accepted()).toBe(20);
    await new Promise<void>((resolve, reject) => {
      let left = 50;
      const next = (): void => {
        if (left-- === 0) resolve();
        else {
          transport.fetch(target, fetchRequest(), {
            onHead() {},
            onData: () => true,
            onEnd: next,
            onError: reject,
          });
        }
      };
      next();
    });
    expect(origin.accepted()).toBe(20);
  });

  /** Fetches, and once more from within the handler of the first answer's head. */
  function fetchAgainAtOnce(target: FetchTarget, atHead: (call: FetchCall) => void): Promise<string[]> {
    const heard: string[] = [];
    return new Promise((resolve, reject) => {
      const handler = (name: string, onHead: () => void, onEnd: () => void): FetchHandler => ({
        onHead({ status }) {
          heard.push(`${name} ${status}`);
          onHead();
        },
        onData: () => true,
        onEnd() {
          heard.push(`${name} ended`);
          onEnd();
        },
        onError: reject,
      });
      const again = () =>
        transport.fetch(
          target,
          fetchRequest(),
          handler('second', ignore, () => resolve(heard)),
        );
      const first = handler(
        'first',
        () => {
          atHead(call);
          again();
        },
        ignore,
      );
      const call = transport.fetch(target, fetchRequest(), first);
    });
  }

  test('of answers without a body are free for who asks again at once', async () => {
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      socket.write('HTTP/1.1 303 See Other\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n');
      await request();
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    const heard = await fetchAgainAtOnce(origin.target, ignore);
    expect(heard).toEqual(['first 303', 'first ended', 'second 204', 'second ended']);
    expect(origin.accepted()).toBe(1);
  });

  test.each<[string, (call: FetchCall) => void, readonly string[]]>([
    ['closed after the answer', (call) => call.closeAfter?.(), ['first ended']],
    ['aborted', (call) => call.abort(), []],
  ])('of answers without a body that are %s are used by nobody else', async (_, atHead, ended) => {
    origin = await rawOrigin(async ({ request, socket }) => {
      while (true) {
        await request();
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      }
    });
    const heard = await fetchAgainAtOnce(origin.target, atHead);
    expect(heard).toEqual(['first 204', ...ended, 'second 204', 'second ended']);
    expect(origin.accepted()).toBe(2);
    expect(transport.openConnections(origin.target.identity)).toBe(1);
  });

  test('go over IPv6, and to IPv6 when IPv4 refuses', async () => {
    const { port } = await echoing('::1');
    const both = targetAt({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port });
    expect((await runFetch(transport, both, { path: '/a' })).body).toBe('/a');
    expect((await runFetch(transport, targetAt({ kind: 'tcp', ipv6: '::1', port }))).body).toBe('/');
    expect(origin.accepted()).toBe(2);
  });

  test('go to a unix socket', async () => {
    await echoing();
    const folder = await mkdtemp(join(tmpdir(), 'troupe-'));
    const path = join(folder, 'app.sock');
    const server = createServer((socket) => {
      socket.resume().end(`${ok}Content-Length: 2\r\n\r\nhi`);
    }).listen(path);
    await once(server, 'listening');
    try {
      expect((await runFetch(transport, targetAt({ kind: 'unix', path }))).body).toBe('hi');
    } finally {
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    }
    const { error } = await runFetch(transport, targetAt({ kind: 'unix', path }));
    expect(error?.message).toBe(`b1(${path}): no such socket (${path})`);
  });

  test('that are refused say where', async () => {
    await echoing();
    const port = await unusedPort();
    const body = new PassThrough();
    const target = targetAt({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port });
    const { error } = await runFetch(transport, target, { method: 'POST', body, bodyLength: 3 });
    expect(error).toMatchObject({ code: 'backend.connect-failed', side: 'backend', retryable: true });
    expect(error?.message).toBe(
      `${target.identity}: connection refused (127.0.0.1:${port}), connection refused ([::1]:${port})`,
    );
    expect(body.destroyed).toBe(true);
    expect(transport.openConnections(target.identity)).toBe(0);
  });
});

describe('retire', () => {
  test('closes idle connections at once, those in use when their fetches end, and then says so', async () => {
    let answer = (): void => {};
    origin = await rawOrigin(async ({ request, socket }) => {
      while (true) {
        const head = await request();
        const send = (): boolean => socket.write(`${ok}Content-Length: 2\r\n\r\nhi`);
        if (head.startsWith('GET /slow')) answer = send;
        else send();
      }
    });
    const { target } = origin;
    await Promise.all([runFetch(transport, target), runFetch(transport, target)]);
    const slow = runFetch(transport, target, { path: '/slow' });
    while (origin.open() < 2 || String(answer) === '() => {}') await turn();

    let closed = 0;
    transport.retire(target.identity, () => closed++);
    while (origin.open() > 1) await turn();
    expect(closed).toBe(0);
    // A later fetch opens a new connection, which the retirement does not wait for.
    await runFetch(transport, target);
    expect(origin.accepted()).toBe(3);
    expect(transport.openConnections(target.identity)).toBe(2);
    answer();
    expect((await slow).body).toBe('hi');
    while (closed === 0) await turn();
    expect(transport.openConnections(target.identity)).toBe(1);
    await turn();
    expect(closed).toBe(1);
  });

  test('of what has no connections says so, too, but later', async () => {
    const { target } = await echoing();
    let closed = 0;
    transport.retire(target.identity, () => closed++);
    expect(closed).toBe(0);
    await turn();
    expect(closed).toBe(1);
  });
});

describe('close', () => {
  test('ends fetches in every phase, and leaves nothing open', async () => {
    origin = await rawOrigin(async ({ request, socket }) => {
      const head = await request();
      if (head.startsWith('GET /body')) socket.write(`${ok}Content-Length: 9\r\n\r\nhi`);
    });
    const { target } = origin;
    const body = new PassThrough();
    const uploading = runFetch(transport, target, { method: 'POST', body, bodyLength: 5 });
    const streaming = runFetch(transport, target, { path: '/body' });
    await streaming.received(2);
    while (origin.open() < 2) await turn();
    const connecting = runFetch(transport, target);
    await transport.close();
    for (const fetched of [uploading, streaming, connecting]) {
      expect((await fetched).error).toMatchObject({ code: 'backend.reset' });
    }
    expect(body.destroyed).toBe(true);
    expect(transport.openConnections(target.identity)).toBe(0);
    expect(clock.pending).toBe(0);
    await origin.idle();

    expect((await runFetch(transport, target)).error?.code).toBe('backend.reset');
    const refused = await new Promise<TroupeError | undefined>((resolve) => {
      transport.connect(target, 1_000, resolve);
    });
    expect(refused?.code).toBe('backend.reset');
    await transport.close();
  });
});

describe('connect', () => {
  const connect = (target: FetchTarget): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      transport.connect(target, 3_500, (error, connection) => {
        if (connection === undefined) reject(error);
        else resolve(connection);
      });
    });

  test('gives a connection whose halves end apart', async () => {
    origin = await rawOrigin(({ socket }) => {
      socket.removeAllListeners('end');
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      // It answers only when the other half has ended.
      socket.on('end', () => socket.end(`heard ${Buffer.concat(heard)}`));
    });
    const connection = await connect(origin.target);
    expect(transport.openConnections(origin.target.identity)).toBe(1);
    connection.end('hello');
    let text = '';
    for await (const chunk of connection) text += chunk;
    expect(text).toBe('heard hello');
    while (transport.openConnections(origin.target.identity) > 0) await turn();
  });

  test('goes on writing when the backend has ended its half', async () => {
    let received = (): string => '';
    origin = await rawOrigin((raw) => {
      received = raw.received;
      raw.socket.end('bye');
    });
    const connection = await connect(origin.target);
    connection.resume();
    await once(connection, 'end');
    connection.end('more');
    await origin.idle();
    expect(received()).toBe('more');
  });

  test('fails as a fetch does', async () => {
    await echoing();
    const target = targetAt({ kind: 'tcp', ipv4: '127.0.0.1', port: await unusedPort() });
    await expect(connect(target)).rejects.toMatchObject({ code: 'backend.connect-failed' });
    const late = connect(origin.target);
    clock.advance(3_500);
    await expect(late).rejects.toMatchObject({ code: 'backend.connect-timeout' });
  });

  test('can be called off', async () => {
    const { target } = await echoing();
    const cancel = transport.connect(target, 3_500, () => expect.fail('it was called off'));
    cancel();
    cancel();
    expect(transport.openConnections(target.identity)).toBe(0);
    expect(clock.pending).toBe(0);
    await runFetch(transport, target);
  });

  test('is waited for by retire and ended by close', async () => {
    const { target } = await echoing();
    const connection = await connect(target);
    let isClosed = false;
    transport.retire(target.identity, () => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    await transport.close();
    expect(connection.destroyed).toBe(true);
    expect(isClosed).toBe(true);
  });
});

/** Open descriptors of this process. */
async function descriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

describe('abort', () => {
  test('in any phase ends the connection, and no handler is called', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    origin = await rawOrigin(async ({ request, socket }) => {
      while (true) {
        const head = await request();
        const path = head.split(' ')[1] ?? '';
        if (path === '/silent') continue;
        if (path === '/head') socket.write('HTTP/1.1 200 O');
        else if (path === '/endless') {
          socket.write(`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
        } else socket.write(`${ok}Content-Length: ${path.length}\r\n\r\n${path}`);
      }
    });
    const { target } = origin;
    const never = {
      onHead: () => expect.fail('onHead after abort'),
      onData: () => expect.fail('onData after abort'),
      onEnd: () => expect.fail('onEnd after abort'),
      onError: () => expect.fail('onError after abort'),
    };
    const aborters: readonly (() => Promise<void>)[] = [
      // Before anything has happened: connecting, or queued on an idle connection.
      async () => transport.fetch(target, fetchRequest(), never).abort(),
      // Connected, or being connected.
      async () => {
        const call = transport.fetch(target, fetchRequest({ path: '/silent' }), never);
        await turn();
        call.abort();
        call.abort();
        call.resume();
      },
      // The request is out.
      async () => {
        const call = transport.fetch(target, fetchRequest({ path: '/silent' }), never);
        for (let i = 0; i < 4; i++) await turn();
        call.abort();
      },
      // In the middle of the head.
      async () => {
        const call = transport.fetch(target, fetchRequest({ path: '/head' }), never);
        for (let i = 0; i < 6; i++) await turn();
        call.abort();
      },
      // From within each handler.
      async () =>
        new Promise<void>((resolve) => {
          const call = transport.fetch(target, fetchRequest({ path: '/endless' }), {
            ...never,
            onHead() {
              call.abort();
              setImmediate(resolve);
            },
          });
        }),
      async () =>
        new Promise<void>((resolve) => {
          const call = transport.fetch(target, fetchRequest({ path: '/whole' }), {
            ...never,
            onHead() {},
            onData() {
              call.abort();
              setImmediate(resolve);
              return false;
            },
          });
        }),
      // Paused, and about to go on.
      async () =>
        new Promise<void>((resolve) => {
          const call = transport.fetch(target, fetchRequest({ path: '/endless' }), {
            ...never,
            onHead() {},
            onData() {
              setImmediate(() => {
                call.resume();
                call.abort();
                setImmediate(resolve);
              });
              return false;
            },
          });
        }),
      // While the body is on its way.
      async () => {
        const body = new PassThrough();
        body.write('abc');
        const request = fetchRequest({ method: 'POST', path: '/silent', body, bodyLength: 9 });
        const call = transport.fetch(target, request, never);
        for (let i = 0; i < 4; i++) await turn();
        call.abort();
        expect(body.destroyed).toBe(true);
      },
      // One that is not aborted, so that there are idle connections.
      async () => {
        expect((await runFetch(transport, target, { path: '/whole' })).body).toBe('/whole');
      },
    ];
    const rounds = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, j) => aborters[(i * 7 + j) % aborters.length]?.()));
      }
      transport.retire(target.identity, () => {});
      await origin.idle();
    };
    await rounds(100);
    const before = await descriptors();
    await rounds(2_000);
    expect(await descriptors()).toBeLessThanOrEqual(before);
    expect(transport.openConnections(target.identity)).toBe(0);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

test('whatever is fetched, aborted, cut and retired at once, each fetch has its own answer or an error', async () => {
  /** What the origin does with a request. */
  const deed = fc.constantFrom('answer', 'chunk', 'close', 'cut', 'reset', 'extra', 'late-extra', 'stall');
  const step = fc.record({
    deed,
    method: fc.constantFrom('GET', 'POST', 'HEAD'),
    /** Turns of the event loop before the next one begins, and before it is aborted. */
    wait: fc.nat(3),
    abortAfter: fc.option(fc.nat(6), { nil: undefined }),
    retire: fc.nat(9).map((n) => n === 0),
  });
  origin = await rawOrigin(async ({ request, socket }) => {
    while (true) {
      const head = await request();
      const [method, path = ''] = head.split(' ');
      const [, how = ''] = path.split('/');
      const body = method === 'HEAD' ? '' : path;
      const whole = `${ok}Content-Length: ${path.length}\r\n\r\n${body}`;
      if (socket.destroyed) return;
      if (how === 'answer') socket.write(whole);
      else if (how === 'chunk') {
        socket.write(`${ok}Transfer-Encoding: chunked\r\n\r\n`);
        await turn();
        if (method !== 'HEAD') socket.write(`${path.length.toString(16)}\r\n${path}\r\n0\r\n\r\n`);
      } else if (how === 'close') socket.end(`${ok}Connection: close\r\n\r\n${body}`);
      else if (how === 'cut') socket.end(whole.slice(0, -1));
      else if (how === 'reset') socket.resetAndDestroy();
      else if (how === 'extra') socket.write(`${whole}${ok}Content-Length: 7\r\n\r\nanother`);
      else if (how === 'late-extra') {
        // Late, but not so late that it could be the next one's answer: the connection ends with it.
        socket.write(whole);
        socket.end('HTTP/1.1 408 Timeout\r\nContent-Length: 7\r\n\r\nanother');
      }
    }
  });
  const { target } = origin;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const own = createHttp1Transport({ clock });
      const running: Promise<void>[] = [];
      for (const [i, { deed, method, wait, abortAfter, retire }] of steps.entries()) {
        const path = `/${deed}/${i}`;
        const body = method === 'POST' ? Buffer.from('abc') : undefined;
        const fetched = runFetch(own, target, { method, path, body, bodyLength: body?.length });
        const isStalled = deed === 'stall';
        const turns = abortAfter ?? (isStalled ? 10 : undefined);
        running.push(
          (async () => {
            if (turns !== undefined) {
              let isOver = false;
              void fetched.then(() => {
                isOver = true;
              });
              for (let t = 0; t < turns && !isOver; t++) await turn();
              fetched.call.abort();
              if (!isOver) return;
            }
            const { body: answer, head, error } = await fetched;
            if (error === undefined) {
              expect(head?.status).toBe(200);
              expect(answer).toBe(method === 'HEAD' ? '' : path);
            } else {
              expect(['backend.reset', 'backend.malformed']).toContain(error.code);
              expect(path.startsWith(answer)).toBe(true);
            }
          })(),
        );
        if (retire) own.retire(target.identity, () => {});
        for (let t = 0; t < wait; t++) await turn();
      }
      await Promise.all(running);
      await own.close();
      expect(own.openConnections(target.identity)).toBe(0);
      await origin.idle();
    }),
    { numRuns: 150 },
  );
});
