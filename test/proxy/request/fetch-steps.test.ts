import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { fetchLimitDefaults } from '../../../src/config/declaration.ts';
import type { BackendRef, Hooks } from '../../../src/config/hooks.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { sha256Hex } from '../../../src/sha256.ts';
import { anyProbe, identityNamed, ProxyWorld, worldWith } from '../../support/proxy-world.ts';

const retryOn5xx: Hooks = {
  backendResponse: ({ beresp }) => (beresp.status >= 500 ? 'retry' : undefined),
};

function toBackend(target: BackendRef): NonNullable<Hooks['recv']> {
  return ({ req }) => {
    req.backend = target;
    return undefined;
  };
}

describe('a backend that does not answer', () => {
  test('is a 503 with a page, and an entry in the log', () => {
    const world = worldWith();
    const exchange = world.request({ target: '/x' });
    world.transport.latest.fail('backend.connect-failed');
    expect(exchange.answer).toMatchObject({ status: 503, reason: 'Backend fetch failed', state: 'whole' });
    expect(exchange.answer?.body).toMatch(/503 Backend fetch failed/);
    expect(exchange.answer?.fields.has('Via')).toBe(false);
    expect(world.failures).toMatchObject([
      {
        config: 'boot@1',
        xid: '1',
        identity: identityNamed('b1'),
        client: '198.51.100.7',
        method: 'GET',
        url: '/x',
        restarts: 0,
        retries: 0,
        error: { code: 'backend.connect-failed' },
      },
    ]);
    expect(world.plane.stats(identityNamed('b1'))).toMatchObject({
      inFlight: 0,
      requests: 1,
      failures: { 'backend.connect-failed': 1 },
    });
  });

  test.each([
    ['deliver', 503, 1, /Backend fetch failed/],
    ['retry', 503, 5, /Service Unavailable/],
    ['abandon', 503, 1, /Service Unavailable/],
    ['fail', 503, 1, /Service Unavailable/],
  ] as const)('may be answered by backendError with %s', (action, status, asked, body) => {
    const world = worldWith({ hooks: { backendError: () => action } });
    const exchange = world.request();
    for (let i = 0; i < world.transport.fetches.length; i++) world.transport.fetches[i]?.fail();
    expect(exchange.answer?.status).toBe(status);
    expect(exchange.answer?.body).toMatch(body);
    expect(world.transport.fetches.length).toBe(asked);
    expect(exchange.breaches).toEqual([]);
  });

  test('lets backendError write the answer, which goes through deliver', () => {
    const world = worldWith({
      hooks: {
        backendError: ({ beresp, bereq }) => {
          beresp.status = 502;
          beresp.body = `no ${bereq.backend}`;
          return undefined;
        },
        deliver: ({ resp }) => resp.http.set('X-Deliver', String(resp.status)) as undefined,
      },
    });
    const exchange = world.request();
    world.transport.latest.fail();
    expect(exchange.answer).toMatchObject({ status: 502, reason: 'Bad Gateway', body: 'no b1' });
    expect(exchange.answer?.fields.get('X-Deliver')).toBe('502');
  });

  test('is a 503 if backendError fails itself', () => {
    const world = worldWith({
      hooks: {
        backendError: () => {
          throw new Error('oops');
        },
      },
    });
    const exchange = world.request();
    world.transport.latest.fail();
    expect(exchange.answer?.status).toBe(503);
    expect(world.hookErrors).toMatchObject([{ hook: 'backendError' }]);
  });

  test('because the transport would not take the request is one, too', () => {
    const world = worldWith();
    world.transport.fetch = () => {
      throw new TypeError('no');
    };
    expect(world.request().answer?.status).toBe(503);
    expect(world.failures).toMatchObject([{ error: { code: 'troupe.internal' } }]);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
  });
});

