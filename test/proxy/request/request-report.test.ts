/** What is told of a request: in the access log, and in the list of those that failed. */
import { describe, expect, test } from 'vitest';
import type { DirectorDeclaration } from '../../../src/config/declaration.ts';
import type { Hooks } from '../../../src/config/hooks.ts';
import { TroupeError } from '../../../src/errors.ts';
import type { RequestLog } from '../../../src/proxy/request/request-log.ts';
import type { RequestReport } from '../../../src/proxy/request/request-report.ts';
import { FakeDuplex, FakeExchange, type FakeRequest } from '../../support/fake-exchange.ts';
import { anyProbe, identityNamed, ProxyWorld, type WorldConfig } from '../../support/proxy-world.ts';

const b1 = identityNamed('b1');
const b2 = identityNamed('b2');

const silent: RequestLog = { failure() {}, hookError() {}, line() {} };

/** A world whose log has a receiver of reports. */
function told(config: WorldConfig = {}): { world: ProxyWorld; reports: RequestReport[] } {
  const reports: RequestReport[] = [];
  const world = new ProxyWorld({ log: { ...silent, access: (report) => reports.push(report) } });
  world.run(config);
  return { world, reports };
}

function fallback(name: string, ...members: string[]): DirectorDeclaration {
  const policy = { kind: 'fallback', sticky: false } as const;
  return { name, policy, members: members.map((target) => ({ target, weight: 1 })) };
}

/** Goes to the other backend after an answer, or none, that is no good. */
const retrying: Hooks = {
  backendFetch: ({ bereq }) => {
    if (bereq.retries > 0) bereq.backend = 'b2';
    return undefined;
  },
  backendResponse: ({ beresp }) => (beresp.status >= 500 ? 'retry' : undefined),
  backendError: () => 'retry',
};

