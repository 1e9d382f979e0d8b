/**
 * Clients and origins that leave in every phase of an embedded request, many of them: nothing is left in flight,
 * and no error ends the process.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Stage } from '../support/embedding.ts';

const ROUNDS = 25;

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.close());

/** Does as the path says. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '' } = request;
  // One that does not read does not hear of the end either.
  request.on('error', () => {}).resume();
  if (url.startsWith('/silent')) return;
  if (url.startsWith('/reset')) {
    request.socket.resetAndDestroy();
  } else if (url.startsWith('/cut')) {
    response.writeHead(200, { 'Content-Length': 10 });
    response.write('abc');
    setImmediate(() => response.destroy());
  } else {
    // Endless.
    response.write('abc');
  }
}

const head = 'Host: h\r\nContent-Length: 100000\r\n\r\n';
/** What a client sends before it leaves; with an answer that it waits for, where there is one. */
const phases: [sent: string, awaited: RegExp | undefined][] = [
  ['GET /silent HTT', undefined],
  ['GET /silent HTTP/1.1\r\nHost: h\r\n\r\n', undefined],
  [`POST /silent HTTP/1.1\r\n${head}`, undefined],
  [`POST /silent HTTP/1.1\r\n${head}${'x'.repeat(50_000)}`, undefined],
  ['GET /endless HTTP/1.1\r\nHost: h\r\n\r\n', /abc/],
  [`POST /endless HTTP/1.1\r\n${head}abc`, /abc/],
  ['GET /cut HTTP/1.1\r\nHost: h\r\n\r\n', undefined],
  ['GET /reset HTTP/1.1\r\nHost: h\r\n\r\n', undefined],
  [`POST /reset HTTP/1.1\r\n${head}abc`, undefined],
];

test('through the handler', async () => {
  const origin = await stage.origin();
  origin.answer = answer;
  const proxy = stage.proxyTo(origin, { recv: () => 'pass' });
  const port = await stage.serve(createServer(proxy.handler));
  const leave = async ([sent, awaited]: (typeof phases)[number], isReset: boolean) => {
    const client = await stage.connect(port);
    client.send(sent);
    if (awaited !== undefined) await client.until(awaited);
    if (isReset) client.socket.resetAndDestroy();
    else client.socket.destroy();
    await client.closed;
  };
  for (let i = 0; i < ROUNDS; i++) await Promise.all(phases.map((phase) => leave(phase, i % 2 === 0)));
  await origin.until(() => origin.open === 0);
  expect(proxy.stats().inFlight).toBe(0);
  // It serves on.
  origin.answer = (_, response) => response.end('fine');
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('fine');
});

test('through a dispatcher', async () => {
  const origin = await stage.origin();
  origin.answer = answer;
  const proxy = stage.proxyTo(origin);
  const dispatcher = proxy.dispatcher();
  const leave = async (path: string, hasBody: boolean) => {
    const abort = new AbortController();
    const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('abc')) });
    const upload = hasBody ? { method: 'POST', body, duplex: 'half' as const } : {};
    const seen = origin.requests.length;
    const response = fetch(`http://h${path}`, { dispatcher, signal: abort.signal, ...upload });
    if (path === '/silent') await origin.until(() => origin.requests.length > seen);
    else await response.catch(() => {});
    abort.abort();
    await response.then((answered) => answered.text()).catch(() => {});
  };
  for (let i = 0; i < ROUNDS; i++) {
    for (const path of ['/silent', '/endless', '/cut', '/reset']) await leave(path, i % 2 === 0);
  }
  await origin.until(() => origin.open === 0);
  expect(proxy.stats().inFlight).toBe(0);
  origin.answer = (_, response) => response.end('fine');
  expect(await (await fetch('http://h/', { dispatcher })).text()).toBe('fine');
});
