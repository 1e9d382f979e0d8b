/** The life of objects, as clients and backends see it. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import type { Hooks } from '../../../src/config/hooks.ts';
import { FakeExchange, type FakeRequest } from '../../support/fake-exchange.ts';
import { cachingWorld, ProxyWorld } from '../../support/proxy-world.ts';

const fresh = ['Cache-Control', 'max-age=60'];
const seconds = 1_000;

/** Fetches what a request needs, and answers it. */
function warm(
  world: ProxyWorld,
  body = 'hello',
  fields: readonly string[] = fresh,
  request: FakeRequest = {},
) {
  const exchange = world.request(request);
  world.transport.latest.answer(200, body, fields);
  return exchange;
}
const asked = (world: ProxyWorld) => world.transport.fetches.length;
const fieldOf = (exchange: ReturnType<ProxyWorld['request']>, name: string) =>
  exchange.answer?.fields.get(name);
const stored = (world: ProxyWorld) => world.plane.figures().cache;

describe('a hit', () => {
  test('is served without a backend, with its age', () => {
    const world = cachingWorld();
    expect(warm(world).answer?.body).toBe('hello');
    world.clock.advance(7 * seconds);
    const hit = world.request();
    expect(asked(world)).toBe(1);
    expect(hit.answer).toMatchObject({ status: 200, body: 'hello', state: 'whole' });
    expect(fieldOf(hit, 'Age')).toBe('7');
    expect(fieldOf(hit, 'Via')).toBe('1.1 troupe');
    expect(hit.answer?.fields.getAll('Date')).toHaveLength(1);
  });

  test('another URL, another host, another variant is none', () => {
    const world = cachingWorld();
    warm(world, 'en', [...fresh, 'Vary', 'Accept-Language'], {
      fields: ['Host', 'a', 'Accept-Language', 'en'],
    });
    for (const request of [
      { target: '/other', fields: ['Host', 'a', 'Accept-Language', 'en'] },
      { fields: ['Host', 'b', 'Accept-Language', 'en'] },
      { fields: ['Host', 'a', 'Accept-Language', 'de'] },
      { fields: ['Host', 'a'] },
    ]) {
      const before = asked(world);
      world.request(request);
      expect(asked(world)).toBe(before + 1);
    }
    expect(world.request({ fields: ['Host', 'A', 'accept-language', ' EN'] }).answer?.body).toBe('en');
  });

  test('answers HEAD, whoever asked first', () => {
    const world = cachingWorld();
    const first = world.request({ method: 'HEAD' });
    expect(world.transport.latest.request.method).toBe('GET');
    world.transport.latest.answer(200, 'hello', fresh);
    const second = world.request({ method: 'HEAD' });
    for (const exchange of [first, second]) {
      expect(exchange.answer).toMatchObject({ status: 200, body: '', length: 5 });
    }
    expect(world.request().answer?.body).toBe('hello');
    expect(asked(world)).toBe(1);
  });

  test('says 304 to who has it', () => {
    const world = cachingWorld();
    warm(world, 'hello', [...fresh, 'ETag', '"a"']);
    const same = world.request({ fields: ['Host', 'example.com', 'If-None-Match', '"b", W/"a"'] });
    expect(same.answer).toMatchObject({ status: 304, body: '' });
    expect(fieldOf(same, 'ETag')).toBe('"a"');
    expect(world.request({ fields: ['Host', 'example.com', 'If-None-Match', '"b"'] }).answer?.status).toBe(
      200,
    );
  });

  test.each([
    ['bytes=1-2', 206, 'el', 'bytes 1-2/5'],
    ['bytes=-2', 206, 'lo', 'bytes 3-4/5'],
    ['bytes=9-', 416, '', 'bytes */5'],
    ['bytes=0-1,3-4', 200, 'hello', undefined],
  ])('gives the part %s', (range, status, body, contentRange) => {
    const world = cachingWorld();
    warm(world);
    const part = world.request({ fields: ['Host', 'example.com', 'Range', range] });
    expect(part.answer).toMatchObject({ status, body });
    expect(fieldOf(part, 'Content-Range')).toBe(contentRange);
  });

  test('gives parts of a body that is kept in many pieces', () => {
    const world = cachingWorld({}, 10_000_000);
    const body = Array.from({ length: 300_000 }, (_, i) => `${i}`.padStart(7, '0')).join('');
    const first = world.request();
    world.transport.latest.head(200, [...fresh, 'Content-Length', `${body.length}`]);
    const during = world.request({ fields: ['Host', 'example.com', 'Range', 'bytes=1400000-1400013'] });
    for (let at = 0; at < body.length; at += 50_000) {
      expect(during.answer).toMatchObject({
        status: 206,
        length: 14,
        body: at < 1_400_014 ? '' : '02000000200001',
      });
      world.transport.latest.data(body.slice(at, at + 50_000));
    }
    world.transport.latest.end();
    expect(first.answer?.body).toBe(body);
    expect(during.answer?.state).toBe('ended');
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=65530-65545', 65_530, 65_546],
      ['bytes=-9', body.length - 9, body.length],
      ['bytes=1000000-', 1_000_000, body.length],
    ] as const) {
      const part = world.request({ fields: ['Host', 'example.com', 'Range', range] });
      expect(part.answer).toMatchObject({ status: 206, length: to - from, state: 'ended' });
      expect(part.answer?.body === body.slice(from, to), range).toBe(true);
      expect(fieldOf(part, 'Content-Range')).toBe(`bytes ${from}-${to - 1}/${body.length}`);
    }
    expect(asked(world)).toBe(1);
  });

  test('gives no part of a body that comes, and nobody knows how long it is', () => {
    const world = cachingWorld();
    world.request();
    world.transport.latest.head(200, fresh).data('hel');
    const part = world.request({ fields: ['Host', 'example.com', 'Range', 'bytes=1-2'] });
    world.transport.latest.data('lo').end();
    expect(part.answer).toMatchObject({ status: 200, body: 'hello' });
  });

  test('asks for gzip, and unpacks it for who does not take it', async () => {
    const world = cachingWorld();
    const packed = gzipSync('hello');
    const fetchWith = (...fields: string[]) => world.request({ fields: ['Host', 'example.com', ...fields] });
    const taker = fetchWith('Accept-Encoding', 'br, gzip');
    const { latest } = world.transport;
    expect(latest.request.fields.getAll('Accept-Encoding')).toEqual(['gzip']);
    latest.head(200, [
      ...fresh,
      'Content-Encoding',
      'gzip',
      'ETag',
      '"a"',
      'Content-Length',
      `${packed.length}`,
    ]);
    latest.bytes(packed).end();
    expect(fieldOf(taker, 'Content-Encoding')).toBe('gzip');
    const other = fetchWith('Accept-Encoding', 'gzip;q=0');
    await vi.waitFor(() => expect(other.answer?.state).toBe('ended'));
    expect(other.answer).toMatchObject({ body: 'hello', length: undefined });
    expect(fieldOf(other, 'Content-Encoding')).toBeUndefined();
    expect(fieldOf(other, 'ETag')).toBe('W/"a"');
    const same = fetchWith('If-None-Match', 'W/"a"');
    expect(same.answer?.status).toBe(304);
    expect(fieldOf(same, 'ETag')).toBe('W/"a"');
    expect(asked(world)).toBe(1);
  });
});

