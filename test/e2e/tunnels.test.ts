/** Upgrades to other protocols, pipes and CONNECT, byte by byte; and what resets in every phase leave behind. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  backend,
  type ConfigOptions,
  createProxy,
  defineConfig,
  type RequestReport,
  type TroupeProxy,
} from '../../src/index.ts';
import { RawClient } from '../support/embedding.ts';
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function originThat(serve: Parameters<typeof rawOrigin>[0]): Promise<RawOrigin> {
  const origin = await rawOrigin(serve);
  ends.push(() => origin.close());
  return origin;
}

interface Served {
  readonly proxy: TroupeProxy;
  readonly port: number;
  readonly reports: RequestReport[];
  client(): Promise<RawClient>;
}

async function serve(origin: RawOrigin, hooks: Partial<ConfigOptions> = {}): Promise<Served> {
  const reports: RequestReport[] = [];
  const app = backend({ host: '127.0.0.1', port: origin.port });
  const proxy = createProxy(defineConfig({ backends: { app }, ...hooks }), {
    drainTimeout: 200,
    log: { access: (report) => void reports.push(report) },
  });
  ends.push(() => proxy.close());
  await proxy.ready;
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const client = async () => {
    const made = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
    onTestFinished(() => void made.socket.destroy());
    await once(made.socket, 'connect');
    return made;
  };
  return { proxy, port, reports, client };
}

/** Resolves once a figure is what it should be; the test's time limit is for when it never is. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve));
}

const ask = (path = '/', protocol = 'chat/1') =>
  `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/1\r\n\r\n';
const capitals = (socket: Socket): void => {
  socket.on('data', (chunk: Buffer) => void socket.write(chunk.toString('latin1').toUpperCase()));
};

describe('an upgrade to a protocol of its own', () => {
  test('carries early bytes of both sides in order, and those of the client not before the switch', async () => {
    let heard = '';
    const origin = await originThat(async ({ request, socket, received }) => {
      const head = await request();
      // Long enough for early bytes to have come, if they were sent on: those of another request have.
      await until(() => origin.accepted() === 2);
      heard = received().slice(head.length);
      if (!head.startsWith('GET /chat')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        return;
      }
      socket.write(`${switching}welcome `);
      capitals(socket);
    });
    const { client, proxy } = await serve(origin);
    const chat = await client();
    chat.send(`${ask('/chat')}early `);
    const other = await client();
    other.send('GET /other HTTP/1.1\r\nHost: h\r\n\r\n');
    await other.until(/ok$/);
    await chat.until(/\r\n\r\nwelcome EARLY $/);
    expect(heard).toBe('');
    chat.send('late');
    await chat.until(/\r\n\r\nwelcome EARLY LATE$/);
    expect(chat.received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(chat.received).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: chat\/1\r\n\r\n/);
    expect(proxy.stats().inFlight).toBe(1);
  });

  test('ends half by half, whichever side begins', async () => {
    const origin = await originThat(async ({ request, socket }) => {
      const head = await request();
      socket.removeAllListeners('end');
      socket.write(switching);
      if (head.includes('/backend')) {
        socket.end('my last words');
        capitals(socket);
      } else {
        socket.on('end', () => socket.end('my last words'));
      }
    });
    const { client, reports } = await serve(origin);
    const first = await client();
    first.send(ask('/client'));
    await first.until(/\r\n\r\n$/);
    first.socket.end('and mine');
    await first.closed;
    expect(first.received).toMatch(/\r\n\r\nmy last words$/);

    const second = await client();
    second.socket.removeAllListeners('end');
    const ended = once(second.socket, 'end');
    second.send(ask('/backend'));
    await ended;
    expect(second.received).toMatch(/\r\n\r\nmy last words$/);
    second.socket.end('and mine');
    await second.closed;
    await until(() => reports.length === 2);
    expect(reports).toMatchObject([
      { tunnelEnd: 'client-closed', bytesSent: 13, bytesReceived: 8 },
      { tunnelEnd: 'backend-closed', bytesSent: 13, bytesReceived: 8 },
    ]);
  });

  test('is an ordinary request where the backend does not switch, and the connection goes on', async () => {
    const origin = await originThat(async ({ request, socket }) => {
      for (const status of ['426 Upgrade Required', '200 OK']) {
        await request();
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`);
      }
    });
    const { client } = await serve(origin);
    const one = await client();
    one.send(ask());
    await one.until(/^HTTP\/1\.1 426 [\s\S]*no$/);
    one.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await one.until(/HTTP\/1\.1 200 [\s\S]*no$/);
  });

  test('to h2c is not offered, and a switch that nobody asked for is no answer', async () => {
    const heads: string[] = [];
    const origin = await originThat(async ({ request, socket }) => {
      heads.push(await request());
      socket.write(switching);
    });
    const { client } = await serve(origin);
    for (const protocol of ['h2c', 'other']) {
      const one = await client();
      one.send(ask('/', protocol));
      await one.until(/^HTTP\/1\.1 503 /);
    }
    expect(heads.map((head) => /Upgrade: (.*)\r/.exec(head)?.[1])).toEqual([undefined, 'other']);
    await origin.idle();
  });

  test('holds a side back that sends more than the other takes, in bounded memory', async () => {
    const size = 64 * 1024 * 1024;
    let toBackend: Socket | undefined;
    const origin = await originThat(async ({ request, socket }) => {
      await request();
      socket.pause();
      socket.write(switching);
      toBackend = socket;
    });
    const { client, proxy } = await serve(origin);
    const one = await client();
    one.send(ask());
    await one.until(/\r\n\r\n$/);
    one.socket.pause();

    const backendSide = toBackend as unknown as Socket;
    for (const [from, to] of [
      [one.socket, backendSide],
      [backendSide, one.socket],
    ] as const) {
      from.write(Buffer.alloc(size));
      const bytes = () => {
        const figures = Object.values(proxy.stats().backends)[0];
        return (figures?.bytesSent ?? 0) + (figures?.bytesReceived ?? 0);
      };
      // What the proxy has taken while nobody reads at the other side, until it takes no more.
      let before = -1;
      while (before !== bytes()) {
        before = bytes();
        for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(before % size).toBeLessThan(16 * 1024 * 1024);
      let received = 0;
      const whole = new Promise<void>((resolve) => {
        to.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received >= size) resolve();
        });
      });
      to.resume();
      await whole;
      expect(received).toBe(size);
    }
  });
});

describe('CONNECT', () => {
  test('is a tunnel where recv says pipe', async () => {
    const heads: string[] = [];
    const origin = await originThat(async ({ request, socket }) => {
      const [head, early] = (await request()).split('\r\n\r\n');
      heads.push(`${head}`);
      socket.write(`HTTP/1.1 200 Connection Established\r\n\r\nhello ${early?.toUpperCase()}`);
      capitals(socket);
    });
    const { client, reports, proxy } = await serve(origin, { recv: () => 'pipe' });
    const one = await client();
    one.send('CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\nearly ');
    await one.until(/^HTTP\/1\.1 200 Connection Established\r\n\r\nhello EARLY $/);
    one.send('late');
    await one.until(/hello EARLY LATE$/);
    expect(heads[0]).toMatch(/^CONNECT db\.internal:5432 HTTP\/1\.1\r\nHost: db\.internal:5432\r\n/);
    expect(proxy.stats()).toMatchObject({ inFlight: 1 });
    one.socket.end();
    await one.closed;
    await until(() => reports.length > 0);
    expect(reports).toMatchObject([
      {
        method: 'CONNECT',
        url: 'db.internal:5432',
        ending: 'piped',
        tunnelEnd: 'client-closed',
        bytesReceived: 10,
      },
    ]);
  });

  test('is refused otherwise, and its connection closed', async () => {
    const origin = await originThat(() => {});
    const { client } = await serve(origin);
    const one = await client();
    one.send('CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\nearly');
    await one.closed;
    expect(one.received).toMatch(/^HTTP\/1\.1 501 [\s\S]*Connection: close/);
    expect(origin.accepted()).toBe(0);
  });
});

/** What the origin does with a request that asks for another protocol, by its path. */
const phases: Readonly<Record<string, (socket: Socket) => void>> = {
  '/never': () => {},
  '/half': (socket) => void socket.write(switching.slice(0, 40)),
  '/switch': (socket) => void socket.write(switching),
  '/speak': (socket) => void socket.write(`${switching}half of a fra`),
  '/reset': (socket) => void socket.resetAndDestroy(),
  '/half-reset': (socket) => void socket.write(switching.slice(0, 40), () => socket.resetAndDestroy()),
  '/switch-reset': (socket) => void socket.write(switching, () => socket.resetAndDestroy()),
  '/speak-reset': (socket) => {
    socket.write(`${switching}half of a fra`);
    socket.once('data', () => socket.resetAndDestroy());
  },
  '/end': (socket) => void socket.end(`${switching}bye`),
};

