/** Clients that leave in every phase: nothing of them stays. */
import { expect, test } from 'vitest';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { eventually, ok, RawClient, serve } from './harness.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello';
const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel';

const phases: readonly (readonly [string, string])[] = [
  ['before the request', ''],
  ['within the method', 'GE'],
  ['within the head', get.slice(0, 20)],
  ['while an answer is awaited', get],
  ['with requests waiting', get.repeat(5)],
  ['within a counted body', post],
  ['within a chunk', chunked],
  ['while the answer is streamed', get.replace('GET', 'STREAM')],
  ['after an answer', get.replace('GET', 'ANSWER')],
  ['after a refusal', 'nonsense\r\n\r\n'],
  ['in a tunnel', get.replace('GET', 'TUNNEL')],
];

test.each(phases)(
  'clients that leave %s leave nothing behind',
  async (_, bytes) => {
    let begun = 0;
    let aborted = 0;
    let finished = 0;
    const handler = (exchange: Exchange) => {
      begun++;
      exchange.onAborted = () => aborted++;
      exchange.onFinished = () => finished++;
      exchange.body?.resume();
      if (exchange.method === 'ANSWER') exchange.respond(...ok('answer'));
      if (exchange.method === 'TUNNEL') {
        const raw = exchange.takeOver();
        raw.pipe(raw);
      }
      if (exchange.method === 'STREAM') {
        const body = exchange.begin(ok('')[0], undefined);
        const piece = Buffer.alloc(10_000);
        const write = () => {
          while (body.write(piece));
        };
        body.onDrain = write;
        write();
      }
    };
    const { listener, port } = await serve(handler, { halfClosedTimeoutMs: 20 });
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      for (let round = 0; round < 10; round++) {
        const client = await RawClient.connect(port);
        client.send(bytes);
        const expected = begun + 1;
        if (bytes.startsWith('nonsense')) await client.untilEnd();
        else if (/^(ANSWER|STREAM)/.test(bytes)) await client.until('200');
        else if (bytes.endsWith('\r\n\r\n') || bytes === post || bytes === chunked) {
          await eventually(() => begun === expected);
        }
        client.socket[leave]();
        // One that only ends its side counts as gone when nothing can be sent to it.
        await eventually(() => listener.connections === 0);
      }
    }
    expect(finished).toBe(begun);
    if (/^(ANSWER|TUNNEL)/.test(bytes)) expect(aborted).toBe(0);
    else expect(aborted).toBe(begun);
  },
  60_000,
);