describe('is not kept', () => {
  test.each([
    ['an answer that does not say how long it is fresh', []],
    ['no-store', ['Cache-Control', 'max-age=60, No-Store']],
    ['private', ['Cache-Control', 'private, max-age=60']],
    ['a cookie', ['Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b']],
    ['Vary: *', [...fresh, 'Vary', '*']],
  ])('%s', (_, fields) => {
    const world = cachingWorld();
    warm(world, 'one', fields);
    expect(warm(world, 'two', fields).answer?.body).toBe('two');
    expect(stored(world)).toMatchObject({ objects: 1 });
  });

  test('what a config without a cache fetches', () => {
    const world = cachingWorld({ cache: false });
    warm(world);
    warm(world);
    expect(asked(world)).toBe(2);
  });

  test('half an answer, and nobody takes it for whole', () => {
    const world = cachingWorld();
    const exchange = world.request();
    world.transport.latest
      .head(200, [...fresh, 'Content-Length', '10'])
      .data('hello')
      .fail();
    expect(exchange.answer).toMatchObject({ state: 'cut', body: 'hello' });
    world.request();
    expect(asked(world)).toBe(2);
    expect(stored(world)).toMatchObject({ objects: 0, bytes: 0 });
  });

  test('what is larger than the store: it is streamed', () => {
    const world = cachingWorld({}, 5_000);
    const body = 'x'.repeat(6_000);
    expect(warm(world, body).answer).toMatchObject({ body, state: 'whole' });
    const endless = world.request({ target: '/endless' });
    const fetch = world.transport.latest.head(200, fresh);
    for (let i = 0; i < 60; i++) fetch.data('x'.repeat(100));
    fetch.end();
    expect(endless.answer).toMatchObject({ body, state: 'ended' });
    expect(stored(world)?.bytes).toBeLessThanOrEqual(5_000);
    world.request({ target: '/endless' });
    expect(asked(world)).toBe(3);
  });

  test('what was changed by a request that went well', () => {
    const world = cachingWorld();
    warm(world);
    world.request({ method: 'POST' });
    world.transport.latest.answer(500);
    expect(world.request().answer?.body).toBe('hello');
    world.request({ method: 'POST', target: '/make' });
    world.transport.latest.answer(201, '', ['Location', '/']);
    world.request();
    expect(world.transport.latest.request.method).toBe('GET');
    expect(asked(world)).toBe(4);
  });
});

