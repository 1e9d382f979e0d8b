import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { describe200, eventually, ok, RawClient, serve } from './harness.ts';

const post = (target: string, ...fields: string[]) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

function hold(): { exchanges: Exchange[]; events: string[]; handler: (exchange: Exchange) => void } {
  const exchanges: Exchange[] = [];
  const events: string[] = [];
  return {
    exchanges,
    events,
    handler(exchange) {
      exchanges.push(exchange);
      exchange.onAborted = () => events.push('aborted');
      exchange.onFinished = () => events.push('finished');
      exchange.body?.on('error', (error) => events.push(`body ${(error as { code?: string }).code}`));
      exchange.body?.on('end', () => events.push('body end'));
    },
  };
}

test('100 Continue is sent when the body is first read, not before', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(post('/', 'Content-Length: 5', 'Expect: 100-Continue'));
  await eventually(() => exchanges.length === 1);
  // What has been sent by now would come before the answer to a later connection's request.
  const other = await RawClient.connect(port);
  other.send(get('/'));
  await eventually(() => exchanges.length === 2);
  exchanges[1]?.respond(...ok('x'));
  await other.until('\r\n\r\nx');
  expect(client.received).toBe('');

  exchanges[0]?.body?.resume();
  expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hello');
  await once(exchanges[0]?.body as NodeJS.EventEmitter, 'end');
  exchanges[0]?.respond(...ok('got it'));
  await client.until('got it');
  client.send(get('/next'));
  await eventually(() => exchanges.length === 3);
});

