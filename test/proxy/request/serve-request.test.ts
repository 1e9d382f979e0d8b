import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ClientContext, Hooks } from '../../../src/config/hooks.ts';
import { type ProxyWorld, worldWith } from '../../support/proxy-world.ts';

/** A hook that returns what no type allows, as a config in JavaScript may. */
function returning(answer: unknown): () => undefined {
  return () => answer as undefined;
}

function answerOf(world: ProxyWorld, method = 'GET') {
  const exchange = world.request({ method });
  const call = world.transport.fetches.at(-1);
  call?.answer(200, 'from the backend');
  expect(exchange.breaches).toEqual([]);
  return exchange.answer;
}

describe('a request without hooks', () => {
  test('goes to the first backend, and its answer to the client', () => {
    const world = worldWith();
    const exchange = world.request({
      target: '/a?b',
      fields: ['Host', 'example.com', 'Connection', 'keep-alive, X-Hop', 'X-Hop', '1', 'Cookie', 'c=1'],
    });
    const { request, backend } = world.transport.latest;
    expect(backend).toBe('b1');
    expect(request.method).toBe('GET');
    expect(request.path).toBe('/a?b');
    expect(request.fields.raw).toEqual([
      'Host',
      'example.com',
      'Cookie',
      'c=1',
      'X-Forwarded-For',
      '198.51.100.7',
      'Via',
      '1.1 troupe',
    ]);
    expect(request.body).toBeUndefined();

    world.transport.latest.answer(200, 'hello', ['Date', 'then', 'Keep-Alive', 'timeout=5']);
    expect(exchange.answer).toMatchObject({ status: 200, length: 5, body: 'hello', state: 'whole' });
    expect(exchange.answer?.fields.raw).toEqual(['Date', 'then', 'Via', '1.1 troupe']);
    expect(exchange.breaches).toEqual([]);
  });

  test('from an HTTP/1.0 client without Host asks for the host that the backend is known by', () => {
    const world = worldWith();
    world.request({ version: '1.0', fields: [] });
    const { fields } = world.transport.latest.request;
    expect(fields.get('Host')).toBe('b1.internal');
    expect(fields.get('Via')).toBe('1.0 troupe');
  });

  test('in absolute form asks the host of its target', () => {
    const world = worldWith();
    world.request({ target: 'http://other.example/x', fields: ['Host', 'example.com'] });
    const { path, fields } = world.transport.latest.request;
    expect([path, fields.getAll('Host')]).toEqual(['/x', ['other.example']]);
  });

  test('for something else than http is refused', () => {
    const exchange = worldWith().request({ target: 'ftp://example.com/' });
    expect(exchange.answer).toMatchObject({ status: 400, body: '400 Bad Request\n' });
  });

  test('to open a tunnel is refused', () => {
    const world = worldWith();
    const exchange = world.request({ method: 'CONNECT', target: 'example.com:443' });
    expect(exchange.answer?.status).toBe(501);
    expect(world.transport.fetches).toEqual([]);
  });

  test.each(['POST', 'DELETE', 'PROPFIND'])('with the method %s is passed', (method) => {
    const order: string[] = [];
    const world = worldWith({ hooks: { pass: () => void order.push('pass') } });
    world.request({ method });
    expect(order).toEqual(['pass']);
    expect(world.transport.latest.request.method).toBe(method);
  });
});