/** `hears`: waits for a first byte. `says`: sends something then. */
const scenes: readonly {
  path: string;
  hears?: boolean;
  says?: string;
  ends: 'reset' | 'end' | 'wait';
}[] = [
  { path: '/never', ends: 'reset' },
  { path: '/never', ends: 'end' },
  { path: '/half', ends: 'reset' },
  { path: '/switch', ends: 'reset' },
  { path: '/switch', hears: true, ends: 'reset' },
  { path: '/speak', hears: true, says: 'half of ano', ends: 'reset' },
  { path: '/switch', hears: true, says: 'all', ends: 'end' },
  { path: '/reset', hears: true, ends: 'wait' },
  { path: '/half-reset', hears: true, ends: 'wait' },
  { path: '/switch-reset', hears: true, ends: 'wait' },
  { path: '/speak-reset', hears: true, says: 'half of ano', ends: 'wait' },
  { path: '/end', hears: true, ends: 'wait' },
];

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('resets', () => {
  async function resetOne(port: number, number: number, way: string): Promise<void> {
    const { path, hears, says, ends } = scenes[number % scenes.length] as (typeof scenes)[number];
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const heard = new Promise((resolve) => {
      socket.once('data', resolve);
      socket.once('close', resolve);
    });
    socket.write(ask(`/${way}${path}`));
    await (hears === true ? heard : new Promise((resolve) => socket.once('ready', resolve)));
    if (says !== undefined && socket.writable) await new Promise((resolve) => socket.write(says, resolve));
    socket.resume();
    if (ends === 'reset') socket.resetAndDestroy();
    else if (!socket.closed) socket.end();
    await closed;
  }

  test('2,000 in a row, in every phase and by both sides, leave nothing behind', {
    timeout: 120_000,
  }, async () => {
    const before = descriptors();
    const origin = await originThat(async ({ request, socket }) => {
      const [, , phase] = (await request()).split(/[ /]+/);
      (phases[`/${phase}`] as (socket: Socket) => void)(socket);
    });
    const { proxy, port, reports } = await serve(origin, {
      recv: ({ req }) => (req.url.startsWith('/pipe') ? 'pipe' : 'hash'),
      pipe({ req, bereq }) {
        bereq.http.set('Connection', 'Upgrade');
        bereq.http.set('Upgrade', req.http.get('Upgrade') ?? '');
        return 'pipe';
      },
    });
    const atOnce = 500;
    for (let begun = 0; begun < 2_000; begun += atOnce) {
      await Promise.all(
        Array.from({ length: atOnce }, (_, i) => resetOne(port, begun + i, i % 5 === 0 ? 'pipe' : 'upgrade')),
      );
    }
    // Whoever was reset while nothing was under way notices when its proxy side closes.
    const figures = () => proxy.stats();
    await until(() => figures().connections === 0 && figures().inFlight === 0 && origin.open() === 0);
    const app = Object.values(figures().backends)[0];
    expect(app).toMatchObject({ inFlight: 0, connections: 0 });
    const seen = new Set(reports.map(({ tunnelEnd }) => tunnelEnd));
    for (const end of ['client-reset', 'backend-reset', 'client-closed', 'backend-closed'] as const) {
      expect(seen).toContain(end);
    }
    await proxy.close();
    await origin.close();
    ends.length = 0;
    await until(() => descriptors() <= before);
  });

  test('http-party/node-http-proxy#1468: ECONNRESET on a socket that was upgraded ends the process', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on('uncaughtExceptionMonitor', note);
    const switched: Socket[] = [];
    const origin = await originThat(async ({ request, socket }) => {
      await request();
      switched.push(socket);
      socket.write(switching);
      capitals(socket);
    });
    const { client, reports } = await serve(origin);
    for (const side of ['client', 'backend'] as const) {
      const one = await client();
      one.send(`${ask()}a`);
      await one.until(/A$/);
      const leaver = side === 'client' ? one.socket : (switched.at(-1) as Socket);
      // Bytes are on their way to the one who resets, so that writing fails as well as reading.
      (side === 'client' ? (switched.at(-1) as Socket) : one.socket).write('x'.repeat(100_000));
      leaver.resetAndDestroy();
      await one.closed;
      await origin.idle();
    }
    await until(() => reports.length === 2);
    expect(reports.map(({ tunnelEnd }) => tunnelEnd)).toEqual(['client-reset', 'backend-reset']);
    const after = await client();
    after.send(`${ask()}still here`);
    await after.until(/STILL HERE$/);
    process.off('uncaughtExceptionMonitor', note);
    expect(uncaught).toEqual([]);
  });
});
