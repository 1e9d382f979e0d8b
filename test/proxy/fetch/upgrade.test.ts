/** Fetches that offer the backend other protocols. */
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TroupeError } from '../../../src/errors.ts';
import { createHttp1Transport, type Http1Transport } from '../../../src/proxy/fetch/http1-transport.ts';
import type { FetchHead, FetchRequest } from '../../../src/proxy/fetch/transport.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';
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

const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

type Outcome =
  | { readonly head: FetchHead; readonly connection: Duplex }
  | { readonly error: TroupeError }
  | { readonly head: FetchHead; readonly body: string };

function offer(upgrade: string, changes: Partial<FetchRequest> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    let answered: FetchHead | undefined;
    let body = '';
    transport.fetch(origin.target, fetchRequest({ upgrade, ...changes }), {
      onHead(head) {
        answered = head;
      },
      onData(chunk) {
        body += Buffer.from(chunk).toString();
        return true;
      },
      onEnd: () => resolve({ head: answered as FetchHead, body }),
      onUpgrade: (head, connection) => resolve({ head, connection }),
      onError: (error) => resolve({ error }),
    });
  });
}

async function read(connection: Duplex, bytes: number): Promise<string> {
  let text = '';
  for await (const chunk of connection.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString();
    if (text.length >= bytes) break;
  }
  return text;
}

test('the offer is sent, and a switch gives the connection, with what came after the head first', async () => {
  let sent = '';
  origin = await rawOrigin(async ({ request, socket }) => {
    sent = await request();
    socket.write(`${switching}Sec-WebSocket-Accept: x\r\n\r\nfirst`);
    socket.on('data', (chunk: Buffer) => socket.write(`heard ${chunk.toString()}`));
  });
  const fields = new Fields(['Host', 'a', 'Connection', 'close', 'Upgrade', 'h2c', 'Sec-WebSocket-Key', 'k']);
  const outcome = await offer('websocket', { fields });
  expect(sent).toBe(
    'GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  if (!('connection' in outcome)) throw new Error('not switched');
  const { head, connection } = outcome;
  expect([head.status, head.reason, head.fields.get('sec-websocket-accept')]).toEqual([
    101,
    'Switching Protocols',
    'x',
  ]);
  expect(await read(connection, 5)).toBe('first');
  connection.write('hello');
  expect(await read(connection, 11)).toBe('heard hello');
  expect(transport.openConnections(origin.target.identity)).toBe(1);
  // No limit of the fetch's holds for what follows.
  clock.advance(1e9);
  connection.write('again');
  expect(await read(connection, 11)).toBe('heard again');
  connection.destroy();
  await origin.idle();
  expect(transport.openConnections(origin.target.identity)).toBe(0);
});

test('the halves of the connection end apart', async () => {
  origin = await rawOrigin(async ({ request, socket }) => {
    await request();
    socket.removeAllListeners('end');
    socket.write(`${switching}\r\n`);
    socket.on('end', () => socket.end('last words'));
  });
  const outcome = await offer('websocket');
  if (!('connection' in outcome)) throw new Error('not switched');
  outcome.connection.end();
  let text = '';
  for await (const chunk of outcome.connection) text += (chunk as Buffer).toString();
  expect(text).toBe('last words');
});

test('an answer that switches nothing is an ordinary one', async () => {
  origin = await rawOrigin(async ({ request, socket }) => {
    await request();
    socket.write('HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno');
  });
  expect(await offer('websocket')).toMatchObject({ head: { status: 426 }, body: 'no' });
});

test.each([
  ['to what was not offered', 'HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'],
  ['to more than was offered', 'HTTP/1.1 101 S\r\nUpgrade: websocket, h2c\r\nConnection: Upgrade\r\n\r\n'],
  ['to nothing', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n'],
])('a switch %s is a malformed answer, and its connection goes', async (_, answer) => {
  origin = await rawOrigin(async ({ request, socket }) => {
    await request();
    socket.write(answer);
  });
  expect(await offer('websocket')).toMatchObject({ error: { code: 'backend.malformed' } });
  await origin.idle();
});

test('one of several protocols may be chosen, in any letters', async () => {
  origin = await rawOrigin(async ({ request, socket }) => {
    await request();
    socket.write('HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n');
  });
  const outcome = await offer('irc/6.9, websocket');
  expect('connection' in outcome).toBe(true);
});

test('the head of a switch may come byte by byte, after interim answers', async () => {
  origin = await rawOrigin(async ({ request, socket }) => {
    await request();
    for (const byte of `HTTP/1.1 100 Continue\r\n\r\n${switching}\r\nabc`) {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
  });
  const outcome = await offer('websocket');
  if (!('connection' in outcome)) throw new Error('not switched');
  expect(await read(outcome.connection, 3)).toBe('abc');
});

test('an offer never goes over a kept connection, and a request with a body makes none', async () => {
  origin = await rawOrigin(async ({ request, socket }, number) => {
    await request();
    if (number === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    else socket.write(`${switching}\r\n`);
  });
  await runFetch(transport, origin.target);
  expect('connection' in (await offer('websocket'))).toBe(true);
  expect(origin.accepted()).toBe(2);
  expect(await offer('websocket', { body: Buffer.from('a'), bodyLength: 1 })).toMatchObject({
    error: { code: 'troupe.internal' },
  });
});

test('a reset before the switch is the backend’s failure, and one after it the connection’s end', async () => {
  let resets = 0;
  origin = await rawOrigin(async ({ request, socket }, number) => {
    await request();
    if (number === 2) socket.write(`${switching}\r\n`, () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
    resets++;
  });
  expect(await offer('websocket')).toMatchObject({ error: { code: 'backend.reset' } });
  const outcome = await offer('websocket');
  if ('connection' in outcome) {
    const { connection } = outcome;
    connection.on('error', () => {});
    // Where some of the answer has been read, a reset may look like an end.
    connection.on('end', () => connection.destroy());
    connection.resume();
    // The promise of `once` would fail with the reset, if that comes as one.
    if (!connection.closed) await new Promise((closed) => connection.once('close', closed));
  }
  expect(resets).toBe(2);
  expect(transport.openConnections(origin.target.identity)).toBe(0);
});