describe('the report of a request', () => {
  test('that went well says who asked for what, who answered, and when', () => {
    const { world, reports } = told();
    world.clock.advance(5);
    const exchange = world.request({
      method: 'POST',
      target: '/shop?q=1',
      fields: ['Host', 'example.com', 'Content-Length', '5'],
      body: undefined,
    });
    world.clock.advance(20);
    world.transport.latest.head(201, ['Content-Length', '8']);
    world.clock.advance(3);
    world.transport.latest.data('12345678').end();
    expect(exchange.answer?.state).toBe('ended');
    expect(reports).toEqual([
      {
        time: 1_700_000_000_000,
        xid: '1',
        config: 'boot@1',
        listener: 'a0',
        client: '198.51.100.7',
        method: 'POST',
        url: '/shop?q=1',
        host: 'example.com',
        proto: 'HTTP/1.1',
        status: 201,
        ending: 'complete',
        bytesSent: 8,
        bytesReceived: 0,
        ms: 28,
        phases: { recv: 5, fetch: 20, deliver: 3 },
        restarts: 0,
        retries: 0,
        tries: [{ identity: b1, via: [], startMs: 5, ms: 23, firstByteMs: 20, status: 201 }],
        lines: [],
        hookErrors: [],
      },
    ]);
  });

  test('tells each backend tried, and why it was given up', () => {
    const { world, reports } = told({ hooks: retrying });
    world.request();
    world.clock.advance(10);
    world.transport.latest.fail('backend.connect-timeout');
    world.clock.advance(7);
    world.transport.latest.answer(503);
    world.clock.advance(1);
    world.transport.latest.answer(200, 'hello');
    expect(reports).toMatchObject([
      {
        status: 200,
        retries: 2,
        bytesSent: 5,
        phases: { recv: 0, fetch: 18, deliver: 0 },
        tries: [
          {
            identity: b1,
            startMs: 0,
            ms: 10,
            error: { code: 'backend.connect-timeout' },
            givenUp: 'retry after backend.connect-timeout: backendError',
          },
          {
            identity: b2,
            startMs: 10,
            ms: 7,
            firstByteMs: 7,
            status: 503,
            givenUp: 'retry after 503: backendResponse',
          },
          { identity: b2, startMs: 17, ms: 1, status: 200 },
        ],
      },
    ]);
    expect(reports[0]?.failure).toBeUndefined();
    expect(reports[0]?.tries[2]?.givenUp).toBeUndefined();
    expect(world.plane.failures()).toEqual([]);
  });

  test('tells the way by which directors came to a backend', () => {
    const { world, reports } = told({
      backends: ['b1', { name: 'b2', probe: anyProbe }],
      saintmodes: [{ name: 'sm', backend: 'b1', threshold: 0 }],
      directors: [fallback('inner', 'b2', 'sm'), fallback('middle', 'inner'), fallback('app', 'middle')],
      defaultTarget: 'app',
    });
    world.request();
    world.transport.latest.answer(200);
    world.setHealth('b2', { passing: true });
    world.request();
    world.transport.latest.answer(200);
    expect(reports.map(({ tries }) => [tries[0]?.via, tries[0]?.identity])).toEqual([
      [['app', 'middle', 'inner', 'sm'], b1],
      [['app', 'middle', 'inner'], b2],
    ]);
  });

  test('tells who was stepped over because of the saint list, and who was put on it', () => {
    const { world, reports } = told({
      saintmodes: [
        { name: 's1', backend: 'b1', threshold: 0 },
        { name: 's2', backend: 'b2', threshold: 9 },
      ],
      directors: [fallback('app', 's2', 's1')],
      defaultTarget: 'app',
      hooks: {
        backendResponse: ({ beresp, deny }) => {
          if (beresp.status < 500) return 'deliver';
          deny('20s');
          return 'retry';
        },
      },
    });
    world.request();
    world.transport.latest.answer(500);
    world.transport.latest.answer(200);
    expect(reports[0]?.tries).toMatchObject([
      { identity: b2, via: ['app', 's2'], status: 500, deniedForMs: 20_000 },
      { identity: b1, via: ['app', 's1'], denied: [b2], status: 200 },
    ]);
    expect(reports[0]?.tries[0]?.denied).toBeUndefined();
  });

  test('has the lines that hooks wrote', () => {
    const { world, reports } = told({
      hooks: { recv: ({ log, req }) => log(`a guest asks for ${req.url}`) as undefined },
    });
    world.request({ target: '/a' });
    world.transport.latest.answer(200);
    expect(reports[0]?.lines).toEqual(['a guest asks for /a']);
  });

  test('tells a restart, and the answer that was not wanted', () => {
    const { world, reports } = told({
      hooks: { deliver: ({ req }) => (req.restarts === 0 ? 'restart' : undefined) },
    });
    world.request();
    world.transport.latest.answer(200);
    world.transport.latest.answer(204);
    expect(reports).toMatchObject([
      {
        status: 204,
        restarts: 1,
        tries: [{ status: 200, givenUp: 'restart after 200: deliver' }, { status: 204 }],
      },
    ]);
  });

  test('tells the URL as the client sent it, and the host as hooks have left it', () => {
    const { world, reports } = told({
      hooks: {
        recv: ({ req }) => {
          req.url = '/rewritten';
          req.http.set('Host', 'inside');
          return undefined;
        },
      },
    });
    world.request({ target: '/original' });
    world.transport.latest.answer(200);
    expect(reports).toMatchObject([{ url: '/original', host: 'inside' }]);
  });

  const parts: [string, FakeRequest, Hooks, Partial<RequestReport>][] = [
    [
      'to HEAD without a body',
      { method: 'HEAD' },
      { recv: () => ({ synth: 404 }) },
      { status: 404, bytesSent: 0 },
    ],
    [
      'made by a hook',
      {},
      { recv: () => ({ synth: 200 }), synth: body('hi') },
      { status: 200, bytesSent: 2 },
    ],
    ['of a target that means nothing', { target: 'nonsense' }, {}, { status: 400, bytesSent: 16, tries: [] }],
  ];
  test.each(parts)('of a response %s counts what was sent', (_, request, hooks, expected) => {
    const { world, reports } = told({ hooks });
    world.request(request);
    expect(reports).toMatchObject([{ ...expected, ending: 'complete', phases: { fetch: 0, deliver: 0 } }]);
    expect(reports[0]?.failure).toBeUndefined();
    expect(world.plane.figures().traffic).toMatchObject({ requests: 1, inFlight: 0 });
  });

  test('tells that the client went away, and how far it had got', () => {
    const { world, reports } = told();
    const exchange = world.request();
    world.transport.latest.head(200, ['Content-Length', '100']).data('0123456789');
    world.clock.advance(4);
    exchange.abort();
    expect(reports).toMatchObject([
      {
        status: 200,
        ending: 'aborted',
        bytesSent: 10,
        tries: [{ identity: b1, status: 200, ms: 4, givenUp: 'aborted' }],
      },
    ]);
    expect(world.plane.failures()).toEqual([]);
    expect(world.plane.figures().traffic.clientAborts).toBe(1);
  });

  test('of a tunnel comes when it has closed', async () => {
    const { world, reports } = told({ hooks: { recv: () => 'pipe' } });
    const exchange = world.request();
    world.clock.advance(6);
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    expect(reports).toEqual([]);
    exchange.connection?.destroy();
    await new Promise((resolve) => backend.once('close', resolve));
    expect(reports).toMatchObject([
      { ending: 'piped', tries: [{ identity: b1, connectMs: 6 }], bytesSent: 0, bytesReceived: 0 },
    ]);
  });
});