describe('one fetch for many', () => {
  test('all are streamed what comes, and a slow one holds back nobody', () => {
    const world = cachingWorld();
    const clients = Array.from({ length: 5 }, () => world.request());
    expect(asked(world)).toBe(1);
    const [, slow] = clients;
    if (slow !== undefined) slow.takesMore = false;
    const fetch = world.transport.latest.head(200, fresh).data('hel');
    const late = world.request();
    fetch.data('lo');
    expect(fetch.isPaused).toBe(false);
    fetch.end();
    for (const one of [clients[0], clients[2], late]) {
      expect(one?.answer).toMatchObject({ body: 'hello', state: 'ended' });
    }
    expect(slow?.answer?.state).toBe('under way');
    slow?.drain();
    expect(slow?.answer).toMatchObject({ body: 'hello', state: 'ended' });
    for (const one of [...clients, late]) expect(one.breaches).toEqual([]);
  });

  test('512 clients, of which half vanish, the first one too', () => {
    const world = cachingWorld();
    const clients = Array.from({ length: 512 }, () => world.request());
    const fetch = world.transport.latest;
    clients.forEach((client, i) => {
      if (i % 4 === 0) client.abort();
    });
    fetch.head(200, fresh).data('hel');
    clients.forEach((client, i) => {
      if (i % 4 === 1) client.abort();
    });
    fetch.data('lo').end();
    expect(asked(world)).toBe(1);
    clients.forEach((client, i) => {
      expect(client.breaches).toEqual([]);
      if (i % 4 > 1) expect(client.answer).toMatchObject({ body: 'hello', state: 'ended' });
    });
    expect(world.plane.figures().traffic.inFlight).toBe(0);
    expect(world.request().answer?.body).toBe('hello');
  });

  test('all vanish, and it is kept all the same', () => {
    const world = cachingWorld();
    const client = world.request();
    client.abort();
    world.transport.latest.answer(200, 'hello', fresh);
    expect(world.request().answer?.body).toBe('hello');
    expect(asked(world)).toBe(1);
  });

  test('what turns out to be for one only is fetched by each, at once, and so are those that follow', () => {
    const world = cachingWorld();
    const clients = Array.from({ length: 5 }, () => world.request());
    world.transport.latest.head(200, ['Content-Length', '3']);
    expect(asked(world)).toBe(5);
    world.request();
    expect(asked(world)).toBe(6);
    world.transport.fetches.forEach((fetch, i) => {
      if (i > 0) fetch.head(200, ['Content-Length', '3']);
      fetch.data(`no${i}`).end();
    });
    expect(clients.map(({ answer }) => answer?.body)).toEqual(['no0', 'no1', 'no2', 'no3', 'no4']);
  });

  test('what nobody waits for and may not be kept is given up', () => {
    const world = cachingWorld();
    world.request().abort();
    const fetch = world.transport.latest.head(200, []);
    expect(fetch.isAborted).toBe(true);
  });

  test('what nobody waits for any more may take 10 s to be answered', () => {
    const world = cachingWorld();
    const left = world.request();
    const stays = world.request();
    const fetch = world.transport.latest;
    left.abort();
    world.clock.advance(20 * seconds);
    expect(fetch.isAborted).toBe(false);
    stays.abort();
    world.clock.advance(9 * seconds);
    // Somebody comes, and the time begins anew when that one has gone, too.
    world.request().abort();
    world.clock.advance(9 * seconds);
    expect(fetch.isAborted).toBe(false);
    world.clock.advance(1 * seconds);
    expect(fetch.isAborted).toBe(true);
    expect(asked(world)).toBe(1);
    expect(world.plane.figures().traffic.inFlight).toBe(0);
    expect(warm(world).answer?.body).toBe('hello');
    expect(asked(world)).toBe(2);
  });

  test('what only one can have is given up with that one', () => {
    const world = cachingWorld();
    warm(world, 'mine', []);
    world.request().abort();
    expect(world.transport.latest.isAborted).toBe(true);
  });

  test('a failure is told to all', () => {
    const world = cachingWorld();
    const clients = Array.from({ length: 3 }, () => world.request());
    world.transport.latest.fail();
    expect(asked(world)).toBe(1);
    for (const { answer } of clients) expect(answer?.status).toBe(503);
    world.request();
    expect(asked(world)).toBe(2);
  });

  test('those who want another variant look for themselves', () => {
    const world = cachingWorld();
    const want = (language: string) => world.request({ fields: ['Host', 'a', 'Accept-Language', language] });
    const [en, de, en2, de2] = ['en', 'de', 'en', 'de'].map(want);
    const [first] = world.transport.fetches;
    first?.answer(200, 'english', [...fresh, 'Vary', 'Accept-Language']);
    expect(asked(world)).toBe(2);
    world.transport.latest.answer(200, 'deutsch', [...fresh, 'Vary', 'Accept-Language']);
    expect([en, de, en2, de2].map((one) => one?.answer?.body)).toEqual([
      'english',
      'deutsch',
      'english',
      'deutsch',
    ]);
  });

  test('the config that asks ends: who waits by another one asks for itself', () => {
    const world = new ProxyWorld({ cacheBytes: 1_000_000 });
    const boot = world.run();
    const old = world.request();
    world.use(world.load({}, 'next'));
    const waits = world.request();
    expect(asked(world)).toBe(1);
    world.plane.end(boot);
    expect(old.answer?.status).toBe(503);
    expect(asked(world)).toBe(2);
    world.transport.latest.answer(200, 'hello', fresh);
    expect(waits.answer?.body).toBe('hello');
    expect(world.plane.figures().traffic.inFlight).toBe(0);
  });

  test('the config that asks ends in the middle of a body: who reads is cut', () => {
    const world = new ProxyWorld({ cacheBytes: 1_000_000 });
    const boot = world.run();
    world.request();
    world.use(world.load({}, 'next'));
    const reads = world.request();
    world.transport.latest.head(200, fresh).data('hel');
    world.plane.end(boot);
    expect(reads.answer).toMatchObject({ body: 'hel', state: 'cut' });
    expect(world.plane.figures()).toMatchObject({ cache: { bytes: 0 }, traffic: { inFlight: 0 } });
  });

  test('its config ends: nobody is forgotten', () => {
    const world = new ProxyWorld({ cacheBytes: 1_000_000 });
    const boot = world.run();
    const clients = Array.from({ length: 3 }, () => world.request());
    world.use(world.load({}, 'next'));
    world.plane.end(boot);
    for (const { answer } of clients) expect(answer?.status).toBe(503);
    expect(world.transport.latest.isAborted).toBe(true);
  });
});