describe('nobody to ask', () => {
  test('is a 503 at once', () => {
    const world = worldWith({ backends: [{ name: 'b1', probe: anyProbe }] });
    expect(world.request().answer).toMatchObject({ status: 503, reason: 'Backend fetch failed' });
    expect(world.transport.fetches).toEqual([]);
    expect(world.failures).toMatchObject([{ error: { code: 'backend.none-healthy' }, identity: undefined }]);
  });

  test('ends as soon as a snapshot says otherwise', () => {
    const world = worldWith({ backends: [{ name: 'b1', probe: anyProbe }] });
    world.setHealth('b1', { passing: true });
    world.request();
    expect(world.transport.latest.backend).toBe('b1');
  });

  test('in a config without backends, and in a hook that names none, has its own sentence', () => {
    const empty = worldWith({ backends: [] });
    expect(empty.request().answer?.status).toBe(503);
    expect(empty.failures[0]?.error.message).toMatch(/declares no backend/);
    const lost = worldWith({ hooks: { recv: toBackend('b9') } });
    expect(lost.request().answer?.status).toBe(503);
    expect(lost.failures[0]?.error.message).toMatch(/chosen b9, but the config has no/);
  });

  test('can be answered by asking somebody else', () => {
    const world = worldWith({
      backends: [{ name: 'b1', probe: anyProbe }, 'b2'],
      hooks: {
        backendError: ({ bereq }) => {
          bereq.backend = 'b2';
          return 'retry';
        },
      },
    });
    const exchange = world.request();
    world.transport.latest.answer(200, 'hello');
    expect(exchange.answer?.body).toBe('hello');
  });
});

describe('retries', () => {
  test('ask again, with what the hooks have made of the request', () => {
    const seen: string[] = [];
    const world = worldWith({
      hooks: {
        backendFetch: ({ bereq }) => {
          seen.push(`${bereq.retries} ${bereq.backend} ${bereq.http.get('X-Try') ?? '-'}`);
          return undefined;
        },
        backendResponse: ({ beresp, bereq }) => {
          if (beresp.status < 500) return 'deliver';
          expect(bereq.backend).toBe('b1');
          bereq.backend = 'b2';
          bereq.http.set('X-Try', '2');
          return 'retry';
        },
      },
    });
    const exchange = world.request();
    world.transport.latest.answer(500, 'no');
    expect([world.transport.latest.backend, world.transport.latest.request.fields.get('X-Try')]).toEqual([
      'b2',
      '2',
    ]);
    world.transport.latest.answer(200, 'yes');
    expect(exchange.answer).toMatchObject({ status: 200, body: 'yes' });
    expect(seen).toEqual(['0 b1 -', '1 b2 2']);
  });

  test('pick anew from a director', () => {
    const world = worldWith({
      hooks: retryOn5xx,
      directors: [
        {
          name: 'rr',
          policy: { kind: 'round_robin' },
          members: [
            { target: 'b1', weight: 1 },
            { target: 'b2', weight: 1 },
          ],
        },
      ],
      defaultTarget: 'rr',
    });
    world.request();
    world.transport.latest.answer(503);
    expect(world.transport.fetches.map(({ backend }) => backend)).toEqual(['b1', 'b2']);
  });

  test('let a small answer run out, so that its connection can be used again, and cut a long one', () => {
    const world = worldWith({ hooks: retryOn5xx });
    world.request();
    const [small] = world.transport.fetches;
    small?.head(500, ['Content-Length', '2']);
    expect(small?.isAborted).toBe(false);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(2);
    small?.data('no').end();
    world.transport.latest.head(500, ['Content-Length', '1000000']);
    expect(world.transport.fetches[1]?.isAborted).toBe(true);
    world.transport.latest.head(500, ['Transfer-Encoding', 'chunked']);
    expect(world.transport.fetches[2]?.isAborted).toBe(true);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(1);
  });

  test('are limited, and the limit can be set', () => {
    const world = worldWith({ hooks: retryOn5xx }, { limits: { maxRetries: 1 } });
    const exchange = world.request();
    for (let i = 0; i < world.transport.fetches.length; i++) world.transport.fetches[i]?.answer(500);
    expect(world.transport.fetches.length).toBe(2);
    expect(exchange.answer).toMatchObject({ status: 503, reason: 'Backend fetch failed' });
    expect(world.failures.at(-1)?.error).toMatchObject({ code: 'troupe.limit' });
  });
});

