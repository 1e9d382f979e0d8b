import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Exchange, ResponseBody } from '../../../src/proxy/http/exchange.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { Outbox } from '../../../src/proxy/listener/outbox.ts';
import { TurnEnd } from '../../../src/proxy/listener/turn-end.ts';
import { eventually, RawClient, serve } from './harness.ts';

const request = (method: string, target = '/', version = '1.1') =>
  `${method} ${target} HTTP/${version}\r\nHost: a\r\n\r\n`;
const head = (status: number, ...fields: string[]) => ({
  status,
  reason: 'Reason',
  fields: new Fields(fields),
});

/** What a client receives for one request and, if the connection is kept, for a `GET /next` behind it. */
async function answerTo(bytes: string, handler: (exchange: Exchange) => void): Promise<string> {
  const { port } = await serve((exchange) => {
    if (exchange.target === '/next') exchange.respond(head(299, 'Date', ''), undefined);
    else handler(exchange);
  });
  const client = await RawClient.connect(port);
  client.send(`${bytes}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return client.untilEnd();
}

const next = 'HTTP/1.1 299 Reason\r\nDate: \r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

test('respond counts the body', async () => {
  expect(
    await answerTo(request('GET'), (exchange) =>
      exchange.respond(head(200, 'Date', '', 'X', 'y'), Buffer.from('body')),
    ),
  ).toBe(`HTTP/1.1 200 Reason\r\nDate: \r\nX: y\r\nContent-Length: 4\r\n\r\nbody${next}`);
});

test('a response without a body says so', async () => {
  expect(
    await answerTo(request('GET'), (exchange) => exchange.respond(head(200, 'Date', ''), undefined)),
  ).toBe(`HTTP/1.1 200 Reason\r\nDate: \r\nContent-Length: 0\r\n\r\n${next}`);
});

test('an empty reason is legal', async () => {
  const bare = { status: 200, reason: '', fields: new Fields(['Date', '']) };
  expect(await answerTo(request('GET'), (exchange) => exchange.respond(bare, undefined))).toMatch(
    /^HTTP\/1\.1 200 \r\n/,
  );
});

test.each([
  ['HEAD', 200, Buffer.from('body'), undefined, 'Content-Length: 4\r\n'],
  ['HEAD', 200, undefined, 1_000, 'Content-Length: 1000\r\n'],
  ['HEAD', 200, undefined, undefined, ''],
  ['GET', 304, undefined, 1_000, 'Content-Length: 1000\r\n'],
  ['GET', 304, Buffer.from('body'), undefined, ''],
  ['GET', 204, Buffer.from('body'), 4, ''],
  ['HEAD', 204, undefined, undefined, ''],
])('%s answered with %i ends with its head', async (method, status, body, length, field) => {
  expect(
    await answerTo(request(method), (exchange) => exchange.respond(head(status, 'Date', ''), body, length)),
  ).toBe(`HTTP/1.1 ${status} Reason\r\nDate: \r\n${field}\r\n${next}`);
});

test.each([
  ['HEAD', 200, 4, 'Content-Length: 4\r\n'],
  ['HEAD', 200, undefined, ''],
  ['GET', 304, 4, 'Content-Length: 4\r\n'],
  ['GET', 204, 4, ''],
])('a streamed body is left out of %s answered with %i', async (method, status, length, field) => {
  expect(
    await answerTo(request(method), (exchange) => {
      const body = exchange.begin(head(status, 'Date', ''), length);
      body.write(Buffer.from('body'));
      body.end(new Fields(['X', 'y']));
    }),
  ).toBe(`HTTP/1.1 ${status} Reason\r\nDate: \r\n${field}\r\n${next}`);
});

test('a streamed body of unknown length is chunked, with trailers', async () => {
  expect(
    await answerTo(request('GET'), (exchange) => {
      const body = exchange.begin(head(200, 'Date', ''), undefined);
      body.write(Buffer.from('hello'));
      body.write(Buffer.alloc(0));
      body.write(Buffer.from('a'.repeat(17)));
      body.end(new Fields(['X-Sum', '42']));
    }),
  ).toBe(
    `HTTP/1.1 200 Reason\r\nDate: \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n11\r\n${'a'.repeat(17)}\r\n0\r\nX-Sum: 42\r\n\r\n${next}`,
  );
});

test('an HTTP/1.0 client gets the body until the connection ends', async () => {
  expect(
    await answerTo('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', (exchange) => {
      const body = exchange.begin(head(200, 'Date', ''), undefined);
      body.write(Buffer.from('hello'));
      body.end(new Fields(['X-Sum', '42']));
    }),
  ).toBe('HTTP/1.1 200 Reason\r\nDate: \r\nConnection: close\r\n\r\nhello');
});

test('an HTTP/1.0 client gets a counted body on a connection that it asked to keep', async () => {
  expect(
    await answerTo('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', (exchange) => {
      const body = exchange.begin(head(200, 'Date', ''), 5);
      body.write(Buffer.from('hello'));
      body.end();
    }),
  ).toBe(`HTTP/1.1 200 Reason\r\nDate: \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello${next}`);
});

test.each([
  ['too many bytes', (body: ResponseBody) => void body.write(Buffer.from('hello!'))],
  [
    'too few bytes',
    (body: ResponseBody) => {
      body.write(Buffer.from('hell'));
      body.end();
    },
  ],
  [
    'a cut',
    (body: ResponseBody) => {
      body.write(Buffer.from('hell'));
      body.cut();
    },
  ],
])('after %s the client gets no more, and finds the body short', async (_, misbehave) => {
  let ends = 0;
  let aborts = 0;
  const answer = await answerTo(request('GET'), (exchange) => {
    exchange.onFinished = () => ends++;
    exchange.onAborted = () => aborts++;
    misbehave(exchange.begin(head(200), 5));
  });
  expect(answer).not.toContain('hello');
  expect(answer).not.toContain('299');
  expect({ ends, aborts }).toEqual({ ends: 1, aborts: 0 });
});

test('a chunked body that is cut has no last chunk', async () => {
  const { port } = await serve((exchange) => {
    const body = exchange.begin(head(200), undefined);
    body.write(Buffer.from('hello'));
    body.cut();
    body.write(Buffer.from('more'));
    body.end();
  });
  const client = await RawClient.connect(port);
  client.send(request('GET'));
  expect(await client.untilEnd()).not.toContain('0\r\n\r\n');
  expect(client.received).not.toContain('more');
});

test('a body that ends with the connection is cut by a reset, which looks like no end', async () => {
  let body: ResponseBody | undefined;
  const { port } = await serve((exchange) => {
    body = exchange.begin(head(200), undefined);
    body.write(Buffer.from('hello'));
  });
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  await client.until('hello');
  body?.cut();
  await client.untilEnd();
  expect(client.ended).toBe('reset');
});

test('a large body comes whole', async () => {
  const large = Buffer.alloc(5_000_001, 'abcdefg');
  let ends = 0;
  const { port } = await serve((exchange) => {
    exchange.onFinished = () => ends++;
    exchange.respond(head(200), large);
  });
  const client = await RawClient.connect(port);
  client.send(request('GET') + request('GET'));
  const total = 2 * large.length;
  await client.until(
    (received) => received.length > total && received.endsWith(large.subarray(-100).toString()),
  );
  expect(client.received.match(/Content-Length: 5000001\r\n/g)).toHaveLength(2);
  expect(client.received.slice(-large.length) === large.toString('latin1')).toBe(true);
  expect(ends).toBe(2);
});

test('a writer is told to wait when the client does not take, and when to go on', async () => {
  let body: ResponseBody | undefined;
  let accepted = 0;
  const piece = Buffer.alloc(100_000, 0x61);
  const size = 400 * piece.length;
  const { port } = await serve((exchange) => {
    const one = exchange.begin(head(200), size);
    body = one;
    one.onDrain = () => {
      while (accepted < size) {
        accepted += piece.length;
        if (!one.write(piece)) return;
      }
      one.end();
    };
    one.onDrain();
  });
  const client = await RawClient.connect(port);
  client.socket.pause();
  client.send(request('GET'));
  await eventually(() => body !== undefined);
  let before = -1;
  while (before !== accepted) {
    before = accepted;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(accepted).toBeLessThan(size);
  client.socket.resume();
  const answer = await client.until((received) => received.length > size);
  expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(size);
});

test('a client that takes no answers gets no further requests served', async () => {
  let served = 0;
  const body = Buffer.alloc(100_000);
  const { port } = await serve((exchange) => {
    served++;
    exchange.respond(head(200), body);
  });
  const client = await RawClient.connect(port);
  client.socket.pause();
  client.send(request('GET').repeat(1_000));
  let before = -1;
  while (before !== served || served === 0) {
    before = served;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(served).toBeLessThan(1_000);
  client.socket.resume();
  await eventually(() => served === 1_000);
});

test('a writer that goes on until it is told to wait stops when the client has gone', async () => {
  let stops = 0;
  const { listener, port } = await serve((exchange) => {
    const body = exchange.begin(head(200), undefined);
    const piece = Buffer.alloc(10_000);
    body.onDrain = () => {
      while (body.write(piece));
      stops++;
    };
    body.onDrain();
  });
  for (let round = 0; round < 50; round++) {
    const client = await RawClient.connect(port);
    client.send(request('GET'));
    await eventually(() => stops > round);
    client.socket.resetAndDestroy();
  }
  await eventually(() => listener.connections === 0);
  expect(stops).toBeGreaterThanOrEqual(50);
});

/** Keeps what each write was. */
class Recorder extends Writable {
  readonly writes: string[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString('latin1'));
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk.toString('latin1')).join(''));
    done();
  }
}

function recorded(): { outbox: Outbox; writes: string[] } {
  const socket = new Recorder({ decodeStrings: true });
  return {
    outbox: new Outbox(socket as unknown as ConstructorParameters<typeof Outbox>[0], new TurnEnd()),
    writes: socket.writes,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is gathered in one turn is one write, with or without an end', async () => {
  const { outbox, writes } = recorded();
  outbox.addText('head');
  outbox.flushSoon();
  outbox.addBytes(Buffer.from('body'));
  outbox.flushSoon();
  expect(writes).toEqual([]);
  await turn();
  expect(writes).toEqual(['headbody']);
  outbox.addText('more');
  outbox.flush();
  expect(writes).toEqual(['headbody', 'more']);
  await turn();
  expect(writes).toHaveLength(2);
});

test('a head goes alone at the end of the turn when nothing followed', async () => {
  const { outbox, writes } = recorded();
  outbox.addText('head');
  outbox.flushSoon();
  await turn();
  outbox.addBytes(Buffer.from('body'));
  outbox.flush();
  expect(writes).toEqual(['head', 'body']);
});

test('a large piece goes at once, uncopied, in one write with what was before it', () => {
  const { outbox, writes } = recorded();
  const large = Buffer.alloc(200_000, 0x61);
  outbox.addText('head');
  outbox.addBytes(large);
  outbox.addText('tail');
  outbox.flushSoon();
  expect(writes).toHaveLength(1);
  expect(writes[0] === `head${large.toString()}tail`).toBe(true);
});

test('a whole small message is one write', () => {
  const { outbox, writes } = recorded();
  outbox.send('head\xff', Buffer.from('body'));
  expect(writes).toEqual(['head\xffbody']);
});