describe('stale', () => {
  test('is asked about, and confirmed', () => {
    const world = cachingWorld();
    warm(world, 'hello', [...fresh, 'ETag', '"a"', 'X-A', '1']);
    world.clock.advance(61 * seconds);
    const clients = [world.request(), world.request()];
    expect(asked(world)).toBe(2);
    const { latest } = world.transport;
    expect(latest.request.fields.get('If-None-Match')).toBe('"a"');
    latest.head(304, [...fresh, 'ETag', '"a"', 'X-A', '2']).end();
    for (const client of clients) {
      expect(client.answer).toMatchObject({ status: 200, body: 'hello' });
      expect(fieldOf(client, 'X-A')).toBe('2');
      expect(fieldOf(client, 'Age')).toBe('0');
    }
    world.clock.advance(30 * seconds);
    expect(world.request().answer?.body).toBe('hello');
    expect(asked(world)).toBe(2);
    expect(stored(world)?.objects).toBe(1);
  });

  test('is asked about, and replaced', () => {
    const world = cachingWorld();
    warm(world, 'old', [...fresh, 'ETag', '"a"']);
    world.clock.advance(61 * seconds);
    expect(warm(world, 'new', [...fresh, 'ETag', '"b"']).answer?.body).toBe('new');
    expect(world.request().answer?.body).toBe('new');
    expect(stored(world)?.objects).toBe(1);
  });

  test('a 304 about something else is not believed', () => {
    const world = cachingWorld();
    warm(world, 'old', [...fresh, 'ETag', '"a"']);
    world.clock.advance(61 * seconds);
    const client = world.request();
    world.transport.latest.head(304, ['ETag', '"b"']).end();
    expect(asked(world)).toBe(3);
    expect(world.transport.latest.request.fields.has('If-None-Match')).toBe(false);
    world.transport.latest.answer(200, 'new', fresh);
    expect(client.answer?.body).toBe('new');
  });

  test('within its grace it is served, while one fetch brings a newer one', () => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', 'max-age=60, stale-while-revalidate=30']);
    world.clock.advance(70 * seconds);
    expect([1, 2, 3].map(() => world.request().answer?.body)).toEqual(['old', 'old', 'old']);
    expect(asked(world)).toBe(2);
    world.transport.latest.answer(200, 'new', fresh);
    expect(world.request().answer?.body).toBe('new');
    expect(asked(world)).toBe(2);
  });

  test('beyond its grace it is not', () => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', 'max-age=60, stale-while-revalidate=30']);
    world.clock.advance(90 * seconds);
    expect(warm(world, 'new').answer?.body).toBe('new');
  });

  test('stands in where the backend cannot be reached', () => {
    const world = cachingWorld();
    warm(world, 'old');
    world.clock.advance(61 * seconds);
    const clients = [world.request(), world.request()];
    world.transport.latest.fail('backend.connect-failed');
    for (const { answer } of clients) expect(answer).toMatchObject({ status: 200, body: 'old' });
  });

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60'])('but not with %s', (directive) => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', `max-age=60, ${directive}`]);
    world.clock.advance(61 * seconds);
    const client = world.request();
    world.transport.latest.fail('backend.connect-failed');
    expect(client.answer?.status).toBe(503);
  });

  test('stands in for an error if the answer allows it, for so long', () => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', 'max-age=60, stale-if-error=20']);
    world.clock.advance(70 * seconds);
    const within = world.request();
    world.transport.latest.answer(502, 'oops');
    expect(within.answer?.body).toBe('old');
    world.clock.advance(15 * seconds);
    const beyond = world.request();
    world.transport.latest.answer(502, 'oops');
    expect(beyond.answer).toMatchObject({ status: 502, body: 'oops' });
  });

  test('what must always be asked about is asked about by each, without waiting', () => {
    const world = cachingWorld();
    const always = ['Cache-Control', 'no-cache', 'ETag', '"a"'];
    warm(world, 'hello', always);
    const clients = [world.request(), world.request()];
    expect(asked(world)).toBe(3);
    for (const fetch of world.transport.fetches.slice(1)) {
      expect(fetch.request.fields.get('If-None-Match')).toBe('"a"');
      fetch.head(304, always).end();
    }
    for (const { answer } of clients) expect(answer).toMatchObject({ status: 200, body: 'hello' });
  });
});

