import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { createListener, type Listener } from '../../../src/proxy/listener/listener.ts';
import { createSystemClock } from '../../../src/proxy/system-clock.ts';
import { RawClient } from './harness.ts';
import { refusedBodies, refusedHeads } from './refused-requests.ts';

const next = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

let listener: Listener;
let port = 0;
let exchanges: Exchange[] = [];
let bodyErrors: unknown[] = [];
let aborts = 0;
let ends = 0;

beforeAll(async () => {
  listener = createListener({
    handler(exchange) {
      exchanges.push(exchange);
      exchange.onAborted = () => aborts++;
      exchange.onFinished = () => ends++;
      exchange.body?.on('error', (error) => bodyErrors.push(error));
      exchange.body?.resume();
    },
    clock: createSystemClock(),
    name: 'a0',
  });
  ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
});

afterAll(() => listener.close());

async function send(bytes: string): Promise<string> {
  exchanges = [];
  bodyErrors = [];
  aborts = 0;
  ends = 0;
  const client = await RawClient.connect(port);
  client.send(bytes + next);
  const answer = await client.untilEnd();
  expect(client.ended).toBe('end');
  client.socket.end();
  return answer;
}

function expectOneRefusal(answer: string, status: number): void {
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [ -~]+\r\n`));
  expect(answer).toContain('\r\nConnection: close\r\n');
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
}

test('the battery is large enough', () => {
  expect(refusedHeads.length + refusedBodies.length).toBeGreaterThan(160);
});

test.each(refusedHeads)('%s is refused and the connection closed', async (_, bytes, status) => {
  expectOneRefusal(await send(bytes), status);
  expect(exchanges).toHaveLength(0);
});

test.each(refusedBodies)('%s ends the body with an error', async (_, bytes, status) => {
  expectOneRefusal(await send(bytes), status);
  expect(exchanges.map(({ target }) => target)).toEqual(['/']);
  expect(bodyErrors).toHaveLength(1);
  expect(bodyErrors[0]).toMatchObject({ name: 'TroupeError', side: 'client' });
  expect(exchanges[0]?.body?.destroyed).toBe(true);
  expect({ aborts, ends }).toEqual({ aborts: 1, ends: 1 });
});