describe('responses', () => {
  test('get the date of their arrival if the origin gave none', () => {
    const world = worldWith();
    const exchange = world.request();
    world.transport.latest.answer(204);
    expect(exchange.answer?.fields.get('Date')).toBe('Tue, 14 Nov 2023 22:13:20 GMT');
  });

  test('of unknown length are streamed, with their trailers', () => {
    const world = worldWith();
    const exchange = world.request();
    const fetch = world.transport.latest.head(200, ['Transfer-Encoding', 'chunked', 'Trailer', 'Digest']);
    fetch.data('one ').data('two').end(['Digest', 'x', 'Connection', 'close']);
    expect(exchange.answer).toMatchObject({ length: undefined, body: 'one two', state: 'ended' });
    expect(exchange.answer?.fields.get('Trailer')).toBe('Digest');
    expect(exchange.answer?.trailers?.raw).toEqual(['Digest', 'x']);
  });

  test('to HTTP/1.0 announce no trailers', () => {
    const world = worldWith();
    const exchange = world.request({ version: '1.0' });
    world.transport.latest.head(200, ['Transfer-Encoding', 'chunked', 'Trailer', 'Digest']);
    expect(exchange.answer?.fields.has('Trailer')).toBe(false);
  });

  test('to HEAD have a length and no body', () => {
    const world = worldWith();
    const exchange = world.request({ method: 'HEAD' });
    world.transport.latest.head(200, ['Content-Length', '1234']).end();
    expect(exchange.answer).toMatchObject({ status: 200, length: 1234, body: '', state: 'whole' });
    expect(world.plane.stats(world.transport.latest.target.identity)?.inFlight).toBe(0);
  });

  test('to HEAD whose length nobody knows have none', () => {
    const world = worldWith();
    const exchange = world.request({ method: 'HEAD' });
    world.transport.latest.head(200, ['Transfer-Encoding', 'chunked']).end();
    expect(exchange.answer).toMatchObject({ length: undefined, state: 'whole' });
  });

  test('with 304 keep their length and have no body, with 204 have neither', () => {
    const world = worldWith();
    const [notModified, noContent] = [world.request(), world.request()];
    world.transport.fetches[0]?.head(304, ['Content-Length', '7']).end();
    world.transport.fetches[1]?.head(204, ['Content-Length', '7']).end();
    expect(notModified.answer).toMatchObject({ status: 304, length: 7, state: 'whole' });
    expect(noContent.answer).toMatchObject({ status: 204, length: undefined, state: 'whole' });
  });

  test('of length 0 are one write', () => {
    const world = worldWith();
    const exchange = world.request();
    world.transport.latest.head(200, ['Content-Length', '0']);
    expect(exchange.answer).toMatchObject({ length: 0, state: 'whole' });
    world.transport.latest.end();
    expect(exchange.breaches).toEqual([]);
  });

  test('come at the pace of the client', () => {
    const world = worldWith();
    const exchange = world.request();
    exchange.takesMore = false;
    const fetch = world.transport.latest.head(200).data('a');
    expect(fetch.isPaused).toBe(true);
    exchange.drain();
    expect(fetch.isPaused).toBe(false);
    expect(fetch.data('b').isPaused).toBe(false);
  });

  test('that break off are cut, so that the client can tell', () => {
    const world = worldWith();
    const exchange = world.request();
    world.transport.latest.head(200, ['Content-Length', '10']).data('half').fail('backend.reset');
    expect(exchange.answer).toMatchObject({ body: 'half', state: 'cut' });
    expect(world.failures).toMatchObject([{ error: { code: 'backend.reset' }, url: '/', retries: 0 }]);
  });

  test('with a status that is none are 503', () => {
    const world = worldWith();
    const exchange = world.request();
    world.transport.latest.head(101);
    expect(exchange.answer).toMatchObject({ status: 503, reason: 'Backend fetch failed' });
    expect(world.transport.latest.isAborted).toBe(true);
    expect(world.failures).toMatchObject([{ error: { code: 'backend.malformed' } }]);
  });
});

describe('a client that goes away', () => {
  const phases: Record<string, (world: ProxyWorld) => void> = {
    'before the answer': () => {},
    'during the answer': (world) => void world.transport.latest.head(200).data('a'),
  };
  test.each(Object.keys(phases))('%s ends the fetch', (phase) => {
    const world = worldWith();
    const exchange = world.request();
    phases[phase]?.(world);
    exchange.abort();
    expect(world.transport.latest.isAborted).toBe(true);
    expect(world.plane.stats(world.transport.latest.target.identity)?.inFlight).toBe(0);
    expect(exchange.breaches).toEqual([]);
  });
});