describe('purging', () => {
  const purging: Hooks = { recv: ({ req }) => (req.method === 'PURGE' ? 'purge' : undefined) };

  test('what was purged is not served again', () => {
    const world = cachingWorld({ hooks: purging });
    warm(world, 'old');
    expect(world.request({ method: 'PURGE' }).answer?.status).toBe(200);
    expect(warm(world, 'new').answer?.body).toBe('new');
  });

  test('nor what was on its way: who waits fetches anew, who asked first gets it alone', () => {
    const world = cachingWorld({ hooks: purging });
    const [first, second] = [world.request(), world.request()];
    const old = world.transport.latest;
    world.request({ method: 'PURGE' });
    expect(asked(world)).toBe(2);
    old.answer(200, 'old', fresh);
    world.transport.latest.answer(200, 'new', fresh);
    expect(first?.answer?.body).toBe('old');
    expect(second?.answer?.body).toBe('new');
    expect(world.request().answer?.body).toBe('new');
    expect(asked(world)).toBe(2);
  });

  test('nor what had come half: who reads goes on, and nobody joins', () => {
    const world = cachingWorld({ hooks: purging });
    const first = world.request();
    const old = world.transport.latest.head(200, fresh).data('ol');
    world.request({ method: 'PURGE' });
    const second = world.request();
    expect(asked(world)).toBe(2);
    old.data('d').end();
    expect(first.answer).toMatchObject({ body: 'old', state: 'ended' });
    world.transport.latest.answer(200, 'new', fresh);
    expect(second.answer?.body).toBe('new');
    expect(stored(world)?.objects).toBe(1);
  });

  test('nor what was just being asked about, although it has not changed', () => {
    const world = cachingWorld({ hooks: purging });
    warm(world, 'old', [...fresh, 'ETag', '"a"']);
    world.clock.advance(61 * seconds);
    const client = world.request();
    world.request({ method: 'PURGE' });
    world.transport.latest.head(304, ['ETag', '"a"']).end();
    world.transport.latest.answer(200, 'new', fresh);
    expect(client.answer?.body).toBe('new');
  });

  test('softly: it is stale, and has its grace', () => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', 'max-age=60, stale-while-revalidate=30']);
    expect(world.plane.purge(['/', 'example.com'], { soft: true })).toBe(1);
    expect(world.request().answer?.body).toBe('old');
    expect(asked(world)).toBe(2);
    world.clock.advance(31 * seconds);
    world.transport.latest.fail();
    world.request();
    expect(asked(world)).toBe(3);
  });

  test('in hooks: vcl_purge’s helper, on hit and on miss', () => {
    const counts: number[] = [];
    const purgeIt: Hooks['hit'] = ({ req, purge }) => {
      if (req.method !== 'GET' || !req.http.has('X-Purge')) return undefined;
      counts.push(purge());
      return { synth: 200 };
    };
    const world = cachingWorld({ hooks: { hit: purgeIt, miss: purgeIt as NonNullable<Hooks['miss']> } });
    const purge = () => world.request({ fields: ['Host', 'example.com', 'X-Purge', 'yes'] });
    purge();
    warm(world);
    purge();
    warm(world);
    expect(counts).toEqual([0, 1]);
    expect(asked(world)).toBe(2);
  });
});

