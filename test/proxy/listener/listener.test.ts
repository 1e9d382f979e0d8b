import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { createListener } from '../../../src/proxy/listener/listener.ts';
import { createSystemClock } from '../../../src/proxy/system-clock.ts';
import { describe200, eventually, ok, RawClient, serve } from './harness.ts';

const get = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const get10 = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.0\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

/** Keeps exchanges for the test to answer. */
function hold(): { exchanges: Exchange[]; events: string[]; handler: (exchange: Exchange) => void } {
  const exchanges: Exchange[] = [];
  const events: string[] = [];
  return {
    exchanges,
    events,
    handler(exchange) {
      exchanges.push(exchange);
      exchange.onAborted = () => events.push(`aborted ${exchange.target}`);
      exchange.onFinished = () => events.push(`finished ${exchange.target}`);
      exchange.body?.on('error', (error) => events.push(`body ${(error as { code?: string }).code}`));
    },
  };
}

test('an exchange says what the client sent and who speaks to whom', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send('POST /a?b HTTP/1.1\r\nhost: a\r\nX-Twice:  1 \r\nx-twice: 2\r\nContent-Length: 7\r\n\r\n');
  await eventually(() => exchanges.length === 1);
  const [exchange] = exchanges;
  expect(exchange).toMatchObject({
    method: 'POST',
    target: '/a?b',
    version: '1.1',
    bodyLength: 7,
    listener: 'a0',
    client: { address: '127.0.0.1', port: client.socket.localPort },
    server: { address: '127.0.0.1', port },
  });
  expect(exchange?.fields.raw).toEqual(['host', 'a', 'X-Twice', '1', 'x-twice', '2', 'Content-Length', '7']);
});

test('pipelined requests are answered in order, one at a time', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/1') + get('/2') + get('/3', 'Connection: close') + get('/4'));
  for (const target of ['/1', '/2', '/3']) {
    await eventually(() => exchanges.at(-1)?.target === target);
    exchanges.at(-1)?.respond(...ok(target));
  }
  const answers = await client.untilEnd();
  expect(answers.match(/\r\n\r\n\/./g)).toEqual(['\r\n\r\n/1', '\r\n\r\n/2', '\r\n\r\n/3']);
  expect(exchanges).toHaveLength(3);
});

test('ten thousand pipelined requests answered at once do not pile up calls', async () => {
  const { port } = await serve((exchange) => exchange.respond(...ok('')));
  const client = await RawClient.connect(port);
  client.send(get('/').repeat(9_999) + get('/', 'Connection: close'));
  expect((await client.untilEnd()).match(/HTTP\/1\.1 200/g)).toHaveLength(10_000);
});

test('the connection is kept or closed as version and Connection say', async () => {
  const { port } = await serve(describe200);
  const persistent: [string, string | undefined][] = [
    [get('/'), undefined],
    [get('/', 'Connection: keep-alive'), undefined],
    [get('/', 'Connection: foo, bar'), undefined],
    [get10('/', 'Connection: keep-alive'), 'keep-alive'],
    [get10('/', 'Connection: foo, Keep-Alive'), 'keep-alive'],
  ];
  for (const [request, said] of persistent) {
    const client = await RawClient.connect(port);
    client.send(request);
    await client.until('GET / -');
    expect(/\r\nConnection: (.*)\r\n/.exec(client.received)?.[1]).toBe(said);
    client.send(get('/again'));
    await client.until('GET /again -');
  }
  const closing = [
    get('/', 'Connection: close'),
    get('/', 'Connection: keep-alive, CLOSE'),
    get('/', 'Connection: foo', 'Connection: close'),
    get10('/'),
    get10('/', 'Connection: keep-alive, close'),
  ];
  for (const request of closing) {
    const client = await RawClient.connect(port);
    client.send(request + get('/again'));
    expect(await client.untilEnd()).toContain('\r\nConnection: close\r\n');
    expect(client.received).not.toContain('/again');
  }
});

test('a response has a Date unless it brings one', async () => {
  const { port } = await serve((exchange) =>
    exchange.respond(...(exchange.target === '/own' ? ok('own', 'date', 'never') : ok('none'))),
  );
  const client = await RawClient.connect(port);
  client.send(get('/'));
  expect(await client.until('none')).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  client.received = '';
  client.send(get('/own'));
  expect(await client.until('own')).toContain('\r\ndate: never\r\n');
  expect(client.received).not.toContain('Date:');
});

