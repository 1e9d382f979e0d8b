/** `proxy.dispatcher()`: fetch and undici through a director, over real sockets. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import * as undici from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backend,
  type ConfigOptions,
  defineConfig,
  fallback,
  type ProxyOptions,
  roundRobin,
  saintmode,
  synth,
  type TroupeError,
  type TroupeProxy,
} from '../../src/index.ts';
import { Stage } from '../support/embedding.ts';
import type { Origin } from '../support/origin.ts';

let stage: Stage;
let one: Origin;
let two: Origin;

beforeEach(async () => {
  stage = new Stage();
  one = await stage.origin('one');
  two = await stage.origin('two');
});

afterEach(() => stage.close());

/** Directors `turn` and `first` over the backends `one` and `two`. */
function start(more: Partial<ConfigOptions> = {}, options: ProxyOptions = {}, limits = {}): TroupeProxy {
  const at = ({ port }: Origin) => backend({ host: '127.0.0.1', port, ...limits });
  const [a, b] = [at(one), at(two)];
  const saint = saintmode(a, { threshold: 10 });
  const config = defineConfig({
    backends: { one: a, two: b },
    directors: { turn: roundRobin([a, b]), first: fallback([a, b]), saint, spared: fallback([saint, b]) },
    ...more,
  });
  return stage.proxy(config, { drainTimeout: 200, ...options });
}

const url = 'http://api.internal/users?page=2';

/** Both fetches there are: Node's, and that of the undici which Troupe has. */
const fetches = [
  ["Node's fetch", fetch],
  ["undici's fetch", undici.fetch as unknown as typeof fetch],
] as const;