function body(text: string): NonNullable<Hooks['synth']> {
  return ({ resp }) => {
    resp.body = text;
    return undefined;
  };
}

describe('among the failed requests', () => {
  test('is one that no backend answered, with its story', () => {
    const world = new ProxyWorld();
    world.run({ directors: [fallback('app', 'b1', 'b2')], defaultTarget: 'app' });
    world.setHealth('b1', { override: 'sick' });
    world.setHealth('b2', { override: 'sick' });
    world.request();
    expect(world.plane.failures()).toMatchObject([
      {
        status: 503,
        failure: { code: 'backend.none-healthy', message: expect.stringContaining('app') },
        tries: [
          {
            identity: undefined,
            via: ['app'],
            error: { code: 'backend.none-healthy' },
            givenUp: 'backend.none-healthy',
          },
        ],
      },
    ]);
  });

  test('is one that was retried as often as may be', () => {
    const world = new ProxyWorld({ limits: { maxRetries: 2 } });
    world.run({ hooks: retrying });
    world.request();
    for (let i = 0; i < world.transport.fetches.length; i++) world.transport.fetches[i]?.fail();
    const [failed] = world.plane.failures();
    expect(failed).toMatchObject({ status: 503, retries: 2, failure: { code: 'backend.reset' } });
    expect(failed?.tries.map(({ identity }) => identity)).toEqual([b1, b2, b2]);
    expect(failed?.lines).toEqual(['the request was retried 2 times already, which is max_retries']);
  });

  test('is one whose answer broke off', () => {
    const world = new ProxyWorld();
    world.run();
    const exchange = world.request();
    world.transport.latest.head(200, ['Content-Length', '100']).data('0123').fail('backend.reset');
    expect(exchange.answer?.state).toBe('cut');
    expect(world.plane.failures()).toMatchObject([
      {
        status: 200,
        ending: 'cut',
        bytesSent: 4,
        failure: { code: 'backend.reset' },
        tries: [{ identity: b1, status: 200, error: { code: 'backend.reset' }, givenUp: 'backend.reset' }],
      },
    ]);
    expect(world.plane.figures().traffic.cutResponses).toBe(1);
  });

  const wrong: [string, Hooks, string][] = [
    [
      'threw',
      {
        deliver: () => {
          throw new TroupeError('config.invalid', 'oops', {
            side: 'troupe',
            place: { file: 'a', line: 1, column: 2 },
          });
        },
      },
      'the hook deliver threw TroupeError: oops',
    ],
    ['returned nonsense', { deliver: () => 'later' as never }, 'the hook deliver returned "later"'],
    ['returned fail', { deliver: () => 'fail' }, 'the hook deliver returned fail'],
    ['returned abandon', { backendResponse: () => 'abandon' }, 'the hook backendResponse returned abandon'],
  ];
  test.each(wrong)('is one of which a hook %s', (_, hooks, sentence) => {
    const world = new ProxyWorld();
    world.run({ hooks });
    world.request();
    world.transport.latest.answer(200);
    expect(world.plane.failures()).toMatchObject([
      { status: 503, failure: { message: expect.stringContaining(sentence) }, tries: [{ status: 200 }] },
    ]);
  });

  test('is one that a discarded config could not end in time', () => {
    const world = new ProxyWorld();
    const key = world.run();
    world.request();
    world.plane.end(key);
    expect(world.plane.failures()).toMatchObject([
      { status: 503, config: 'boot@1', failure: { message: expect.stringContaining('discarded') } },
    ]);
  });

  test('is one that found no config', () => {
    const world = new ProxyWorld();
    world.request({ target: '/x' });
    expect(world.plane.failures()).toMatchObject([
      {
        status: 503,
        config: undefined,
        url: '/x',
        failure: { message: expect.stringContaining('no config') },
      },
    ]);
  });

  test('is one whose tunnel could not be opened', () => {
    const world = new ProxyWorld();
    world.run({ hooks: { recv: () => 'pipe' } });
    world.request();
    world.transport.connects[0]?.refuse();
    expect(world.plane.failures()).toMatchObject([
      {
        failure: { code: 'backend.connect-failed' },
        tries: [{ identity: b1, givenUp: 'backend.connect-failed' }],
      },
    ]);
  });

  test('is none that ended well after a retry, nor an error of the application, nor a response that a hook made', () => {
    const world = new ProxyWorld();
    world.run({
      hooks: {
        ...retrying,
        backendResponse: () => undefined,
        recv: ({ req }) => (req.url === '/closed' ? { synth: 503 } : undefined),
      },
    });
    world.request();
    world.transport.latest.fail();
    world.transport.latest.answer(200);
    for (const status of [404, 500]) {
      world.request();
      world.transport.latest.answer(status);
    }
    expect(world.request({ target: '/closed' }).answer?.status).toBe(503);
    expect(world.plane.failures()).toEqual([]);
    expect(world.plane.figures().traffic.responses).toMatchObject({ '2xx': 1, '4xx': 1, '5xx': 2 });
  });

  test('are only the last ones, as many as asked for', () => {
    const world = new ProxyWorld({ failedRequests: 3 });
    for (let i = 0; i < 10; i++) world.request({ target: `/${i}` });
    expect(world.plane.failures().map(({ url }) => url)).toEqual(['/7', '/8', '/9']);
  });
});