describe('timeouts and limits', () => {
  test('are those of the backend, unless a hook says otherwise', () => {
    const limits = {
      ...fetchLimitDefaults,
      connectTimeoutMs: 1,
      firstByteTimeoutMs: 2,
      betweenBytesTimeoutMs: 3,
    };
    const world = worldWith({
      backends: [{ name: 'b1', limits }],
      hooks: { backendFetch: ({ bereq }) => void Object.assign(bereq, { firstByteTimeoutMs: 20 }) },
    });
    world.request();
    expect(world.transport.latest.request).toMatchObject({
      connectTimeoutMs: 1,
      firstByteTimeoutMs: 20,
      betweenBytesTimeoutMs: 3,
    });
  });

  test('of which a declaration says nothing may change while its config is in use', () => {
    const world = worldWith();
    const backends = world.backends('b1');
    const declared = backends.map((one) => ({ ...one, limits: { connectTimeoutMs: 1 } }));
    const key = configKeyOf('other', 1);
    const config = { backends: declared, directors: [], saintmodes: [], defaultTarget: 'b1' };
    world.plane.load(key, { ...config, hooks: {}, file: undefined }, backends);
    world.use(key);
    world.plane.adjust({}, {}, {}, { connectTimeoutMs: 5, firstByteTimeoutMs: 6 });
    world.request();
    const { betweenBytesTimeoutMs } = fetchLimitDefaults;
    const wanted = { connectTimeoutMs: 1, firstByteTimeoutMs: 6, betweenBytesTimeoutMs };
    expect(world.transport.latest.request).toMatchObject(wanted);
  });

  test('more requests in flight than maxConnections are refused, until one has ended', () => {
    const world = worldWith({
      backends: [{ name: 'b1', limits: { ...fetchLimitDefaults, maxConnections: 1 } }],
    });
    world.request();
    const refused = world.request();
    expect(refused.answer?.status).toBe(503);
    expect(world.failures[0]?.error.code).toBe('backend.busy');
    expect(world.plane.stats(identityNamed('b1'))).toMatchObject({
      inFlight: 1,
      requests: 1,
      failures: { 'backend.busy': 1 },
    });
    world.transport.latest.answer(200);
    world.request();
    expect(world.transport.fetches.length).toBe(2);
  });

  test('requests in flight count for an identity, but the limit is that of the request’s own config', () => {
    const world = new ProxyWorld();
    const narrow = { ...fetchLimitDefaults, maxConnections: 1 };
    const first = world.load({ backends: ['b1'] }, 'wide');
    const second = world.load({ backends: [{ name: 'b1', limits: narrow }] }, 'narrow');
    world.use(first);
    world.request();
    world.request();
    expect(world.transport.fetches.length).toBe(2);
    world.use(second);
    expect(world.request().answer?.status).toBe(503);
  });
});