describe('hooks', () => {
  test('backendResponse says how long, and deliver how often', () => {
    const hits: number[] = [];
    const world = cachingWorld({
      hooks: {
        backendResponse({ beresp }) {
          beresp.ttl = '10s';
          beresp.grace = '5s';
          beresp.http.set('X-Kept', String(beresp.ttl));
          return undefined;
        },
        hit: ({ obj }) => void hits.push(obj.hits, obj.ttl, obj.grace),
        deliver: ({ resp, obj }) => void resp.http.set('X-Hits', String(obj.hits)),
      },
    });
    expect(fieldOf(warm(world, 'hello', []), 'X-Hits')).toBe('0');
    world.clock.advance(4 * seconds);
    const hit = world.request();
    expect(fieldOf(hit, 'X-Hits')).toBe('1');
    expect(fieldOf(hit, 'X-Kept')).toBe('10000');
    expect(fieldOf(world.request(), 'X-Hits')).toBe('2');
    expect(hits.slice(0, 3)).toEqual([1, 6_000, 5_000]);
    world.clock.advance(6 * seconds);
    expect(world.request().answer?.body).toBe('hello');
    expect(asked(world)).toBe(2);
  });

  test('uncacheable and pass are remembered for the ttl', () => {
    for (const action of ['deliver', 'pass'] as const) {
      const world = cachingWorld({
        hooks: {
          backendResponse({ beresp }) {
            beresp.ttl = '10s';
            beresp.uncacheable = true;
            return action;
          },
        },
      });
      warm(world, 'hello');
      world.request();
      world.request();
      expect(asked(world)).toBe(3);
      world.clock.advance(11 * seconds);
      world.request();
      world.request();
      expect(asked(world)).toBe(4);
    }
  });

  test('a cookie is kept for nobody, unless a hook insists', () => {
    const insisting = { uncacheable: false };
    for (const [change, isKept] of [
      [{ ttl: 9_000 }, false],
      [{ ttl: 9_000, ...insisting }, true],
    ] as const) {
      const world = cachingWorld({
        hooks: { backendResponse: ({ beresp }) => void Object.assign(beresp, change) },
      });
      warm(world, 'hello', ['Set-Cookie', 'a=b']);
      world.request();
      expect(asked(world)).toBe(isKept ? 1 : 2);
    }
  });

  test.each(['hit', 'miss'] as const)('a mistake in %s is a 503', (hook) => {
    const world = cachingWorld({
      hooks: {
        [hook]: () => {
          throw new Error('oops');
        },
      },
    });
    const first = world.request();
    world.transport.fetches[0]?.answer(200, 'hello', fresh);
    const exchange = hook === 'hit' ? world.request() : first;
    expect(exchange.answer?.status).toBe(503);
    expect(world.hookErrors).toMatchObject([{ hook }]);
  });

  test('what was purged while it came, and is not delivered, is no part of what is', () => {
    const world = cachingWorld({
      hooks: {
        recv({ req }) {
          if (req.restarts > 0) req.url = '/other';
          return 'hash';
        },
        deliver: ({ req }) => (req.url === '/purged' ? 'restart' : 'deliver'),
      },
    });
    const fields = ['Host', 'example.com'];
    world.request({ target: '/other', fields });
    const other = world.transport.latest.head(200, fresh).data('begin');
    const exchange = world.request({ target: '/purged', fields });
    world.plane.purge(['/purged', 'example.com']);
    world.transport.latest.answer(200, 'purged', fresh);
    other.data(', end').end();
    expect(exchange.answer).toMatchObject({ body: 'begin, end', state: 'ended' });
    expect(exchange.breaches).toEqual([]);
  });

  test('hit may pass, and restart', () => {
    const world = cachingWorld({
      hooks: { hit: ({ req }) => (req.restarts === 0 ? 'restart' : 'pass') },
    });
    warm(world, 'old');
    expect(warm(world, 'new').answer?.body).toBe('new');
    expect(asked(world)).toBe(2);
  });

  test('a ttl that is none is a 503 that says so', () => {
    const world = cachingWorld({
      hooks: { backendResponse: ({ beresp }) => void Object.assign(beresp, { ttl: 'soon' }) },
    });
    expect(warm(world).answer?.status).toBe(503);
    expect(world.hookErrors[0]?.error.message).toMatch(/beresp\.ttl was given "soon"; it takes a duration/);
  });
});

test('varnishd’s rules: two minutes by default, and what the built-in VCL would not keep is remembered', () => {
  const world = cachingWorld({ cache: { rules: 'varnish' } });
  warm(world, 'hello', []);
  world.clock.advance(119 * seconds);
  expect(world.request().answer?.body).toBe('hello');
  world.clock.advance(2 * seconds);
  expect(world.request().answer?.body).toBe('hello');
  expect(asked(world)).toBe(2);
});

describe('parts and codings', () => {
  test('what is fetched for one, in part, is asked in the coding that this one takes, and not kept', () => {
    const world = cachingWorld();
    warm(world, 'for one', []);
    const fields = ['Host', 'example.com', 'Range', 'bytes=0-1', 'Accept-Encoding', 'br'];
    const part = world.request({ fields });
    const { latest } = world.transport;
    expect(latest.request.fields.get('Range')).toBe('bytes=0-1');
    expect(latest.request.fields.get('Accept-Encoding')).toBe('br');
    latest.answer(206, 'fo', [...fresh, 'Content-Encoding', 'gzip']);
    expect(part.answer).toMatchObject({ status: 206, body: 'fo' });
    world.request({ fields });
    world.transport.latest.answer(200, 'whole', fresh);
    world.request();
    expect(asked(world)).toBe(4);
  });

  test('an answer that is not kept is unpacked, too', async () => {
    const world = cachingWorld();
    const client = world.request();
    const packed = gzipSync('hello');
    world.transport.latest.head(200, ['Content-Encoding', 'gzip']).bytes(packed).end();
    await vi.waitFor(() => expect(client.answer?.state).toBe('ended'));
    expect(client.answer?.body).toBe('hello');
    expect(fieldOf(client, 'Content-Encoding')).toBeUndefined();
  });

  test('what claims to be gzip and is not is cut', async () => {
    const world = cachingWorld();
    warm(world, 'no gzip', [...fresh, 'Content-Encoding', 'gzip']);
    const client = world.request();
    await vi.waitFor(() => expect(client.answer?.state).toBe('cut'));
  });
});

test('who waits for one variant when all are purged is not given another one on its way', () => {
  const world = cachingWorld();
  const ask = (language: string) =>
    world.request({ fields: ['Host', 'example.com', 'Accept-Language', language] });
  ask('en');
  const varied = ['Cache-Control', 'max-age=0, stale-while-revalidate=60', 'Vary', 'Accept-Language'];
  world.transport.latest.answer(200, 'old', varied);
  ask('de');
  const waiting = ask('de');
  // Served what is stale, and fetched in the background.
  ask('en');
  world.transport.latest.head(200, fresh).data('for all');
  world.plane.purge(['/', 'example.com']);
  expect(waiting.answer).toBeUndefined();
  world.transport.latest.answer(200, 'new', fresh);
  expect(waiting.answer?.body).toBe('new');
});