/** Each hook's legal answers and what the client sees of them; the backend always answers 200. */
const legal: Record<string, { hooks: Hooks; method?: string; status: number; asked: number; body?: RegExp }> =
  {
    'recv: nothing': { hooks: { recv: () => undefined }, status: 200, asked: 1 },
    'recv: hash': { hooks: { recv: () => 'hash' }, status: 200, asked: 1 },
    'recv: pass': { hooks: { recv: () => 'pass' }, status: 200, asked: 1 },
    'recv: purge': { hooks: { recv: () => 'purge' }, status: 200, asked: 0, body: /200 Purged/ },
    'recv: restart': { hooks: { recv: () => 'restart' }, status: 503, asked: 0 },
    'recv: fail': { hooks: { recv: () => 'fail' }, status: 503, asked: 0, body: /VCL failed/ },
    'recv: synth': { hooks: { recv: () => ({ synth: 404 }) }, status: 404, asked: 0, body: /404 Not Found/ },
    'recv: synth with a reason': {
      hooks: { recv: () => ({ synth: 700, reason: 'Go <away>' }) },
      status: 700,
      asked: 0,
      body: /700 Go &#60;away&#62;/,
    },
    'hash: lookup': { hooks: { hash: () => 'lookup' }, status: 200, asked: 1 },
    'hash: fail': { hooks: { hash: () => 'fail' }, status: 503, asked: 0 },
    'pass: fetch': { hooks: { recv: () => 'pass', pass: () => 'fetch' }, status: 200, asked: 1 },
    'pass: restart': { hooks: { recv: () => 'pass', pass: () => 'restart' }, status: 503, asked: 0 },
    'pass: fail': { hooks: { recv: () => 'pass', pass: () => 'fail' }, status: 503, asked: 0 },
    'pass: synth': { hooks: { recv: () => 'pass', pass: () => ({ synth: 403 }) }, status: 403, asked: 0 },
    'purge: nothing': { hooks: { recv: () => 'purge', purge: () => undefined }, status: 200, asked: 0 },
    'purge: synth': { hooks: { recv: () => 'purge', purge: () => ({ synth: 202 }) }, status: 202, asked: 0 },
    'purge: restart': { hooks: { recv: () => 'purge', purge: () => 'restart' }, status: 503, asked: 0 },
    'purge: fail': { hooks: { recv: () => 'purge', purge: () => 'fail' }, status: 503, asked: 0 },
    'backendFetch: fetch': { hooks: { backendFetch: () => 'fetch' }, status: 200, asked: 1 },
    'backendFetch: abandon': { hooks: { backendFetch: () => 'abandon' }, status: 503, asked: 0 },
    'backendFetch: fail': { hooks: { backendFetch: () => 'fail' }, status: 503, asked: 0 },
    'backendResponse: deliver': { hooks: { backendResponse: () => 'deliver' }, status: 200, asked: 1 },
    'backendResponse: pass': { hooks: { backendResponse: () => 'pass' }, status: 200, asked: 1 },
    'backendResponse: retry': {
      hooks: { backendResponse: () => 'retry' },
      status: 503,
      asked: 5,
      body: /Backend fetch failed/,
    },
    'backendResponse: abandon': {
      hooks: { backendResponse: () => 'abandon' },
      status: 503,
      asked: 1,
      body: /Service Unavailable/,
    },
    'backendResponse: fail': { hooks: { backendResponse: () => 'fail' }, status: 503, asked: 1 },
    'deliver: deliver': { hooks: { deliver: () => 'deliver' }, status: 200, asked: 1 },
    'deliver: restart': { hooks: { deliver: () => 'restart' }, status: 503, asked: 5 },
    'deliver: fail': { hooks: { deliver: () => 'fail' }, status: 503, asked: 1 },
    'deliver: synth': { hooks: { deliver: () => ({ synth: 418 }) }, status: 418, asked: 1 },
    'synth: deliver': {
      hooks: { recv: () => ({ synth: 404 }), synth: () => 'deliver' },
      status: 404,
      asked: 0,
    },
    'synth: restart': {
      hooks: { recv: () => ({ synth: 404 }), synth: () => 'restart' },
      status: 503,
      asked: 0,
    },
    'synth: fail': { hooks: { recv: () => ({ synth: 404 }), synth: () => 'fail' }, status: 503, asked: 0 },
  };

describe('legal answers of hooks', () => {
  test.each(Object.keys(legal))('%s', (name) => {
    const { hooks, status, asked, body } = legal[name] as (typeof legal)[string];
    const world = worldWith({ hooks });
    const exchange = world.request();
    for (let i = 0; i < world.transport.fetches.length; i++) world.transport.fetches[i]?.answer(200, 'hello');
    expect(exchange.answer?.status).toBe(status);
    expect(exchange.isOver).toBe(true);
    expect(exchange.breaches).toEqual([]);
    expect(world.transport.fetches.length).toBe(asked);
    if (body !== undefined) expect(exchange.answer?.body).toMatch(body);
    expect(world.hookErrors).toEqual([]);
  });

  test.each(['GET', 'HEAD'])('null is nothing, too (%s)', (method) => {
    const world = worldWith({ hooks: { recv: returning(null), deliver: returning(null) } });
    expect(answerOf(world, method)?.status).toBe(200);
  });
});

