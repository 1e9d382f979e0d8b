import { expect, test } from 'vitest';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { describe200, eventually, ok, RawClient, serve } from './harness.ts';

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('an idle connection is closed without a word after timeout_idle', async () => {
  const clock = new SimulatedClock();
  const { listener, port, errors } = await serve(describe200, {}, clock);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  clock.advance(4_900);
  client.send(get('/'));
  await client.until('GET / -');
  client.received = '';
  clock.advance(4_900);
  client.send(get('/again'));
  await client.until('GET /again -');
  client.received = '';
  clock.advance(6_000);
  expect(await client.untilEnd()).toBe('');
  expect(client.ended).toBe('end');
  expect(errors).toEqual([]);
});

test('a hook may give a connection another timeout_idle', async () => {
  const clock = new SimulatedClock();
  const { listener, port } = await serve(
    (exchange) => {
      const { session } = exchange;
      if (session !== undefined) session.timeouts = { ...session.timeouts, idleTimeoutMs: 20_000 };
      describe200(exchange);
    },
    {},
    clock,
  );
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  client.send(get('/'));
  await client.until('GET / -');
  client.received = '';
  clock.advance(19_000);
  client.send(get('/again'));
  await client.until('GET /again -');
  client.received = '';
  clock.advance(22_000);
  expect(await client.untilEnd()).toBe('');
});

test('a head that does not come to its end gets 408 after timeout_req, however much of it arrives', async () => {
  const clock = new SimulatedClock();
  const { listener, port, errors } = await serve(describe200, {}, clock);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  clock.advance(3_000);
  client.send('GET /');
  await client.until((received) => {
    // Trickles on until the listener has had enough.
    if (received === '') {
      client.send('a');
      clock.advance(250);
    }
    return received !== '' || tick(client);
  });
  expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/);
  expect(errors).toMatchObject([{ code: 'client.timeout' }]);
});

/** Has `until` look again in the next turn. */
function tick(client: RawClient): false {
  setImmediate(() => client.socket.emit('data', Buffer.alloc(0)));
  return false;
}

test('a body that stops coming gets 408 while somebody waits for it', async () => {
  const clock = new SimulatedClock();
  let bodyError: unknown;
  let aborts = 0;
  let exchange: Exchange | undefined;
  const { port } = await serve(
    (one) => {
      exchange = one;
      one.onAborted = () => aborts++;
      one.body?.on('error', (error) => {
        bodyError = error;
      });
    },
    {},
    clock,
  );
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  await eventually(() => exchange !== undefined);
  // Nobody reads it: the client is not to blame.
  clock.advance(300_000);
  expect(aborts).toBe(0);
  let received = '';
  exchange?.body?.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  await eventually(() => received === 'hello');
  clock.advance(59_000);
  expect(aborts).toBe(0);
  clock.advance(2_000);
  expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 408 /);
  expect(bodyError).toMatchObject({ code: 'client.timeout' });
  expect(aborts).toBe(1);
});

test('a client that takes nothing is cut when both idle_send_timeout and send_timeout have passed', async () => {
  const clock = new SimulatedClock();
  const events: string[] = [];
  let pieces = 0;
  const { listener, port, errors } = await serve(
    (exchange) => {
      exchange.onAborted = () => events.push('aborted');
      exchange.onFinished = () => events.push('finished');
      const body = exchange.begin({ ...ok('')[0] }, undefined);
      const piece = Buffer.alloc(1024 * 1024);
      body.onDrain = () => {
        pieces++;
        body.write(piece);
      };
      body.onDrain();
    },
    {},
    clock,
  );
  const client = await RawClient.connect(port);
  client.socket.pause();
  client.send(get('/'));
  await eventually(() => pieces > 0);
  // The kernel takes some megabytes; then the pieces stop.
  let before = 0;
  while (before !== pieces) {
    before = pieces;
    clock.advance(500);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  clock.advance(600_000 - clock.now());
  expect(events).toEqual([]);
  clock.advance(1_000);
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['aborted', 'finished']);
  expect(errors).toMatchObject([{ code: 'client.timeout' }]);
});

test('a slow client that goes on taking is not cut', async () => {
  const clock = new SimulatedClock();
  const size = 40 * 1024 * 1024;
  const body = Buffer.alloc(size, 0x61);
  const { port, errors } = await serve(
    (exchange) => exchange.respond(ok('')[0], body),
    { sendTimeoutMs: 30_000 },
    clock,
  );
  const client = await RawClient.connect(port);
  let bytes = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    clock.advance(100);
  });
  client.send(get('/'));
  await eventually(() => bytes > size);
  expect(clock.now()).toBeGreaterThan(30_000);
  expect(errors).toEqual([]);
});

test('a client that has ended its side and is sent nothing counts as gone after a second', async () => {
  const clock = new SimulatedClock();
  const events: string[] = [];
  const exchanges: Exchange[] = [];
  const { listener, port } = await serve(
    (exchange) => {
      exchanges.push(exchange);
      exchange.onAborted = () => events.push('aborted');
    },
    {},
    clock,
  );
  const client = await RawClient.connect(port);
  client.send(get('/'));
  client.socket.end();
  await eventually(() => exchanges.length === 1);
  const body = exchanges[0]?.begin(ok('')[0], undefined);
  body?.write(Buffer.from('one'));
  await client.until('one');
  // Each piece that is sent gives it another second.
  for (const piece of ['two', 'three', 'four']) {
    clock.advance(900);
    body?.write(Buffer.from(piece));
    await client.until(piece);
  }
  expect(events).toEqual([]);
  clock.advance(2_000);
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['aborted']);
});

test('a client that never closes after its last answer is cut after a while', async () => {
  const clock = new SimulatedClock();
  const { listener, port } = await serve(describe200, {}, clock);
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  await client.untilEnd();
  expect(listener.connections).toBe(1);
  // The first sweep sees that the answer has been sent; the time counts from then on.
  clock.advance(3_000);
  await eventually(() => listener.connections === 0);
});

test('no timer is left when the last connection has gone', async () => {
  const clock = new SimulatedClock();
  const { listener, port } = await serve(describe200, {}, clock);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  expect(clock.pending).toBe(1);
  client.socket.end();
  await eventually(() => listener.connections === 0);
  expect(clock.pending).toBe(0);
});
