/** `proxy.handler` in a node:http server, over real sockets: what a client and an application notice. */

import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RequestReport, synth, type TroupeError } from '../../src/index.ts';
import { Stage } from '../support/embedding.ts';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.close());

const get = 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n';

/** Echoes the request's body. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  request.pipe(response);
}

describe('a response', () => {
  test('is one write when it is small, head and body together', async () => {
    const origin = await stage.origin();
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(get);
    expect(await client.until(/origin$/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.pieces).toBe(1);
  });

  test('keeps the order and the duplicates of its fields', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => {
      response.writeHead(200, ['X-B', '1', 'Set-Cookie', 'a=1', 'X-A', '2', 'Set-Cookie', 'b=2', 'x-b', '3']);
      response.end();
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(get);
    expect(await client.until(/\r\n\r\n/)).toMatch(
      /X-B: 1\r\nSet-Cookie: a=1\r\nX-A: 2\r\nSet-Cookie: b=2\r\nx-b: 3\r\n/,
    );
  });

  test('goes out with the fields that other handlers have set, but with its own framing', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => {
      response.setHeader('X-Both', 'backend');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end('origin');
    };
    const { handler } = stage.proxyTo(origin);
    const port = await stage.serve((request, response) => {
      response.setHeader('X-Mine', 'application');
      response.setHeader('X-Both', 'application');
      response.setHeader('Content-Length', '3');
      response.setHeader('Trailer', 'X-Never');
      handler(request, response);
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(await response.text()).toBe('origin');
    expect(response.headers.get('x-mine')).toBe('application');
    expect(response.headers.get('x-both')).toBe('backend');
    expect(response.headers.get('trailer')).toBeNull();
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('can be looked at by middleware that wraps writeHead and knows nothing of lists', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => {
      response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
      response.end('origin');
    };
    const { handler } = stage.proxyTo(origin);
    let seen: unknown;
    const port = await stage.serve((request, response) => {
      const { writeHead } = response;
      response.writeHead = ((status: number, ...rest: []) => {
        seen = response.getHeader('set-cookie');
        return writeHead.call(response, status, ...rest);
      }) as typeof response.writeHead;
      handler(request, response);
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(seen).toEqual(['a=1', 'b=2']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('of unknown length is chunked, and carries trailers', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('abc');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(get);
    const text = await client.until(/\r\n0\r\n[\s\S]*\r\n\r\n$/);
    expect(text).toMatch(/Transfer-Encoding: chunked/);
    expect(text).toMatch(/\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n$/);
  });

  test('ends with the connection for a client of HTTP/1.0, and is cut by a reset when it breaks off', async () => {
    const origin = await stage.origin();
    const port = await stage.serve(stage.proxyTo(origin).handler);
    origin.answer = (_, response) => {
      response.write('abc');
      response.end('def');
    };
    const whole = await stage.connect(port);
    whole.send('GET / HTTP/1.0\r\n\r\n');
    await whole.closed;
    expect(whole.received).toMatch(/\r\n\r\nabcdef$/);
    expect(whole.received).not.toMatch(/chunked/);

    origin.answer = (_, response) => {
      response.write('abc');
      setImmediate(() => response.destroy());
    };
    const broken = await stage.connect(port);
    broken.send('GET / HTTP/1.0\r\n\r\n');
    await broken.closed;
    expect(broken.isReset).toBe(true);
  });

  test.each([
    ['HEAD', 200, 'Content-Length: 6'],
    ['GET', 204, undefined],
    ['GET', 304, undefined],
  ])('to %s with status %i has no body, and the connection goes on', async (method, status, length) => {
    const origin = await stage.origin();
    origin.answer = (request, response) => {
      response.statusCode = request.url === '/' ? status : 200;
      if (request.method === 'HEAD') response.setHeader('Content-Length', 6);
      response.end(response.statusCode === 200 ? 'origin' : undefined);
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`);
    const head = await client.until(/\r\n\r\n/);
    expect(head.endsWith('\r\n\r\n')).toBe(true);
    if (length === undefined) expect(head).not.toMatch(/Content-Length|Transfer-Encoding/i);
    else expect(head).toContain(length);
    client.send('GET /again HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until(/origin$/);
  });

  test('whose backend breaks off is cut', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => {
      response.setHeader('Content-Length', 100);
      response.write('abc');
      setImmediate(() => response.destroy());
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('comes as fast as the client takes it', async () => {
    const origin = await stage.origin();
    const megabytes = 64;
    let sent = 0;
    origin.answer = (_, response) => {
      const piece = Buffer.alloc(1024 * 1024);
      const go = () => {
        while (sent < megabytes) {
          sent++;
          if (!response.write(piece)) {
            response.once('drain', go);
            return;
          }
        }
        response.end();
      };
      go();
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const request = httpRequest({ port, host: '127.0.0.1' }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let bytes = 0;
    let mostAhead = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      mostAhead = Math.max(mostAhead, sent * 1024 * 1024 - bytes);
      response.pause();
      // Slower than anybody sends.
      setImmediate(() => setImmediate(() => response.resume()));
    });
    await once(response, 'end');
    expect(bytes).toBe(megabytes * 1024 * 1024);
    // What sockets and streams hold, a fraction of the whole.
    expect(mostAhead).toBeLessThan((megabytes / 2) * 1024 * 1024);
  });
});

describe('a request', () => {
  test('reaches the backend as it was sent, and its client is known', async () => {
    const origin = await stage.origin();
    let raw: string[] = [];
    origin.answer = (request, response) => {
      raw = request.rawHeaders;
      response.end();
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(
      'GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nx-a: 2\r\nX-B: 3\r\nConnection: x-hop\r\nX-Hop: 4\r\n\r\n',
    );
    await client.until(/\r\n\r\n/);
    expect(origin.requests[0]?.url).toBe('/a?b=c');
    expect(raw.slice(0, 8)).toEqual(['Host', 'h', 'X-B', '1', 'x-a', '2', 'X-B', '3']);
    expect(raw).not.toContain('X-Hop');
    expect(raw[raw.indexOf('X-Forwarded-For') + 1]).toBe('127.0.0.1');
  });

  test('carries what middleware has changed in req.headers', async () => {
    const origin = await stage.origin();
    const { handler } = stage.proxyTo(origin);
    const port = await stage.serve((request, response) => {
      request.headers['x-user'] = 'ada';
      request.headers['x-list'] = ['1', '2'];
      delete request.headers['cookie'];
      handler(request, response);
    });
    await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: 'secret=1', 'x-kept': 'yes' } });
    expect(origin.requests[0]?.headers).toMatchObject({
      'x-user': 'ada',
      'x-list': '1, 2',
      'x-kept': 'yes',
    });
    expect(origin.requests[0]?.headers).not.toHaveProperty('cookie');
  });

  test('has its body streamed, chunked or counted', async () => {
    const origin = await stage.origin();
    origin.answer = echo;
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const counted = await stage.connect(port);
    counted.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    await origin.until(() => origin.requests.length === 1);
    counted.send('def');
    expect(await counted.until(/def/)).toContain('abc');
    const chunked = await stage.connect(port);
    chunked.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await chunked.until(/abc/);
    chunked.send('3\r\ndef\r\n0\r\n\r\n');
    expect(await chunked.until(/0\r\n\r\n$/)).toMatch(/abc\r\n3\r\ndef/);
  });

  test('has its body read also when middleware has paused it while it asked somebody', async () => {
    const origin = await stage.origin();
    origin.answer = echo;
    const { handler } = stage.proxyTo(origin);
    const port = await stage.serve((request, response) => {
      request.pause();
      setImmediate(() => handler(request, response));
    });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'abc' });
    expect(await response.text()).toBe('abc');
  });

  test('is told to go on only when the backend wants its body, where the server leaves that to the handler', async () => {
    const origin = await stage.origin();
    origin.answer = echo;
    const proxy = stage.proxyTo(origin, {
      recv: ({ req }) => (req.url === '/no' ? synth(403) : 'hash'),
    });
    const server = createServer(proxy.handler);
    server.on('checkContinue', proxy.handler);
    const port = await stage.serve(server);
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    const refused = await stage.connect(port);
    refused.send(head('/no'));
    await refused.closed;
    expect(refused.received).toMatch(/^HTTP\/1\.1 403/);
    const welcome = await stage.connect(port);
    welcome.send(head('/yes'));
    expect(await welcome.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    welcome.send('abc');
    expect(await welcome.until(/abc/)).toMatch(/200 OK/);
    expect(welcome.received.match(/100 Continue/g)).toHaveLength(1);
  });

  test('is told to go on once where node does it', async () => {
    const origin = await stage.origin();
    origin.answer = echo;
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send('POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    await client.until(/100 Continue/);
    client.send('abc');
    await client.until(/abc/);
    expect(client.received.match(/100 Continue/g)).toHaveLength(1);
  });

  test('whose body nobody wanted leaves the connection usable', async () => {
    const origin = await stage.origin();
    const proxy = stage.proxyTo(origin, { recv: ({ req }) => (req.url === '/no' ? synth(403) : 'hash') });
    const port = await stage.serve(proxy.handler);
    const client = await stage.connect(port);
    client.send('POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    await client.until(/403/);
    client.send(`def${get}`);
    await client.until(/origin$/);
  });

  test('answered while its body was under way leaves the connection usable', async () => {
    const origin = await stage.origin();
    const length = 300_000;
    origin.answer = (request, response) => {
      if (request.method === 'GET') response.end('origin');
      else request.once('data', () => response.end('early'));
    };
    const port = await stage.serve(stage.proxyTo(origin).handler);
    const client = await stage.connect(port);
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(1000)}`);
    await client.until(/early/);
    client.send(`${'x'.repeat(length - 1000)}${get}`);
    await client.until(/origin$/);
  });

  test('waits for the proxy to be ready', async () => {
    const origin = await stage.origin();
    const { handler } = stage.proxyTo(origin);
    // No await in between: the config is not loaded yet.
    const port = await stage.serve(handler);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('origin');
  });

  test('gets 503 when the config could not be loaded, and when the proxy has been closed', async () => {
    const broken = stage.proxy('/nowhere/to/be/found.config.ts');
    const port = await stage.serve(broken.handler);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
    await broken.close();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
  });
});

describe('a body that was read before', () => {
  test.each([
    ['is told to next', true],
    ['is a 500 without one, and a fault in the log', false],
  ])('%s', async (_, hasNext) => {
    const origin = await stage.origin();
    const faults: unknown[] = [];
    const { handler } = stage.proxyTo(origin, {}, { log: { fault: (error) => faults.push(error) } });
    let told: TroupeError | undefined;
    const port = await stage.serve((request, response) => {
      request.resume().on('end', () => {
        if (!hasNext) handler(request, response);
        else
          handler(request, response, (error) => {
            told = error as TroupeError;
            response.writeHead(500).end();
          });
      });
    });
    const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'abc' });
    expect(status).toBe(500);
    const error = hasNext ? told : faults[0];
    expect(error).toMatchObject({
      code: 'troupe.body-consumed',
      message: expect.stringMatching(/express\.json/),
    });
    expect(origin.requests).toEqual([]);
  });
});

describe('what node lets through and Troupe does not', () => {
  const head = (...lines: string[]) => `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  test.each([
    ['two Hosts', head('Host: a', 'Host: b'), 400],
    ['an illegal Host', head('Host: a b'), 400],
    ['an empty Host', head('Host:'), 400],
    [
      'Content-Length beside Transfer-Encoding',
      head('Host: h', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['differing Content-Lengths', head('Host: h', 'Content-Length: 3', 'Content-Length: 4'), 400],
    ['a listed Content-Length', head('Host: h', 'Content-Length: 3, 3'), 400],
    ['a Transfer-Encoding other than chunked', head('Host: h', 'Transfer-Encoding: gzip, chunked'), 400],
    [
      'a repeated Transfer-Encoding',
      head('Host: h', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['Transfer-Encoding in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['another expectation', head('Host: h', 'Expect: something'), 417],
    ['a fragment in the target', 'GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['userinfo in the target', 'GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['an asterisk for GET', 'GET * HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['a NUL in a value', head('Host: h', 'X: a\0b'), 400],
  ])('%s', async (_, text, status) => {
    const origin = await stage.origin();
    const proxy = stage.proxyTo(origin);
    for (const insecureHTTPParser of [false, true]) {
      const port = await stage.serve(createServer({ insecureHTTPParser }, proxy.handler));
      const client = await stage.connect(port);
      client.send(text);
      await client.until(/\r\n\r\n/);
      expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(origin.requests).toEqual([]);
  });
});

describe('clients that leave', () => {
  test('while their response is under way end the fetch', async () => {
    const origin = await stage.origin();
    origin.answer = (_, response) => void response.write('abc');
    const proxy = stage.proxyTo(origin);
    const port = await stage.serve(proxy.handler);
    const client = await stage.connect(port);
    client.send(get);
    await client.until(/abc/);
    client.socket.destroy();
    await origin.until(() => origin.open === 0);
    expect(proxy.stats()).toMatchObject({ inFlight: 0, clientAborts: 1 });
  });

  test('before there is one end the fetch, if it is for them only', async () => {
    const origin = await stage.origin();
    origin.answer = () => {};
    const proxy = stage.proxyTo(origin, { recv: () => 'pass' });
    const port = await stage.serve(proxy.handler);
    const client = await stage.connect(port);
    client.send(get);
    await origin.until(() => origin.requests.length === 1);
    client.socket.resetAndDestroy();
    await origin.until(() => origin.open === 0);
    expect(proxy.stats()).toMatchObject({ inFlight: 0, clientAborts: 1 });
  });

  test('within their body end the fetch, and are no failure of the backend', async () => {
    const origin = await stage.origin();
    origin.answer = echo;
    const proxy = stage.proxyTo(origin);
    const port = await stage.serve(proxy.handler);
    const client = await stage.connect(port);
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc');
    await origin.until(() => origin.requests.length === 1);
    client.socket.destroy();
    await origin.until(() => origin.open === 0);
    const [figures] = Object.values(proxy.stats().backends);
    expect(figures).toMatchObject({ inFlight: 0, failures: {} });
  });
});

describe('somebody else who answers first', () => {
  test('wins, and the fetch is given up', async () => {
    const origin = await stage.origin();
    origin.answer = () => {};
    const proxy = stage.proxyTo(origin, { recv: () => 'pass' });
    const port = await stage.serve((request, response) => {
      proxy.handler(request, response);
      // As a time-out middleware does.
      void origin.until(() => origin.requests.length === 1).then(() => response.writeHead(504).end());
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(504);
    await origin.until(() => origin.open === 0);
    expect(proxy.stats().inFlight).toBe(0);
  });

  test('wins also when the answer is there already', async () => {
    const origin = await stage.origin();
    const proxy = stage.proxyTo(origin);
    const port = await stage.serve((request, response) => {
      proxy.handler(request, response);
      response.writeHead(200);
      response.write('mine');
      void origin.until(() => origin.requests.length === 1).then(() => setImmediate(() => response.end()));
    });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('mine');
  });
});

test('a request can be piped: bytes go both ways from its head on', async () => {
  const origin = await stage.origin();
  origin.answer = echo;
  const ended: RequestReport[] = [];
  const log = { access: (report: RequestReport) => void ended.push(report) };
  const proxy = stage.proxyTo(origin, { recv: () => 'pipe' }, { log });
  const port = await stage.serve(proxy.handler);
  for (const [framing, body] of [
    ['Content-Length: 6', 'abcdef'],
    ['Transfer-Encoding: chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'],
  ]) {
    const client = await stage.connect(port);
    client.send(`POST / HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n${body}`);
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.received.replace(/\r\n3\r\n/g, '')).toMatch(/abc.*def/s);
  }
  await proxy.close();
  expect(ended.map(({ ending }) => ending)).toEqual(['piped', 'piped']);
});

test('the figures and the failed requests know the handler', async () => {
  const origin = await stage.origin();
  const proxy = stage.proxyTo(origin);
  const port = await stage.serve(proxy.handler);
  await origin.close();
  expect((await fetch(`http://127.0.0.1:${port}/x`)).status).toBe(503);
  expect(proxy.failedRequests()).toMatchObject([{ listener: 'handler', url: '/x', client: '127.0.0.1' }]);
});