/** Hooks on the way of a GET, and of the other requests that it takes to reach them. */
const reach: Record<keyof Omit<Hooks, 'init' | 'fini' | 'pipe' | 'backendError' | 'hit' | 'miss'>, Hooks> = {
  recv: {},
  hash: {},
  pass: { recv: () => 'pass' },
  purge: { recv: () => 'purge' },
  backendFetch: {},
  backendResponse: {},
  deliver: {},
  synth: { recv: () => ({ synth: 404 }) },
};

describe.each(Object.keys(reach) as (keyof typeof reach)[])(
  'a mistake in %s is a 503 and a log entry',
  (hook) => {
    const mistakes: Record<string, [() => undefined, RegExp]> = {
      'a throw': [
        () => {
          throw new Error('oops');
        },
        /threw Error: oops$/,
      ],
      'a promise': [() => Promise.reject(new Error('later')) as never, /returned a promise; .*without async/],
      'an unknown word': [returning('explode'), /returned "explode"; it may return .*, or nothing$/],
      'another hook’s word': [returning('vcl'), /returned "vcl"; it may return '/],
      'a number': [returning(404), /returned 404; it may return/],
      'a synth that is none': [returning({ synth: 99 }), /returned/],
    };
    test.each(Object.keys(mistakes))('%s', (name) => {
      const [mistake, sentence] = mistakes[name] as [() => undefined, RegExp];
      const world = worldWith({ hooks: { ...reach[hook], [hook]: mistake } });
      const exchange = world.request();
      world.transport.fetches[0]?.answer(200, 'hello');
      expect(exchange.answer?.status).toBe(503);
      expect(exchange.isOver).toBe(true);
      expect(exchange.breaches).toEqual([]);
      expect(world.hookErrors.length).toBeGreaterThanOrEqual(1);
      expect(world.hookErrors[0]).toMatchObject({ hook, xid: '1', config: 'boot@1' });
      expect(world.hookErrors[0]?.error.message).toMatch(`the hook ${hook} `);
      expect(world.hookErrors[0]?.error.message).toMatch(sentence);
      expect(world.hookErrors[0]?.error.code).toBe(
        name === 'a promise' ? 'troupe.hook-async' : 'troupe.hook-threw',
      );
    });

    test('and the next request is served as if nothing had been', () => {
      let isFirst = true;
      const once = () => {
        if (isFirst) {
          isFirst = false;
          throw new Error('oops');
        }
        return undefined;
      };
      const world = worldWith({ hooks: { ...reach[hook], [hook]: once } });
      expect(answerOf(world)?.status).toBe(503);
      expect(answerOf(world)?.status).not.toBe(503);
    });
  },
);

test('when the synth hook fails as well, the answer is plain', () => {
  const hooks: Hooks = {
    recv: () => 'fail',
    synth: () => {
      throw new Error('oops');
    },
  };
  const world = worldWith({ hooks });
  expect(world.request().answer).toMatchObject({ status: 503, body: '503 Service Unavailable\n' });
  expect(world.request({ method: 'HEAD' }).answer).toMatchObject({ status: 503, body: '', length: 24 });
});

test('a hook that leaves something that cannot be sent is named', () => {
  const inject = 'a\r\nSet-Cookie: b';
  const cases: [Hooks, string][] = [
    [{ recv: ({ req }) => req.http.set('X', inject) as undefined }, 'recv'],
    [{ backendFetch: ({ bereq }) => bereq.http.set('X', inject) as undefined }, 'backendFetch'],
    [{ backendResponse: ({ beresp }) => beresp.http.set('X', inject) as undefined }, 'backendResponse'],
    [{ deliver: ({ resp }) => resp.http.set('X', inject) as undefined }, 'deliver'],
    [{ recv: () => ({ synth: 404 }), synth: ({ resp }) => resp.http.set('X', inject) as undefined }, 'synth'],
  ];
  for (const [hooks, hook] of cases) {
    const world = worldWith({ hooks });
    const exchange = world.request();
    world.transport.fetches[0]?.answer(200, 'hello');
    expect(exchange.answer?.status).toBe(503);
    expect(exchange.answer?.fields.has('X')).toBe(false);
    expect(world.hookErrors).toMatchObject([{ hook }]);
    expect(world.hookErrors[0]?.error.message).toMatch(/cannot be sent: the field X is set to/);
  }
});

describe('what hooks see', () => {
  test('is the client, the server, the request and the time, the same all through the hook', () => {
    let seen: unknown;
    const world = worldWith({
      hooks: {
        recv: ({ client, server, req, now, healthy, log }) => {
          log('a line');
          seen = [client, server, req.method, req.url, req.proto, req.restarts, req.xid, req.backend, now];
          expect([healthy('b1'), healthy({ name: 'b2' }), healthy('b9')]).toEqual([true, true, false]);
          return undefined;
        },
      },
    });
    world.request({ target: '/x' });
    expect(seen).toEqual([
      { ip: '198.51.100.7', port: 40_000 },
      { ip: '192.0.2.1', port: 80, listener: 'a0' },
      'GET',
      '/x',
      'HTTP/1.1',
      0,
      '1',
      'b1',
      1_700_000_000_000,
    ]);
    expect(world.lines).toEqual(['a line']);
  });

  test('X-Forwarded-For is there in recv, and not appended to at a restart', () => {
    const seen: (string | undefined)[] = [];
    const world = worldWith({
      hooks: {
        recv: ({ req }) => {
          seen.push(req.http.get('X-Forwarded-For'));
          return req.restarts === 0 ? 'restart' : 'pass';
        },
      },
    });
    world.request();
    expect(seen).toEqual(['198.51.100.7', '198.51.100.7']);
  });

  test('what one hook changes the next one finds', () => {
    const world = worldWith({
      hooks: {
        recv: ({ req }) => {
          req.url = '/changed';
          req.http.set('X-Recv', '1');
          req.backend = 'b2';
          return 'pass';
        },
        backendFetch: ({ bereq }) => {
          bereq.http.set('X-Fetch', `${bereq.url} ${bereq.http.get('X-Recv')}`);
          return undefined;
        },
        backendResponse: ({ beresp, bereq }) => {
          beresp.status = 404;
          beresp.http.set('X-From', `${bereq.backend} ${beresp.http.get('Content-Length')}`);
          return undefined;
        },
        deliver: ({ req, resp }) => {
          resp.http.set('X-Deliver', `${req.url} ${resp.status} ${resp.reason} ${resp.http.get('X-From')}`);
          return undefined;
        },
      },
    });
    const exchange = world.request();
    const { latest } = world.transport;
    expect([latest.backend, latest.request.fields.get('X-Fetch')]).toEqual(['b2', '/changed 1']);
    latest.answer(200, 'hello');
    expect(exchange.answer).toMatchObject({ status: 404, reason: 'Not Found', body: 'hello', length: 5 });
    expect(exchange.answer?.fields.get('X-Deliver')).toBe('/changed 404 Not Found b2 5');
    expect(exchange.answer?.fields.has('Content-Length')).toBe(false);
  });

  test('a status assigned after its reason takes its own phrase along', () => {
    const world = worldWith({
      hooks: {
        recv: () => ({ synth: 404, reason: 'Nope' }),
        synth: ({ resp }) => {
          resp.status = 410;
          if (resp.reason === 'Gone') resp.reason = 'Gone for good';
          return undefined;
        },
      },
    });
    expect(world.request().answer).toMatchObject({ status: 410, reason: 'Gone for good' });
  });

  // Those of a request are the transport's to leave out: test/proxy/fetch/http1-fetch.test.ts.
  test('framing fields set by a hook are not in the response', () => {
    const framing = ({ http }: { http: { set(name: string, value: string): void } }) => {
      http.set('Content-Length', '1');
      http.set('Transfer-Encoding', 'chunked');
      http.set('Connection', 'close');
    };
    const world = worldWith({
      hooks: {
        deliver: ({ resp }) => framing(resp) as undefined,
      },
    });
    const exchange = world.request();
    const names = ['Content-Length', 'Transfer-Encoding', 'Connection'];
    world.transport.latest.answer(200, 'hello');
    expect(names.some((name) => exchange.answer?.fields.has(name))).toBe(false);
    expect(exchange.answer).toMatchObject({ length: 5, body: 'hello' });
  });
});

describe('synthetic answers', () => {
  test('are a page, unless a hook writes another body', () => {
    const world = worldWith({
      hooks: {
        recv: ({ req }: ClientContext) => ({ synth: req.url === '/page' ? 404 : 200 }),
        synth: ({ resp }) => {
          if (resp.status !== 200) return undefined;
          resp.http.set('Content-Type', 'application/json');
          resp.body = '{"ü":1}';
          return undefined;
        },
      },
    });
    const page = world.request({ target: '/page' }).answer;
    expect(page?.fields.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(page?.body).toMatch(/<title>404 Not Found<\/title>/);
    expect(page?.body).toMatch(/Request 1</);
    const json = world.request().answer;
    expect(json?.fields.get('Content-Type')).toBe('application/json');
    expect(json).toMatchObject({ status: 200, body: '{"ü":1}', length: 8 });
  });

  test('can be bytes, and nothing but text or bytes', () => {
    const withBody = (body: unknown) =>
      worldWith({
        hooks: {
          recv: () => ({ synth: 200 }),
          synth: ({ resp }) => void Object.assign(resp, { body }),
        },
      });
    expect(withBody(Uint8Array.of(0x68, 0x69)).request().answer).toMatchObject({ body: 'hi', length: 2 });
    const wrong = withBody(42);
    expect(wrong.request().answer?.status).toBe(503);
    expect(wrong.hookErrors[0]?.error.message).toMatch(/the body of a response is a string or bytes/);
  });

  test('to HEAD have the length of the body that is not sent', () => {
    const world = worldWith({ hooks: { recv: () => ({ synth: 404 }) } });
    const { length } = world.request().answer ?? {};
    expect(world.request({ method: 'HEAD' }).answer).toMatchObject({ status: 404, body: '', length });
  });

  test('with 204 have no body', () => {
    const world = worldWith({ hooks: { recv: () => ({ synth: 204 }) } });
    expect(world.request().answer).toMatchObject({ status: 204, body: '', length: undefined });
  });
});

test('the status of a hook decides whether a body is sent', () => {
  const world = worldWith({
    hooks: {
      deliver: ({ resp }) => {
        resp.status = 304;
        return undefined;
      },
    },
  });
  const exchange = world.request();
  world.transport.latest.head(200, ['Content-Length', '5']).data('hello').end();
  expect(exchange.answer).toMatchObject({ status: 304, body: '', state: 'whole' });
  expect(world.transport.latest.isAborted).toBe(false);
  expect(exchange.breaches).toEqual([]);
});

test('a method that a hook changes to HEAD brings no body to a client that asked for one', () => {
  const world = worldWith({
    hooks: {
      backendFetch: ({ bereq }) => {
        bereq.method = 'HEAD';
        return undefined;
      },
    },
  });
  const exchange = world.request();
  world.transport.latest.head(200, ['Content-Length', '5']).end();
  expect(exchange.answer).toMatchObject({ status: 200, length: 0, body: '', state: 'whole' });
});

describe('restarts', () => {
  test('begin again with what hooks have made of the request', () => {
    const seen: string[] = [];
    const world = worldWith({
      hooks: {
        recv: ({ req }) => {
          seen.push(`${req.restarts} ${req.url} ${req.backend}`);
          return undefined;
        },
        deliver: ({ req, resp }) => {
          if (resp.status !== 404) return undefined;
          req.url = '/fallback';
          req.backend = 'b2';
          return 'restart';
        },
      },
    });
    const exchange = world.request({ target: '/first' });
    world.transport.latest.answer(404, 'not here');
    world.transport.latest.answer(200, 'here');
    expect(seen).toEqual(['0 /first b1', '1 /fallback b2']);
    expect(exchange.answer).toMatchObject({ status: 200, body: 'here' });
  });

  test('are limited, and the limit can be set', () => {
    let runs = 0;
    const recv = () => {
      runs++;
      return 'restart' as const;
    };
    const world = worldWith({ hooks: { recv } }, { limits: { maxRestarts: 2 } });
    expect(world.request().answer?.status).toBe(503);
    expect(runs).toBe(3);
    expect(world.lines).toEqual(['no restart: the request was restarted 2 times already']);
  });

  test('of a request whose body is too large to keep are refused', () => {
    const body = new Readable({ read() {} });
    const world = worldWith({ hooks: { deliver: () => 'restart' } }, { limits: { replayableBodyBytes: 4 } });
    const exchange = world.request({ method: 'POST', body });
    body.push('too much');
    (world.transport.latest.request.body as Readable).read();
    world.transport.latest.answer(200, 'x');
    expect(exchange.answer?.status).toBe(503);
    expect(world.lines).toEqual([
      "no restart: more than 4 bytes of the request's body have been sent, and only that many are kept",
    ]);
  });
});

test('the hash hook runs after recv, whatever recv has decided, and not if it failed', () => {
  const order: string[] = [];
  const hash = () => void order.push('hash');
  for (const answer of ['pass', { synth: 200 }, 'fail'] as const) {
    order.length = 0;
    worldWith({ hooks: { recv: () => answer, hash } }).request();
    expect(order).toEqual(answer === 'fail' ? [] : ['hash']);
  }
});