test('a client that ends its side after the request still gets the answer', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/1') + get('/2'));
  client.socket.end();
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.respond(...ok('one'));
  await eventually(() => exchanges.length === 2);
  exchanges[1]?.respond(...ok('two'));
  expect(await client.untilEnd()).toMatch(/one[\s\S]*two$/);
  expect(client.ended).toBe('end');
});

test.each(['GE', 'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\n'])(
  'a connection that ends within a head (%j) gets 400',
  async (part) => {
    const { port, errors } = await serve(describe200);
    const client = await RawClient.connect(port);
    client.socket.end(part);
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
    expect(errors).toMatchObject([{ code: 'client.malformed' }]);
  },
);

test('a connection that ends before a request is closed without a word', async () => {
  const { listener, port, errors } = await serve(describe200);
  for (const nothing of ['', '\r\n']) {
    const client = await RawClient.connect(port);
    client.socket.end(nothing);
    expect(await client.untilEnd()).toBe('');
  }
  await eventually(() => listener.connections === 0);
  expect(errors).toEqual([]);
});

test('a client that goes away while it waits is told of once', async () => {
  const { exchanges, events, handler } = hold();
  const { listener, port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/1') + get('/2'));
  await eventually(() => exchanges.length === 1);
  client.socket.resetAndDestroy();
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['aborted /1', 'finished /1']);
  // Whatever is done to it afterwards is harmless.
  exchanges[0]?.respond(...ok('late'));
  const body = exchanges[0]?.begin(ok('')[0], 3);
  expect(body?.write(Buffer.from('abc'))).toBe(false);
  body?.end();
  body?.cut();
  expect(events).toHaveLength(2);
  expect(exchanges).toHaveLength(1);
});

test('an answered exchange is not aborted when the client leaves', async () => {
  const { exchanges, events, handler } = hold();
  const { listener, port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/'));
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.respond(...ok('x'));
  await client.until('\r\n\r\nx');
  client.socket.resetAndDestroy();
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['finished /']);
});

test('a handler that throws costs its request only', async () => {
  const { port, errors } = await serve((exchange) => {
    if (exchange.target === '/bad') throw new Error('a mistake');
    exchange.respond(...ok('fine'));
  });
  const client = await RawClient.connect(port);
  client.send(get('/bad') + get('/good'));
  expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 500 [\s\S]*Connection: close/);
  expect(client.received).not.toContain('fine');
  expect(errors).toMatchObject([{ code: 'troupe.internal', cause: { message: 'a mistake' } }]);
  const other = await RawClient.connect(port);
  other.send(get('/good'));
  await other.until('fine');
});

test('a handler that throws behind its answer changes nothing', async () => {
  const { port, errors } = await serve((exchange) => {
    exchange.respond(...ok(exchange.target));
    throw new Error('a mistake');
  });
  const client = await RawClient.connect(port);
  client.send(get('/1') + get('/2', 'Connection: close'));
  expect(await client.untilEnd()).toMatch(/\/1HTTP\/1\.1 200 [\s\S]*\/2$/);
  expect(errors).toHaveLength(2);
});

test('beyond the bound of connections the answer is 503, until one has gone', async () => {
  const { listener, port, errors } = await serve(describe200, { connections: 2 });
  const first = await RawClient.connect(port);
  const second = await RawClient.connect(port);
  await eventually(() => listener.connections === 2);
  const third = await RawClient.connect(port);
  third.send(get('/'));
  expect(await third.untilEnd()).toMatch(/^HTTP\/1\.1 503 [\s\S]*Connection: close/);
  expect(errors).toMatchObject([{ code: 'troupe.limit', side: 'troupe' }]);
  third.socket.end();
  second.socket.end();
  await eventually(() => listener.connections === 1);
  first.send(get('/'));
  await first.until('GET / -');
  const fourth = await RawClient.connect(port);
  fourth.send(get('/'));
  await fourth.until('GET / -');
});

test('far beyond the bound connections are cut', async () => {
  const { port } = await serve(describe200, { connections: 1 });
  const clients: RawClient[] = [];
  for (let i = 0; i < 1 + 64 + 1; i++) clients.push(await RawClient.connect(port));
  expect(await clients.at(-1)?.untilEnd()).toBe('');
});