test('a hook that purges while others are given the object: they fetch anew', () => {
  let isPurged = false;
  const world = cachingWorld({
    hooks: {
      hit({ purge }) {
        if (!isPurged) purge();
        isPurged = true;
        return undefined;
      },
    },
  });
  const clients = Array.from({ length: 3 }, () => world.request());
  world.transport.latest.answer(200, '', fresh);
  expect(asked(world)).toBe(2);
  world.transport.latest.answer(200, 'new', fresh);
  expect(clients.map(({ answer }) => answer?.body)).toEqual(['', '', 'new']);
  expect(stored(world)).toMatchObject({ objects: 1, hits: 1, misses: 2 });
});

test('a hash of what is not latin1 finds its own object, and no other', () => {
  const world = cachingWorld({
    hooks: {
      hash: ({ req, hashData }) => {
        hashData(req.http.get('Word') === 'one' ? '\u0141' : 'A');
      },
    },
  });
  const want = (word: string) => world.request({ fields: ['Host', 'a', 'Word', word] });
  want('one');
  world.transport.latest.answer(200, 'one', fresh);
  want('two');
  world.transport.latest.answer(200, 'two', fresh);
  expect([want('one'), want('two')].map(({ answer }) => answer?.body)).toEqual(['one', 'two']);
  expect(asked(world)).toBe(2);
});