describe('saintmode', () => {
  const saintly = {
    saintmodes: [
      { name: 's1', backend: 'b1', threshold: 2 },
      { name: 's2', backend: 'b2', threshold: 2 },
    ],
    directors: [
      {
        name: 'first',
        policy: { kind: 'fallback', sticky: false },
        members: [
          { target: 's1', weight: 1 },
          { target: 's2', weight: 1 },
        ],
      },
    ],
    defaultTarget: 'first',
  } as const;
  const denyOn5xx: Hooks = {
    backendResponse: ({ beresp, deny }) => {
      if (beresp.status < 500) return undefined;
      deny('20s');
      return 'retry';
    },
  };

  test('the retry avoids the backend just denied for this object, and other objects still use it', () => {
    const world = worldWith({ ...saintly, hooks: denyOn5xx });
    const exchange = world.request({ target: '/broken' });
    world.transport.latest.answer(500);
    expect(world.transport.latest.backend).toBe('b2');
    world.transport.latest.answer(200, 'ok');
    expect(exchange.answer?.body).toBe('ok');

    world.request({ target: '/broken' });
    expect(world.transport.latest.backend).toBe('b2');
    world.request({ target: '/fine' });
    expect(world.transport.latest.backend).toBe('b1');
  });

  test('a denied object is asked again when its time is over', () => {
    const world = worldWith({ ...saintly, hooks: denyOn5xx });
    world.request({ target: '/broken' });
    world.transport.latest.answer(500);
    world.clock.advance(19_999);
    world.request({ target: '/broken' });
    expect(world.transport.latest.backend).toBe('b2');
    world.clock.advance(1);
    world.request({ target: '/broken' });
    expect(world.transport.latest.backend).toBe('b1');
  });

  test('a list that has reached the threshold keeps every object away', () => {
    const world = worldWith({ ...saintly, hooks: denyOn5xx });
    for (const target of ['/1', '/2']) {
      world.request({ target });
      world.transport.latest.answer(500);
    }
    world.request({ target: '/fine' });
    expect(world.transport.latest.backend).toBe('b2');
  });

  test('a denial is told as a fact, with the object’s hash', () => {
    const world = worldWith({ ...saintly, hooks: denyOn5xx });
    world.request({ target: '/broken', fields: ['Host', 'EXAMPLE.com'] });
    world.transport.latest.answer(500);
    expect(world.facts).toEqual([]);
    world.clock.advance(0);
    expect(world.facts).toEqual([
      {
        type: 'saint.denied',
        identity: identityNamed('b1'),
        object: sha256Hex('/broken\0example.com\0'),
        deadline: 20_000,
      },
    ]);
  });

  test('the object is what the hash hook says', () => {
    const world = worldWith({
      ...saintly,
      hooks: { ...denyOn5xx, hash: ({ hashData }) => void hashData('all') },
    });
    world.request({ target: '/1' });
    world.transport.latest.answer(500);
    world.request({ target: '/2' });
    expect(world.transport.latest.backend).toBe('b2');
  });

  test('a backend that does not answer can be denied, too', () => {
    const world = worldWith({
      ...saintly,
      hooks: {
        backendError: ({ deny }) => {
          deny(1_000);
          return 'retry';
        },
      },
    });
    world.request();
    world.transport.latest.fail();
    expect(world.transport.latest.backend).toBe('b2');
  });

  test.each([
    ['without a saintmode object', {}, '20s', /^deny: no saintmode object wraps the backend b1/],
    ['for no time', saintly, 0, /^deny: a duration of 0 for b1 denies nothing/],
    ['for less than no time', saintly, -1, /^deny: a duration of -1 for b1/],
  ])('denying %s is a line in the log', (_, config, duration, sentence) => {
    const world = worldWith({ ...config, hooks: { backendResponse: ({ deny }) => void deny(duration) } });
    world.request();
    world.transport.latest.answer(200);
    world.clock.advance(0);
    expect(world.facts).toEqual([]);
    expect(world.lines).toEqual([expect.stringMatching(sentence)]);
  });

  test('denying where nobody was asked is one as well', () => {
    const world = worldWith({
      ...saintly,
      backends: [
        { name: 'b1', probe: anyProbe },
        { name: 'b2', probe: anyProbe },
      ],
      hooks: { backendError: ({ deny }) => void deny('1s') },
    });
    world.request();
    expect(world.lines).toEqual(['deny: no backend was asked, so there is none to deny']);
  });

  test.each(['soon', '-5s', Number.NaN])('denying for %s is a mistake', (duration) => {
    const world = worldWith({ ...saintly, hooks: { backendResponse: ({ deny }) => void deny(duration) } });
    const exchange = world.request();
    world.transport.latest.answer(200);
    expect(exchange.answer?.status).toBe(503);
    expect(world.hookErrors[0]?.error.message).toMatch(/deny\(\) was given/);
  });

  test('healthy() on the backend side knows the saint list', () => {
    const seen: boolean[] = [];
    const world = worldWith({
      ...saintly,
      hooks: {
        backendResponse: ({ deny, healthy }) => {
          seen.push(healthy('s1'));
          deny('1s');
          seen.push(healthy('s1'), healthy('first'), healthy('b1'), healthy('nobody'));
          return undefined;
        },
      },
    });
    world.request();
    world.transport.latest.answer(200);
    expect(seen).toEqual([true, false, true, true, false]);
  });
});

