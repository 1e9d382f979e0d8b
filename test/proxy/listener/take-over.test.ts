import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { eventually, RawClient, serve } from './harness.ts';

const upgrade = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

async function tunnel(
  send: (client: RawClient) => void,
  isReady: () => boolean = () => true,
): Promise<{
  client: RawClient;
  raw: Duplex;
  events: string[];
  listener: Awaited<ReturnType<typeof serve>>['listener'];
}> {
  let raw: Duplex | undefined;
  const events: string[] = [];
  const { listener, port } = await serve((exchange) => {
    exchange.onAborted = () => events.push('aborted');
    exchange.onFinished = () => events.push('finished');
    const take = () => {
      if (isReady()) raw = exchange.takeOver();
      else setImmediate(take);
    };
    take();
  });
  const client = await RawClient.connect(port);
  send(client);
  await eventually(() => raw !== undefined);
  return { client, raw: raw as Duplex, events, listener };
}

function collect(raw: Duplex): { text: string; ended: boolean } {
  const seen = { text: '', ended: false };
  raw.on('data', (chunk: Buffer) => {
    seen.text += chunk.toString('latin1');
  });
  raw.on('end', () => {
    seen.ended = true;
  });
  return seen;
}

test('bytes that came behind the request come first, then the rest as it comes', async () => {
  const { client, raw, events, listener } = await tunnel((one) => one.send(`${upgrade}early`));
  const seen = collect(raw);
  client.send(' late');
  await eventually(() => seen.text === 'early late');
  raw.write('HTTP/1.1 101 Switching Protocols\r\n\r\nhello');
  await client.until('hello');
  expect(events).toEqual([]);
  raw.destroy();
  await client.untilEnd();
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['finished']);
});

test('bytes that look like requests are not served', async () => {
  const { client, raw } = await tunnel((one) => one.send(upgrade + upgrade));
  const seen = collect(raw);
  client.send(upgrade);
  await eventually(() => seen.text === upgrade + upgrade);
});

test('each side can end for itself', async () => {
  const { client, raw, events, listener } = await tunnel((one) => one.send(upgrade));
  const seen = collect(raw);
  client.send('question');
  client.socket.end();
  await eventually(() => seen.ended);
  expect(seen.text).toBe('question');
  raw.write('answer');
  await client.until('answer');
  expect(events).toEqual([]);
  raw.end(' and goodbye');
  expect(await client.untilEnd()).toBe('answer and goodbye');
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['finished']);
});

test('our side can end first', async () => {
  const { client, raw } = await tunnel((one) => one.send(upgrade));
  const seen = collect(raw);
  raw.end('goodbye');
  expect(await client.untilEnd()).toBe('goodbye');
  client.send('still here');
  client.socket.end();
  await eventually(() => seen.ended);
  expect(seen.text).toBe('still here');
});

test('a client that has ended before the connection is taken over is understood', async () => {
  let ended = false;
  const { client, raw, events, listener } = await tunnel(
    (one) => {
      one.send(`${upgrade}all of it`);
      one.socket.end(() => {
        ended = true;
      });
    },
    () => ended,
  );
  const seen = collect(raw);
  await eventually(() => seen.ended);
  expect(seen.text).toBe('all of it');
  raw.write('answer');
  await client.until('answer');
  raw.end();
  await client.untilEnd();
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['finished']);
});

test('an unread request body is handed over as it came', async () => {
  const { raw } = await tunnel((one) =>
    one.send('POST /pipe HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
  );
  const seen = collect(raw);
  await eventually(() => seen.text === '5\r\nhello\r\n');
});

test('a reset ends the tunnel without an abort of the exchange, and without a crash', async () => {
  const { client, raw, events, listener } = await tunnel((one) => one.send(upgrade));
  raw.resume();
  client.socket.resetAndDestroy();
  await eventually(() => listener.connections === 0);
  expect(events).toEqual(['finished']);
});

test('a tunnel holds the client back while nobody reads', async () => {
  const { client, raw } = await tunnel((one) => one.send(upgrade));
  const size = 32 * 1024 * 1024;
  client.socket.write(Buffer.alloc(size));
  let before = -1;
  while (before !== raw.readableLength) {
    before = raw.readableLength;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(raw.readableLength).toBeLessThan(1024 * 1024);
  let received = 0;
  raw.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await eventually(() => received === size);
});

test('tunnels outlive a close until they end, and a destroy cuts them', async () => {
  const { client, raw, listener } = await tunnel((one) => one.send(upgrade));
  const seen = collect(raw);
  let isClosed = false;
  const closed = listener.close().then(() => {
    isClosed = true;
  });
  client.send('ping');
  await eventually(() => seen.text === 'ping');
  expect(isClosed).toBe(false);
  listener.destroy();
  await closed;
  if (!raw.closed) await once(raw, 'close');
  await client.untilEnd();
});