describe('hostile', () => {
  const authorized = ['Host', 'example.com', 'Authorization', 'Basic eA=='];

  test('who sends Authorization changes nothing for others', () => {
    const world = cachingWorld();
    warm(world, 'hello', ['Cache-Control', 'max-age=10', 'ETag', '"a"']);
    world.clock.advance(11 * seconds);
    const one = world.request({ fields: authorized });
    world.transport.latest.head(304, ['ETag', '"a"', 'Cache-Control', 'max-age=10']).end();
    expect(one.answer?.body).toBe('hello');
    // What is stored still is, and those who want it do not fetch it each for himself.
    const before = asked(world);
    const others = [world.request(), world.request()];
    expect(world.transport.latest.request.fields.get('If-None-Match')).toBe('"a"');
    world.transport.latest.head(304, ['ETag', '"a"', 'Cache-Control', 'max-age=10']).end();
    expect(asked(world)).toBe(before + 1);
    for (const { answer } of others) expect(answer?.body).toBe('hello');
  });

  test('those who send Authorization do not wait for each other, unless it is known to be for all', () => {
    const world = cachingWorld();
    const all = Array.from({ length: 3 }, () => world.request({ fields: authorized }));
    expect(asked(world)).toBe(3);
    for (const fetch of world.transport.fetches) fetch.answer(200, 'mine', fresh);
    for (const { answer } of all) expect(answer?.body).toBe('mine');
    expect(stored(world)).toMatchObject({ objects: 0, bytes: 0 });
    warm(world, 'ours', ['Cache-Control', 's-maxage=60'], { fields: authorized });
    expect(world.request({ fields: authorized }).answer?.body).toBe('ours');
    expect(asked(world)).toBe(4);
  });

  test('an answer that differs by more fields than anybody means is kept for nobody', () => {
    const world = cachingWorld();
    const names = Array.from({ length: 65 }, (_, i) => `x-${i}`).join(', ');
    warm(world, 'one', [...fresh, 'Vary', names]);
    warm(world, 'two', [...fresh, 'Vary', names]);
    expect(asked(world)).toBe(2);
  });

  test('of many variants the oldest gives way', () => {
    const world = cachingWorld({}, 10_000_000);
    const fields = (i: number) => ['Host', 'example.com', 'X-A', `${i}`];
    for (let i = 0; i < 200; i++) warm(world, `${i}`, [...fresh, 'Vary', 'X-A'], { fields: fields(i) });
    expect(stored(world)?.objects).toBe(64);
    expect(world.request({ fields: fields(199) }).answer?.body).toBe('199');
    expect(world.request({ fields: fields(100) }).answer).toBeUndefined();
    expect(world.plane.purge(['/', 'example.com'])).toBe(64);
    expect(stored(world)).toMatchObject({ objects: 0, bytes: 0 });
  });

  test('a failure in the background leaves what may still be served', () => {
    const world = cachingWorld();
    warm(world, 'old', ['Cache-Control', 'max-age=10, stale-while-revalidate=60']);
    for (const fail of [
      () => world.transport.latest.answer(503, 'no'),
      () => world.transport.latest.fail(),
      () => world.transport.latest.answer(500, 'no', ['Cache-Control', 'no-store']),
    ]) {
      world.clock.advance(11 * seconds);
      expect(world.request().answer?.body).toBe('old');
      fail();
    }
    expect(world.request().answer?.body).toBe('old');
    world.transport.latest.answer(200, 'new', fresh);
    expect(world.request().answer?.body).toBe('new');
    expect(world.plane.figures().traffic.inFlight).toBe(0);
  });

  test('what slow clients still read counts, although it was purged or has given way', () => {
    const world = cachingWorld({}, 1_000_000);
    const body = 'x'.repeat(300_000);
    const read = (target: string) => {
      const exchange = new FakeExchange({ target });
      exchange.takesMore = false;
      world.plane.handle(exchange);
      return exchange;
    };
    const clients = [1, 2, 3].map((i) => {
      warm(world, body, fresh, { target: `/${i}` });
      return read(`/${i}`);
    });
    const full = stored(world)?.bytes ?? 0;
    expect(full).toBeGreaterThan(900_000);
    world.plane.purge(['/1', 'example.com']);
    expect(stored(world)).toMatchObject({ objects: 2, bytes: full });
    // There is no place, so it is streamed, and what is read stays.
    expect(warm(world, body, fresh, { target: '/4' }).answer?.body).toBe(body);
    expect(stored(world)).toMatchObject({ objects: 3 });
    expect(stored(world)?.bytes).toBeLessThanOrEqual(1_000_000);
    clients[0]?.abort();
    clients[1]?.drain();
    expect(clients[1]?.answer?.body).toBe(body);
    expect(warm(world, body, fresh, { target: '/4' }).answer?.body).toBe(body);
    expect(world.request({ target: '/4' }).answer?.body).toBe(body);
    expect(world.request({ target: '/3' }).answer?.body).toBe(body);
    clients[2]?.drain();
    for (const target of ['/2', '/3', '/4']) world.plane.purge([target, 'example.com']);
    expect(stored(world)).toMatchObject({ objects: 0 });
  });

  test('a body in very small pieces takes no more of the store than it says', () => {
    const world = cachingWorld({}, 100_000);
    const exchange = world.request();
    const fetch = world.transport.latest.head(200, fresh);
    for (let i = 0; i < 60_000; i++) fetch.data('x');
    fetch.end();
    expect(exchange.answer?.body.length).toBe(60_000);
    expect(stored(world)?.objects).toBe(1);
    expect(stored(world)?.bytes).toBeLessThan(62_000);
  });

  test('gzip that breaks behind its beginning is cut, and the request is over', async () => {
    const world = cachingWorld();
    const noise = Buffer.alloc(400_000, 'not gzip at all');
    world.request({ fields: ['Host', 'example.com', 'Accept-Encoding', 'gzip'] });
    world.transport.latest.head(200, [...fresh, 'Content-Encoding', 'gzip']);
    const plain = world.request();
    plain.takesMore = false;
    world.transport.latest.bytes(gzipSync('hello').subarray(0, 20));
    world.transport.latest.bytes(noise);
    world.transport.latest.bytes(noise);
    await vi.waitFor(() => expect(plain.answer?.state).toBe('cut'));
    world.transport.latest.end();
    expect(world.plane.figures().traffic.inFlight).toBe(0);
    expect(plain.breaches).toEqual([]);
  });

  test('a client that leaves while its body is unpacked is not written to any more', async () => {
    const world = cachingWorld();
    const packed = gzipSync(randomBytes(900_000));
    world.request({ fields: ['Host', 'example.com', 'Accept-Encoding', 'gzip'] });
    world.transport.latest
      .head(200, [...fresh, 'Content-Encoding', 'gzip'])
      .bytes(packed)
      .end();
    const plain = world.request();
    plain.takesMore = false;
    await vi.waitFor(() => expect(plain.answer?.body).not.toBe(''));
    plain.abort();
    plain.drain();
    expect(world.plane.figures().traffic.inFlight).toBe(0);
    const whole = world.request();
    await vi.waitFor(() => expect(whole.answer?.state).toBe('ended'));
    expect(plain.breaches).toEqual([]);
  });

  test('of what cannot be kept, one that does not read holds back the others for a while only', () => {
    const world = cachingWorld({}, 100_000);
    const clients = [world.request(), world.request(), world.request()];
    const [stands] = clients;
    if (stands !== undefined) stands.takesMore = false;
    const fetch = world.transport.latest.head(200, fresh);
    const piece = 'x'.repeat(50_000);
    let sent = 0;
    const send = () => {
      for (; !fetch.isPaused && sent < 40; sent++) fetch.data(piece);
    };
    send();
    expect(fetch.isPaused).toBe(true);
    world.clock.advance(30 * seconds);
    send();
    expect(fetch.isPaused).toBe(false);
    fetch.end();
    expect(clients.map(({ answer }) => answer?.state)).toEqual(['cut', 'ended', 'ended']);
    expect(clients[1]?.answer?.body.length).toBe(2_000_000);
  });

  test('all who read what cannot be kept may be slow', () => {
    const world = cachingWorld({}, 100_000);
    const clients = [world.request(), world.request()];
    for (const client of clients) client.takesMore = false;
    const fetch = world.transport.latest.head(200, fresh);
    const piece = 'x'.repeat(50_000);
    let sent = 0;
    for (; !fetch.isPaused; sent++) fetch.data(piece);
    world.clock.advance(50 * seconds);
    for (const client of clients) client.drain();
    expect(fetch.isPaused).toBe(false);
    fetch.end();
    for (const { answer } of clients) {
      expect(answer?.state).toBe('ended');
      expect(answer?.body.length).toBe(sent * piece.length);
    }
  });
});