describe.each(fetches)('%s', (_, fetchIt) => {
  test('asks whom the director picks, with the host of the URL', async () => {
    const dispatcher = start().dispatcher('turn');
    const bodies = [];
    for (let i = 0; i < 4; i++) bodies.push(await (await fetchIt(url, { dispatcher })).text());
    expect(bodies).toEqual(['one', 'two', 'one', 'two']);
    expect(one.requests[0]).toMatchObject({ url: '/users?page=2', headers: { host: 'api.internal' } });
    expect(one.requests[0]?.headers).not.toHaveProperty('via');
    expect(one.requests[0]?.headers).not.toHaveProperty('x-forwarded-for');
  });

  test('gets status, fields and coded bodies as from anywhere', async () => {
    const { gzipSync } = await import('node:zlib');
    one.answer = (_request, response) => {
      response.writeHead(404, 'Nothing Here', [
        'Content-Encoding',
        'gzip',
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
      ]);
      response.end(gzipSync('not there'));
    };
    const response = await fetchIt(url, { dispatcher: start().dispatcher('one') });
    expect([response.status, response.statusText]).toEqual([404, 'Nothing Here']);
    expect(response.headers.getSetCookie()).toEqual(['a', 'b']);
    expect(await response.text()).toBe('not there');
  });

  test.each([
    ['text', () => 'abc', '3'],
    ['bytes', () => new Uint8Array([97, 98, 99]), '3'],
    ['a blob', () => new Blob(['abc']), '3'],
    ['a form', () => new URLSearchParams({ a: 'bc' }), '4'],
    [
      'a stream',
      () => Readable.toWeb(Readable.from(['a', 'bc'].map((piece) => Buffer.from(piece)))),
      undefined,
    ],
    ['an iterable', () => Readable.from(['a', 'bc'].map((piece) => Buffer.from(piece))), undefined],
  ])('sends %s', async (_kind, make, length) => {
    one.answer = echo;
    const init = { method: 'POST', body: make() as string, duplex: 'half' as const };
    const response = await fetchIt(url, { ...init, dispatcher: start().dispatcher('one') });
    expect((await response.text()).replace('a=bc', 'abc')).toBe('abc');
    expect(one.requests[0]?.headers['content-length']).toBe(length);
    if (length === undefined) expect(one.requests[0]?.headers['transfer-encoding']).toBe('chunked');
  });

  test('follows redirects, and leaves those to https alone', async () => {
    one.answer = (request, response) => {
      const location = request.url === '/a' ? '/b' : 'https://elsewhere.test/';
      if (request.url === '/end') response.end('end');
      else response.writeHead(302, { location: request.url === '/b' ? '/end' : location }).end();
    };
    const dispatcher = start().dispatcher('one');
    expect(await (await fetchIt('http://h/a', { dispatcher })).text()).toBe('end');
    await expect(fetchIt('http://h/c', { dispatcher })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('https://elsewhere.test') },
    });
  });

  test('has the errors that it has elsewhere, with the reason as their cause', async () => {
    const proxy = start({ init: undefined }, {}, { connectTimeout: 500, firstByteTimeout: 50 });
    await proxy.ready;
    one.answer = () => {};
    const late = await fetchIt(url, { dispatcher: proxy.dispatcher('one') }).catch((error) => error);
    expect(late).toBeInstanceOf(TypeError);
    expect(late.message).toBe('fetch failed');
    expect(late.cause).toMatchObject({
      name: 'TroupeError',
      code: 'backend.first-byte-timeout',
      side: 'backend',
    });

    one.answer = (_request, response) => void response.destroy();
    await expect(
      fetchIt(url, { method: 'POST', body: 'x', dispatcher: proxy.dispatcher('one') }),
    ).rejects.toMatchObject({ message: 'fetch failed', cause: { code: 'backend.reset' } });

    one.answer = (_request, response) => {
      response.setHeader('Content-Length', 100);
      response.write('abc');
      setImmediate(() => response.destroy());
    };
    const cut = await fetchIt(url, { dispatcher: proxy.dispatcher('one') });
    const error = await cut.text().catch((reason) => reason);
    expect(error).toMatchObject({ message: 'terminated', cause: { code: 'backend.reset' } });

    await expect(fetchIt(url, { dispatcher: proxy.dispatcher('nobody') })).rejects.toMatchObject({
      cause: { code: 'command.unknown-target', message: expect.stringContaining('turn, first') },
    });
    for (const origin of proxy.description()?.backends ?? []) proxy.setHealth(origin.identity, 'sick');
    await expect(fetchIt(url, { dispatcher: proxy.dispatcher('turn') })).rejects.toMatchObject({
      cause: { code: 'backend.none-healthy' },
    });
  });

  test('can be aborted: before, while it waits, and within the body', async () => {
    const proxy = start();
    const dispatcher = proxy.dispatcher('one');
    await expect(fetchIt(url, { dispatcher, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(one.requests).toEqual([]);

    one.answer = () => {};
    const waiting = new AbortController();
    const waits = fetchIt(url, { dispatcher, signal: waiting.signal }).catch((error) => error);
    await one.until(() => one.requests.length === 1);
    waiting.abort();
    expect(await waits).toMatchObject({ name: 'AbortError' });
    await one.until(() => one.open === 0);

    one.answer = (_request, response) => void response.write('abc');
    const within = new AbortController();
    const response = await fetchIt(url, { dispatcher, signal: within.signal });
    within.abort();
    await expect(response.text()).rejects.toMatchObject({ name: 'AbortError' });
    await one.until(() => one.open === 0);
    expect(proxy.stats()).toMatchObject({ inFlight: 0, clientAborts: 2 });
  });

  test('reads at its own pace', async () => {
    let sent = 0;
    const megabytes = 64;
    one.answer = (_request, response) => flood(response, megabytes, () => sent++);
    const response = await fetchIt(url, { dispatcher: start().dispatcher('one') });
    let bytes = 0;
    let mostAhead = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      mostAhead = Math.max(mostAhead, sent * 1024 * 1024 - bytes);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    expect(bytes).toBe(megabytes * 1024 * 1024);
    expect(mostAhead).toBeLessThan((megabytes / 2) * 1024 * 1024);
  });
});

describe('undici', () => {
  test.each([
    ['text', () => 'abc', '3'],
    ['a Buffer', () => Buffer.from('abc'), '3'],
    ['a stream', () => Readable.from(['a', 'bc']), undefined],
    ['an async iterable', () => pieces(), undefined],
    ['nothing', () => null, '0'],
  ])('request sends %s', async (_kind, make, length) => {
    one.answer = echo;
    const dispatcher = start().dispatcher('one');
    const body = make() as string;
    const response = await undici.request(url, {
      dispatcher,
      method: 'POST',
      body,
      headers: { 'x-a': ['1', '2'] },
    });
    expect(await response.body.text()).toBe(body === null ? '' : 'abc');
    expect(one.requests[0]?.headers).toMatchObject({ 'x-a': '1, 2' });
    expect(one.requests[0]?.headers['content-length']).toBe(length);
  });

  test.each([
    ["Node's", () => new FormData(), (form: FormData) => form],
    ["undici's", () => new undici.FormData() as unknown as FormData, (form: FormData) => form],
  ])('request sends a form of %s', async (_kind, make, identity) => {
    one.answer = echo;
    const form = identity(make());
    form.append('field', 'value');
    form.append('file', new Blob(['bytes'], { type: 'text/x' }), 'name.txt');
    const { body } = await undici.request(url, {
      dispatcher: start().dispatcher('one'),
      method: 'POST',
      body: form as never,
    });
    const echoed = await body.text();
    expect(one.requests[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(echoed).toMatch(/name="field"\r\n\r\nvalue\r\n/);
    expect(echoed).toMatch(/name="file"; filename="name.txt"\r\nContent-Type: text\/x\r\n\r\nbytes\r\n/);
  });

  test('stream and pipeline work, and so do calls on the dispatcher itself', async () => {
    one.answer = echo;
    const dispatcher = start().dispatcher('one');
    let streamed = '';
    const sink = () =>
      new Writable({
        write(chunk, _encoding, done) {
          streamed += chunk;
          done();
        },
      });
    await undici.stream(url, { dispatcher, method: 'PUT', body: 'streamed' }, sink);
    expect(streamed).toBe('streamed');
    const duplex = undici.pipeline(url, { dispatcher, method: 'PUT' }, ({ body }) => body);
    duplex.end('piped');
    expect(await text(duplex)).toBe('piped');
    // Without an origin the Host is the backend's own.
    const { body } = await dispatcher.request({ path: '/x', method: 'PUT', body: 'own' });
    expect(await body.text()).toBe('own');
    expect(one.requests.at(-1)?.headers.host).toBe('127.0.0.1');
  });

  test('trailers arrive', async () => {
    one.answer = (_request, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('abc');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
    };
    const { body, trailers } = await undici.request(url, { dispatcher: start().dispatcher('one') });
    await body.dump();
    expect(trailers).toEqual({ 'x-sum': '42' });
  });

  test('interceptors can be put around it', async () => {
    let asked = 0;
    one.answer = (_request, response) => {
      response.statusCode = ++asked < 3 ? 503 : 200;
      response.end('at last');
    };
    const retry = undici.interceptors.retry({ minTimeout: 1, maxTimeout: 1 });
    const dispatcher = start().dispatcher('one').compose(retry);
    const { statusCode, body } = await undici.request(url, { dispatcher });
    expect([statusCode, await body.text()]).toEqual([200, 'at last']);
  });

  test('a large upload comes at the pace of the backend, and one that breaks off ends the request', async () => {
    one.answer = (request, response) => {
      if (request.url === '/count') void buffer(request).then((all) => response.end(String(all.length)));
    };
    const proxy = start();
    const dispatcher = proxy.dispatcher('one');
    const megabytes = Readable.from(
      (function* () {
        for (let i = 0; i < 32; i++) yield Buffer.alloc(1024 * 1024);
      })(),
    );
    const { body } = await undici.request('http://h/count', { dispatcher, method: 'POST', body: megabytes });
    expect(await body.text()).toBe(String(32 * 1024 * 1024));

    const broken = new Readable({ read() {} });
    const request = undici.request('http://h/broken', { dispatcher, method: 'POST', body: broken });
    broken.push('abc');
    await one.until(() => one.requests.length === 2);
    broken.destroy(new Error('no more'));
    await expect(request).rejects.toThrow('no more');
    await one.until(() => one.open === 0);
    const ended = new Readable({ read() {} });
    one.answer = (_request, response) => void response.destroy();
    const failing = undici.request('http://h/', { dispatcher, method: 'POST', body: ended });
    ended.push('abc');
    await expect(failing).rejects.toMatchObject({ code: 'backend.reset' });
    if (!ended.closed) await once(ended, 'close');
    expect(proxy.stats().inFlight).toBe(0);
  });

  test.each([
    ['https', { origin: 'https://h', path: '/' }, /plain HTTP/],
    ['another protocol', { origin: 'http://h', path: '/', upgrade: 'echo' }, /tunnels/],
    ['a path without a slash', { origin: 'http://h', path: 'x' }, /slash/],
    [
      'a line break in a field',
      { origin: 'http://h', path: '/', headers: { a: 'b\r\nc: d' } },
      /line breaks/,
    ],
    [
      'framing of its own',
      { origin: 'http://h', path: '/', headers: { 'transfer-encoding': 'chunked' } },
      /transfer/,
    ],
    ['two hosts', { origin: 'http://h', path: '/', headers: ['Host', 'a', 'host', 'b'] }, /duplicate host/],
    [
      'a length that is not true',
      { origin: 'http://h', path: '/', method: 'POST', body: 'abc', headers: { 'content-length': '4' } },
      /mismatch|does not match/,
    ],
    [
      'a body of numbers',
      { origin: 'http://h', path: '/', method: 'POST', body: 5 as never },
      /body must be/,
    ],
  ])('is refused %s', async (_kind, options, message) => {
    const dispatcher = start().dispatcher('one');
    await expect(dispatcher.request({ method: 'GET', ...options })).rejects.toThrow(message);
    expect(one.requests).toEqual([]);
  });
});

describe('what a director is for', () => {
  test('a sick backend is not asked, and one that is back is', async () => {
    const proxy = start();
    await proxy.ready;
    const dispatcher = proxy.dispatcher('first');
    const identity = proxy.description()?.backends[0]?.identity;
    if (identity === undefined) throw new Error('it is declared');
    const ask = async () => (await undici.request(url, { dispatcher })).body.text();
    expect(await ask()).toBe('one');
    proxy.setHealth(identity, 'sick');
    expect(await ask()).toBe('two');
    proxy.setHealth(identity, 'auto');
    expect(await ask()).toBe('one');
  });

  test('a backend that cannot be reached is followed by another, without a hook', async () => {
    const proxy = start();
    await proxy.ready;
    await one.close();
    const dispatcher = proxy.dispatcher('turn');
    const bodies = [];
    for (let i = 0; i < 4; i++) {
      const { body } = await undici.request(url, { dispatcher, method: 'POST', body: 'abc' });
      bodies.push(await body.text());
    }
    expect(bodies).toEqual(['two', 'two', 'two', 'two']);
    expect(proxy.stats().retries).toBeGreaterThan(0);
    expect(proxy.failedRequests()).toEqual([]);
  });

  test('a request that may have been carried out is not sent again', async () => {
    const proxy = start();
    one.answer = (_request, response) => void response.destroy();
    const dispatcher = proxy.dispatcher('turn');
    await expect(undici.request(url, { dispatcher, method: 'POST', body: 'abc' })).rejects.toMatchObject({
      code: 'backend.reset',
    });
    expect(two.requests).toEqual([]);
  });

  test('saintmode denies an object, to requests of either kind', async () => {
    one.answer = (_request, response) => void response.writeHead(500).end('sick');
    const proxy = start({
      recv({ req }) {
        req.backend = 'spared';
        return 'hash';
      },
      backendResponse({ beresp, deny }) {
        if (beresp.status < 500) return 'deliver';
        deny('20s');
        return 'retry';
      },
    });
    const dispatcher = proxy.dispatcher('spared');
    expect(await (await fetch(url, { dispatcher })).text()).toBe('two');
    expect(await (await fetch(url, { dispatcher })).text()).toBe('two');
    expect(one.requests).toHaveLength(1);
    // The same object, asked for by a client of the proxy.
    const port = await stage.serve(proxy.handler);
    const path = `http://127.0.0.1:${port}/users?page=2`;
    const { body } = await undici.request(path, { headers: { host: 'api.internal' } });
    expect(await body.text()).toBe('two');
    expect(one.requests).toHaveLength(1);
  });

  test("a backend's limit holds, and its counters count", async () => {
    const proxy = start({}, {}, { maxConnections: 1 });
    one.answer = () => {};
    const dispatcher = proxy.dispatcher('one');
    const held = undici.request(url, { dispatcher }).catch((error: unknown) => error);
    await one.until(() => one.requests.length === 1);
    await expect(undici.request(url, { dispatcher })).rejects.toMatchObject({ code: 'backend.busy' });
    const [figures] = Object.values(proxy.stats().backends);
    expect(figures).toMatchObject({ inFlight: 1, requests: 1, failures: { 'backend.busy': 1 } });
    expect(proxy.stats()).toMatchObject({ requests: 2, inFlight: 1 });
    await dispatcher.destroy();
    expect(await held).toMatchObject({ code: 'UND_ERR_DESTROYED' });
  });

  test('a switch takes effect between two requests', async () => {
    const proxy = start();
    const dispatcher = proxy.dispatcher();
    expect(await (await fetch(url, { dispatcher })).text()).toBe('one');
    const app = backend({ host: '127.0.0.1', port: two.port });
    await proxy.load('next', defineConfig({ backends: { app } }));
    await proxy.use('next');
    expect(await (await fetch(url, { dispatcher })).text()).toBe('two');
  });
});

describe('hooks', () => {
  test('about backends run, those about clients do not', async () => {
    const ran: string[] = [];
    const note = (name: string) => () => {
      ran.push(name);
      return undefined;
    };
    const proxy = start({
      recv: note('recv'),
      pass: note('pass'),
      hash: note('hash'),
      deliver: note('deliver'),
      synth: note('synth'),
      backendFetch({ bereq }) {
        ran.push('backendFetch');
        bereq.http.set('x-token', 'secret');
        return 'fetch';
      },
      backendResponse({ beresp }) {
        ran.push('backendResponse');
        beresp.http.set('x-seen', 'yes');
        return 'deliver';
      },
    });
    const response = await fetch(url, { dispatcher: proxy.dispatcher('one') });
    expect(response.headers.get('x-seen')).toBe('yes');
    expect(one.requests[0]?.headers['x-token']).toBe('secret');
    expect(ran).toEqual(['hash', 'backendFetch', 'backendResponse']);
  });

  test('can answer for a backend that has failed', async () => {
    const proxy = start({
      backendError({ beresp }) {
        beresp.status = 200;
        beresp.body = 'stand-in';
        return 'deliver';
      },
    });
    await proxy.ready;
    await one.close();
    const response = await fetch(url, { dispatcher: proxy.dispatcher('one') });
    expect([response.status, await response.text()]).toEqual([200, 'stand-in']);
  });

  test('that give a fetch up, or cannot be used, are the cause of its error', async () => {
    let wanted: 'abandon' | 'throw' | 'wrong' = 'abandon';
    const proxy = start({
      recv: () => synth(500),
      backendResponse({ beresp }) {
        if (wanted === 'throw') throw new Error('oh');
        if (wanted === 'wrong') beresp.http.set('x', 'a\nb');
        return wanted === 'abandon' ? 'abandon' : 'deliver';
      },
    });
    const dispatcher = proxy.dispatcher('one');
    const code = async () => {
      const error = await undici.request(url, { dispatcher }).catch((reason: TroupeError) => reason);
      return 'code' in error ? error.code : undefined;
    };
    expect(await code()).toBe('troupe.abandoned');
    wanted = 'throw';
    expect(await code()).toBe('troupe.hook-threw');
    wanted = 'wrong';
    expect(await code()).toBe('troupe.hook-threw');
    expect(proxy.stats().inFlight).toBe(0);
  });
});

describe('closing', () => {
  test('a dispatcher waits for its requests, takes no more, and leaves the proxy alone', async () => {
    const proxy = start();
    const dispatcher = proxy.dispatcher('one');
    let finish = () => {};
    one.answer = (_request, response) => {
      finish = () => response.end('done');
    };
    const running = undici.request(url, { dispatcher });
    await one.until(() => one.requests.length === 1);
    const closed = dispatcher.close();
    await expect(undici.request(url, { dispatcher })).rejects.toMatchObject({ code: 'UND_ERR_CLOSED' });
    finish();
    expect(await (await running).body.text()).toBe('done');
    await closed;
    expect(await (await fetch(url, { dispatcher: proxy.dispatcher('two') })).text()).toBe('two');
  });

  test('destroying ends what is under way with the error given', async () => {
    const dispatcher = start().dispatcher('one');
    one.answer = () => {};
    const running = undici.request(url, { dispatcher }).catch((error: unknown) => error);
    await one.until(() => one.requests.length === 1);
    const reason = new Error('enough');
    await dispatcher.destroy(reason);
    expect(await running).toBe(reason);
    await one.until(() => one.open === 0);
    await expect(undici.request(url, { dispatcher })).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
  });

  test('the proxy ends its dispatchers: requests get the drain timeout', async () => {
    const proxy = start();
    const dispatcher = proxy.dispatcher('one');
    one.answer = () => {};
    const running = undici.request(url, { dispatcher }).catch((error: unknown) => error);
    await one.until(() => one.requests.length === 1);
    await proxy.close();
    expect(await running).toMatchObject({ code: 'troupe.abandoned' });
    await expect(undici.request(url, { dispatcher })).rejects.toMatchObject({ code: 'command.stopping' });
  });

  test('a config that could not be loaded is the cause of what fails for it', async () => {
    const proxy = stage.proxy('/nowhere/to/be/found.config.ts');
    await expect(fetch(url, { dispatcher: proxy.dispatcher() })).rejects.toMatchObject({
      cause: { code: 'command.config-not-ready', cause: { code: 'config.unreadable' } },
    });
  });
});

function echo(request: IncomingMessage, response: ServerResponse): void {
  void pipeline(request, response).catch(() => {});
}

async function* pieces(): AsyncGenerator<string> {
  yield 'a';
  yield 'bc';
}

/** Sends as much as is taken. */
function flood(response: ServerResponse, megabytes: number, sent: () => void): void {
  const piece = Buffer.alloc(1024 * 1024);
  let left = megabytes;
  const go = () => {
    while (left > 0) {
      left--;
      sent();
      if (!response.write(piece)) {
        response.once('drain', go);
        return;
      }
    }
    response.end();
  };
  go();
}