test('a client that does not wait for 100 Continue gets none', async () => {
  const { port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send(`${post('/', 'Content-Length: 5', 'Expect: 100-continue')}hello`);
  expect(await client.until('POST / hello')).toMatch(/^HTTP\/1\.1 200/);
});

test('an HTTP/1.0 client gets no 100 Continue', async () => {
  const { port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  client.send('hello');
  expect(await client.until('POST / hello')).toMatch(/^HTTP\/1\.1 200/);
});

test('an answer instead of 100 Continue ends the connection, for the body may come or not', async () => {
  const { port } = await serve((exchange) => exchange.respond(...ok('no need')));
  const client = await RawClient.connect(port);
  client.send(post('/', 'Content-Length: 31', 'Expect: 100-continue'));
  expect(await client.until('no need')).toContain('Connection: close\r\n');
  client.send(get('/smuggled'));
  expect(await client.untilEnd()).not.toContain('100 Continue');
  expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('the client is held back while nobody reads, and memory stays bounded', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const size = 64 * 1024 * 1024;
  const client = await RawClient.connect(port);
  client.send(post('/', `Content-Length: ${size}`));
  const sent = client.socket;
  const piece = Buffer.alloc(1024 * 1024, 0x61);
  let written = 0;
  const write = () => {
    while (written < size) {
      written += piece.length;
      if (!sent.write(piece)) return;
    }
  };
  sent.on('drain', write);
  write();
  await eventually(() => exchanges.length === 1);
  // The kernel's buffers fill; then the client can write no more.
  let before = -1;
  while (before !== sent.bytesWritten - sent.writableLength) {
    before = sent.bytesWritten - sent.writableLength;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(size);
  expect(exchanges[0]?.body?.readableLength).toBe(0);

  let received = 0;
  exchanges[0]?.body?.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(exchanges[0]?.body as NodeJS.EventEmitter, 'end');
  expect(received).toBe(size);
});

test('a chunked body comes whole, its trailers with it, in whatever pieces it arrives', async () => {
  const bodies: string[] = [];
  const exchanges: Exchange[] = [];
  const { port } = await serve((exchange) => {
    exchanges.push(exchange);
    let text = '';
    exchange.body?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    exchange.body?.on('end', () => {
      bodies.push(text);
      exchange.respond(...ok('thanks'));
    });
  });
  const client = await RawClient.connect(port);
  const chunks = Array.from(
    { length: 3_000 },
    (_, i) => `${(i % 3) + 1}\r\n${'abc'.slice(0, (i % 3) + 1)}\r\n`,
  );
  client.send(post('/', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'));
  client.send(`${chunks.join('')}0\r\nX-Sum:  42 \r\nHost: evil\r\nX-More:\r\n\r\n${get('/next')}`);
  await eventually(() => bodies.length === 1);
  expect(bodies[0]).toBe('aababc'.repeat(1_000));
  expect(exchanges[0]?.trailers?.raw).toEqual(['X-Sum', '42', 'X-More', '']);
  expect(exchanges[0]?.bodyLength).toBeUndefined();
  await eventually(() => exchanges.length === 2);
});

test('many small chunks are given as few pieces', async () => {
  let pieces = 0;
  let bytes = 0;
  const { port } = await serve((exchange) => {
    exchange.body?.on('data', (chunk: Buffer) => {
      pieces++;
      bytes += chunk.length;
    });
    exchange.body?.on('end', () => exchange.respond(...ok('done')));
  });
  const client = await RawClient.connect(port);
  client.send(`${post('/', 'Transfer-Encoding: chunked')}${'1\r\na\r\n'.repeat(10_000)}0\r\n\r\n`);
  await client.until('done');
  expect(bytes).toBe(10_000);
  expect(pieces).toBeLessThan(100);
});

test.each([
  ['counted', 'Content-Length: 10', 'hello'],
  ['chunked', 'Transfer-Encoding: chunked', '5\r\nhello\r\n'],
])('a %s body that ends early is an error of the client', async (_, field, part) => {
  const { exchanges, events, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(post('/', field) + part);
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.body?.resume();
  client.socket.end();
  expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
  expect(events).toEqual(['aborted', 'finished', 'body client.malformed']);
});

test('a body that breaks while the response is under way cuts it', async () => {
  const { exchanges, events, handler } = hold();
  const { listener, port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(`${post('/', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`);
  await eventually(() => exchanges.length === 1);
  const body = exchanges[0]?.begin(ok('')[0], 10);
  body?.write(Buffer.from('part'));
  await client.until('part');
  exchanges[0]?.body?.resume();
  client.send('nonsense\r\n');
  await client.untilEnd();
  expect(client.received).not.toContain(' 400 ');
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['aborted', 'finished', 'body client.malformed']);
});

test('a client that goes away while it sends destroys the body', async () => {
  const { exchanges, events, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(`${post('/', 'Content-Length: 10')}hello`);
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.body?.resume();
  client.socket.resetAndDestroy();
  await eventually(() => events.length === 3);
  expect(events).toEqual(['aborted', 'finished', 'body client.gone']);
});

test('a body that nobody listens to can break without ending the process', async () => {
  let exchange: Exchange | undefined;
  const { listener, port } = await serve((one) => {
    exchange = one;
  });
  const client = await RawClient.connect(port);
  client.send(`${post('/', 'Content-Length: 10')}hello`);
  await eventually(() => exchange !== undefined);
  client.socket.resetAndDestroy();
  await eventually(() => listener.connections === 0);
  expect(exchange?.body?.destroyed).toBe(true);
});

test('what is left of a small body is skipped, and the connection kept', async () => {
  const { port } = await serve((exchange) => exchange.respond(...ok(exchange.target)));
  for (const [field, body] of [
    ['Content-Length: 5', 'hello'],
    ['Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\nX: y\r\n\r\n'],
  ] as const) {
    const client = await RawClient.connect(port);
    client.send(post('/first', field) + body.slice(0, 2));
    expect(await client.until('/first')).not.toContain('Connection: close');
    client.send(body.slice(2) + get('/second'));
    await client.until('/second');
  }
});

test('a handler can give the body up and answer later', async () => {
  const { exchanges, events, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(`${post('/1', 'Content-Length: 5')}hello${get('/2')}`);
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.body?.destroy();
  exchanges[0]?.respond(...ok('one'));
  await client.until('one');
  await eventually(() => exchanges.length === 2);
  expect(events).toEqual(['finished']);
});

test('what is left of a large body is not waited for', async () => {
  const { port } = await serve((exchange) => exchange.respond(...ok('enough')), { skipBytes: 1_000 });
  const announced = await RawClient.connect(port);
  announced.send(post('/', 'Content-Length: 1001'));
  expect(await announced.untilEnd()).toContain('Connection: close\r\n');

  const chunked = await RawClient.connect(port);
  chunked.send(`${post('/', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`);
  await chunked.until('enough');
  chunked.send(`7d0\r\n${'a'.repeat(2_000)}\r\n`);
  await chunked.untilEnd();
  expect(chunked.ended).toBe('end');
});

test('a malformed rest of a body behind its answer ends the connection', async () => {
  const { port, errors } = await serve((exchange) => exchange.respond(...ok('answered')));
  const client = await RawClient.connect(port);
  client.send(post('/', 'Transfer-Encoding: chunked'));
  await client.until('answered');
  client.send(`nonsense\r\n\r\n${get('/smuggled')}`);
  expect((await client.untilEnd()).match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(errors).toMatchObject([{ code: 'client.malformed' }]);
});

test('a body beyond the limit gets 413: at once when announced, else when it is met', async () => {
  const { exchanges, events, handler } = hold();
  const { port } = await serve(handler, { bodyBytes: 10 });
  const announced = await RawClient.connect(port);
  announced.send(post('/', 'Content-Length: 11'));
  expect(await announced.untilEnd()).toMatch(/^HTTP\/1\.1 413 /);
  expect(exchanges).toHaveLength(0);

  const chunked = await RawClient.connect(port);
  chunked.send(`${post('/', 'Transfer-Encoding: chunked')}a\r\n0123456789\r\n`);
  await eventually(() => exchanges.length === 1);
  exchanges[0]?.body?.resume();
  chunked.send('1\r\na\r\n');
  expect(await chunked.untilEnd()).toMatch(/^HTTP\/1\.1 413 /);
  expect(events).toEqual(['aborted', 'finished', 'body client.too-large']);

  const within = await RawClient.connect(port);
  within.send(`${post('/', 'Content-Length: 10')}0123456789`);
  await eventually(() => exchanges.length === 2);
  exchanges[1]?.respond(...ok('fine'));
  await within.until('fine');
});

test('a refused client gets its answer although it goes on sending', async () => {
  const { port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send(`GET / HTTP/1.1\r\n\r\n${'x'.repeat(500_000)}`);
  expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
  expect(client.ended).toBe('end');
});

test('a refused client is not listened to for ever', async () => {
  const { listener, port } = await serve(describe200, { lingerBytes: 100_000 });
  const client = await RawClient.connect(port);
  client.send(`GET / HTTP/1.1\r\n\r\n`);
  await client.untilEnd();
  client.send('x'.repeat(200_000));
  await eventually(() => listener.connections === 0);
});

test('pipelined bytes are read ahead only so far', async () => {
  const { exchanges, handler } = hold();
  const { port } = await serve(handler);
  const client = await RawClient.connect(port);
  client.send(get('/1'));
  await eventually(() => exchanges.length === 1);
  const requests = get('/more').repeat(400_000);
  client.send(requests);
  let before = -1;
  const sent = client.socket;
  while (before !== sent.bytesWritten - sent.writableLength || sent.writableLength === 0) {
    before = sent.bytesWritten - sent.writableLength;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent.writableLength).toBeGreaterThan(0);
  expect(exchanges).toHaveLength(1);
});