describe('a hash director', () => {
  const backends = Array.from({ length: 8 }, (_, i) => `b${i}`);
  const config = {
    backends,
    directors: [
      { name: 'h', policy: { kind: 'hash' }, members: backends.map((target) => ({ target, weight: 1 })) },
    ],
    defaultTarget: 'h',
  } as const;

  test('goes by the request hash, or by the key that a hook gives', () => {
    const asked = (hooks: Hooks, targets: string[]) => {
      const world = worldWith({ ...config, hooks });
      for (const target of targets) world.request({ target });
      return new Set(world.transport.fetches.map(({ backend }) => backend));
    };
    const targets = Array.from({ length: 32 }, (_, i) => `/${i}`);
    expect(asked({}, targets).size).toBeGreaterThan(1);
    expect(asked({}, ['/1', '/1', '/1']).size).toBe(1);
    expect(asked({ recv: toBackend({ name: 'h', key: 'user-1' }) }, targets).size).toBe(1);
  });
});

describe('request bodies', () => {
  test('are streamed to the backend with their length', async () => {
    const world = worldWith();
    const body = new Readable({ read() {} });
    world.request({ method: 'POST', body, bodyLength: 5 });
    const { request } = world.transport.latest;
    expect(request.bodyLength).toBe(5);
    body.push('he');
    body.push('llo');
    body.push(null);
    expect(await textOf(request.body)).toBe('hello');
  });

  test('go to a retry from their first byte while they are small', async () => {
    const world = worldWith({ hooks: retryOn5xx });
    const body = new Readable({ read() {} });
    const exchange = world.request({ method: 'POST', body });
    body.push('he');
    const first = world.transport.latest;
    (first.request.body as Readable).read();
    first.answer(500, 'no');
    body.push('llo');
    body.push(null);
    expect(await textOf(world.transport.latest.request.body)).toBe('hello');
    world.transport.latest.answer(200, 'yes');
    expect(exchange.answer?.body).toBe('yes');
  });

  test('are never replayed in part: a retry is refused once too much was sent', () => {
    const world = worldWith({ hooks: retryOn5xx }, { limits: { replayableBodyBytes: 3 } });
    const body = new Readable({ read() {} });
    const exchange = world.request({ method: 'POST', body });
    body.push('hello');
    (world.transport.latest.request.body as Readable).read();
    world.transport.latest.answer(500);
    expect(world.transport.fetches.length).toBe(1);
    expect(exchange.answer).toMatchObject({ status: 503, reason: 'Backend fetch failed' });
    expect(world.failures).toMatchObject([{ error: { code: 'troupe.not-replayable' } }]);
  });

  test('need not be complete for an answer', () => {
    const world = worldWith();
    const body = new Readable({ read() {} });
    const exchange = world.request({ method: 'POST', body, bodyLength: 1_000 });
    body.push('the beginning');
    world.transport.latest.answer(413, 'too much');
    expect(exchange.answer).toMatchObject({ status: 413, body: 'too much', state: 'whole' });
    expect((world.transport.latest.request.body as Readable).destroyed).toBe(true);
    expect(body.destroyed).toBe(false);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
  });

  test('that the client breaks off are not the backend’s failure, and nothing is retried', () => {
    const world = worldWith({ hooks: { backendError: () => 'retry' } });
    const body = new Readable({ read() {} });
    const exchange = world.request({ method: 'POST', body });
    exchange.abort();
    world.transport.latest.fail();
    expect(world.transport.fetches.length).toBe(1);
    expect(world.failures).toEqual([]);
    expect(exchange.breaches).toEqual([]);
  });

  test('can be seen by hooks, not read', () => {
    const seen: boolean[] = [];
    const world = worldWith({ hooks: { backendFetch: ({ bereq }) => void seen.push(bereq.hasBody) } });
    world.request();
    world.request({ method: 'POST', body: 'x' });
    expect(seen).toEqual([false, true]);
  });
});

async function textOf(body: unknown): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  let text = '';
  for await (const chunk of body as Readable) text += String(chunk);
  return text;
}