test('closing ends idle connections now and busy ones after their response', async () => {
  const { exchanges, handler } = hold();
  const { listener, port } = await serve(handler);
  const idle = await RawClient.connect(port);
  const busy = await RawClient.connect(port);
  busy.send(get('/busy'));
  await eventually(() => exchanges.length === 1 && listener.connections === 2);
  let isClosed = false;
  const closed = listener.close().then(() => {
    isClosed = true;
  });
  expect(await idle.untilEnd()).toBe('');
  idle.socket.end();
  await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(isClosed).toBe(false);
  exchanges[0]?.respond(...ok('done'));
  expect(await busy.untilEnd()).toMatch(/Connection: close\r\n\r\ndone$/);
  busy.socket.end();
  await closed;
  expect(listener.connections).toBe(0);
});

test('closing lets a request be completed that has begun to arrive', async () => {
  const { listener, port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send(get('/first'));
  await client.until('GET /first -');
  client.send('GET /second HTTP/1.1\r\n');
  // The listener has read it when it answers another connection's later request.
  const other = await RawClient.connect(port);
  other.send(get('/'));
  await other.until('GET / -');
  const closed = listener.close();
  client.send('Host: a\r\n\r\n');
  expect(await client.untilEnd()).toContain('GET /second -');
  client.socket.end();
  other.socket.end();
  await closed;
});

test('destroying cuts everything at once', async () => {
  const { exchanges, events, handler } = hold();
  const { listener, port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/'));
  await eventually(() => exchanges.length === 1);
  listener.destroy();
  await listener.close();
  await client.untilEnd();
  expect(events).toEqual(['aborted /', 'finished /']);
});

test('closing a listener that never listened is harmless', async () => {
  const listener = createListener({ handler: () => {}, clock: createSystemClock(), name: 'a0' });
  await listener.close();
  listener.destroy();
});

test('a port in use is named, with what to do', async () => {
  const { port } = await serve(describe200);
  const listener = createListener({ handler: () => {}, clock: createSystemClock(), name: 'a1' });
  await expect(listener.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'troupe.listen-failed',
    message: `cannot listen on 127.0.0.1:${port}: another process uses the port; stop it or choose another port`,
  });
});

test.each([
  [{ host: '192.0.2.1', port: 0 }, /cannot listen on 192\.0\.2\.1:0: no interface of this machine has/],
  [{ host: '2001:db8::1', port: 80 }, /cannot listen on \[2001:db8::1\]:80: /],
  [{ host: '127.0.0.1', port: 65_536 }, /a port is a number from 0 to 65535/],
  [{ path: '/nowhere/at/all.sock' }, /cannot listen on \/nowhere\/at\/all\.sock: its directory/],
])('an address that cannot be listened on is explained: %o', async (where, message) => {
  const listener = createListener({ handler: () => {}, clock: createSystemClock(), name: 'a1' });
  const failure = await listener.listen(where).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'troupe.listen-failed', side: 'troupe' });
  expect((failure as Error).message).toMatch(message);
});

test('a unix socket serves, with empty addresses', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'troupe-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'front.sock');
  let exchange: Exchange | undefined;
  const listener = createListener({
    handler(one) {
      exchange = one;
      one.respond(...ok('local'));
    },
    clock: createSystemClock(),
    name: 'a0',
  });
  expect(await listener.listen({ path })).toEqual({ address: '', port: 0 });
  const socket = connect(path);
  socket.write(get('/', 'Connection: close'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  expect(answer).toMatch(/local$/);
  expect(exchange).toMatchObject({ client: { address: '', port: 0 }, server: { address: '', port: 0 } });
  await listener.close();
});

test('a client of IPv4 on a socket for both is shown with its IPv4 address', async () => {
  const probe = createServer();
  const hasIPv6 = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen({ host: '::', port: 0 }, () => probe.close(() => resolve(true)));
  });
  let exchange: Exchange | undefined;
  const listener = createListener({
    handler(one) {
      exchange = one;
      one.respond(...ok('x'));
    },
    clock: createSystemClock(),
    name: 'a0',
  });
  onTestFinished(() => listener.close());
  const { port } = await listener.listen({ host: hasIPv6 ? '::' : '0.0.0.0', port: 0 });
  const client = await RawClient.connect(port);
  client.send(get('/', 'Connection: close'));
  await client.untilEnd();
  client.socket.end();
  expect(exchange?.client.address).toBe('127.0.0.1');
  expect(exchange?.server).toEqual({ address: '127.0.0.1', port });
});