describe('where nobody reads', () => {
  /** Counts how often it is asked when it was received, which only a report tells. */
  class WatchedExchange extends FakeExchange {
    reports = 0;

    constructor(request: FakeRequest = {}) {
      super(request);
      const count = () => {
        this.reports++;
        return 0;
      };
      Object.defineProperty(this, 'receivedAt', { get: count });
    }
  }

  /** A log that notes what is looked for in it. */
  function watchedLog(reads: PropertyKey[]): RequestLog {
    return new Proxy(silent, {
      get(log, name) {
        reads.push(name);
        return Reflect.get(log, name);
      },
    });
  }

  test('nothing is told of a request that went well: the log is not even looked at', () => {
    const reads: PropertyKey[] = [];
    const world = new ProxyWorld({ log: watchedLog(reads) });
    world.run();
    reads.length = 0;
    const exchange = new WatchedExchange();
    world.plane.handle(exchange);
    world.transport.latest.answer(200, 'hello');
    expect(exchange.answer?.body).toBe('hello');
    expect(reads).toEqual([]);
    expect(exchange.reports).toBe(0);
  });

  test('nothing is told of a failed one either, with a log or without', () => {
    for (const log of [undefined, silent]) {
      const world = new ProxyWorld({ log, failedRequests: 0 });
      world.run({ hooks: { ...retrying, recv: ({ log }) => log('something') as undefined } });
      const exchange = new WatchedExchange();
      world.plane.handle(exchange);
      for (let i = 0; i < world.transport.fetches.length; i++) world.transport.fetches[i]?.fail();
      expect(exchange.answer?.status).toBe(503);
      expect(exchange.reports).toBe(0);
      expect(world.plane.failures()).toEqual([]);
    }
  });

  test('with the list of failed requests alone, nothing is told of those that went well', () => {
    const world = new ProxyWorld({ log: undefined });
    world.run();
    const [good, bad] = [new WatchedExchange(), new WatchedExchange()];
    world.plane.handle(good);
    world.transport.latest.answer(200);
    world.plane.handle(bad);
    world.transport.latest.fail();
    expect(good.reports).toBe(0);
    expect(bad.reports).toBeGreaterThan(0);
  });
});
