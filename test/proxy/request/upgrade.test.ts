/** Requests that offer to switch protocols: what the backend is offered, what hooks decide, what the client gets. */
import { describe, expect, test } from 'vitest';
import type { Hooks, Response } from '../../../src/config/hooks.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import type { RequestReport } from '../../../src/proxy/request/request-report.ts';
import { FakeDuplex, type FakeRequest } from '../../support/fake-exchange.ts';
import { identityNamed, type ProxyWorld, worldWith } from '../../support/proxy-world.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const asking = (upgrade = 'websocket', connection = 'Upgrade') => [
  'Host',
  'h',
  'Connection',
  connection,
  'Upgrade',
  upgrade,
  'Sec-WebSocket-Key',
  'k',
];
const switching = ['Connection', 'upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'a'];

function upgraded(hooks: Hooks = {}, request: FakeRequest = {}) {
  const reports: RequestReport[] = [];
  const world = worldWith({ hooks }, { log: { access: (report) => void reports.push(report) } });
  const exchange = world.request({ target: '/ws', fields: asking(), ...request });
  return { world, exchange, reports, backend: new FakeDuplex() };
}

/** A hook that changes a response's status. */
const statusOf = (status: number) => (context: { beresp?: Response; resp?: Response }) => {
  const response = context.beresp ?? context.resp;
  if (response !== undefined) response.status = status;
  return undefined;
};

const inFlight = (world: ProxyWorld) => world.plane.stats(identityNamed('b1'))?.inFlight ?? 0;

describe('the offer', () => {
  test.each([
    ['websocket', 'websocket'],
    ['WebSocket', 'WebSocket'],
    ['foo/2, websocket', 'foo/2, websocket'],
    ['h2c, websocket', 'websocket'],
    ['h2c', undefined],
    ['H2C, h2', undefined],
    ['', undefined],
    ['one two', undefined],
  ])('of %j goes on as %j', (sent, offered) => {
    const { world } = upgraded({}, { fields: asking(sent) });
    expect(world.transport.latest.request.upgrade).toBe(offered);
  });

  test.each<[string, FakeRequest]>([
    ['without Connection naming it', { fields: ['Host', 'h', 'Upgrade', 'websocket'] }],
    ['from an HTTP/1.0 client', { version: '1.0' }],
    ['with a body', { method: 'POST', body: 'x' }],
  ])('%s is none', (_, request) => {
    const { world, exchange } = upgraded({}, request);
    expect(world.transport.latest.request.upgrade).toBeUndefined();
    world.transport.latest.answer(200, 'ok');
    expect(exchange.answer).toMatchObject({ status: 200, body: 'ok' });
  });

  test('is a list of what several fields say', () => {
    const { world } = upgraded({}, { fields: [...asking('foo', 'close, upgrade'), 'Upgrade', 'bar'] });
    expect(world.transport.latest.request.upgrade).toBe('foo, bar');
  });

  test('can be withdrawn in recv, and for the backend alone', () => {
    const inRecv = upgraded({ recv: ({ req }) => void req.http.unset('Upgrade') });
    expect(inRecv.world.transport.latest.request.upgrade).toBeUndefined();
    const inFetch = upgraded({ backendFetch: ({ bereq }) => void bereq.http.unset('Upgrade') });
    expect(inFetch.world.transport.latest.request.upgrade).toBeUndefined();
  });

  test('can be narrowed by a hook, but not widened', () => {
    const { world } = upgraded(
      { backendFetch: ({ bereq }) => void bereq.http.set('Upgrade', 'bar, rare') },
      { fields: asking('foo, bar') },
    );
    expect(world.transport.latest.request.upgrade).toBe('bar');
    const invented = upgraded(
      { recv: ({ req }) => void req.http.set('Upgrade', 'websocket') },
      { fields: ['Host', 'h'] },
    );
    expect(invented.world.transport.latest.request.upgrade).toBeUndefined();
  });

  test('is passed, by the hook pass, and never looked up', () => {
    let passed = 0;
    const { world } = upgraded({
      recv: () => 'hash',
      pass: () => {
        passed++;
      },
    });
    expect([passed, world.transport.fetches.length]).toEqual([1, 1]);
  });

  test('is made again by a retry, to another backend', () => {
    const { world, exchange } = upgraded({
      backendFetch: ({ bereq }) => {
        bereq.backend = bereq.retries === 0 ? 'b1' : 'b2';
      },
      backendError: () => 'retry',
    });
    world.transport.latest.fail('backend.reset');
    expect([world.transport.latest.backend, world.transport.latest.request.upgrade]).toEqual([
      'b2',
      'websocket',
    ]);
    world.transport.latest.switch(new FakeDuplex(), switching);
    expect(exchange.connection?.written).toMatch(/^HTTP\/1\.1 101 /);
  });
});

describe('a switch', () => {
  test('gives the client the head of the backend, and then bytes both ways', async () => {
    const { world, exchange, backend, reports } = upgraded();
    backend.push('first ');
    world.transport.latest.switch(backend, [...switching, 'X-Hop', '1', 'Content-Length', '0']);
    const client = exchange.connection as FakeDuplex;
    expect(client.written).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\nX-Hop: 1\r\nVia: 1.1 troupe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    client.push('hello');
    backend.push('second');
    await turn();
    expect(client.written).toMatch(/\r\n\r\nfirst second$/);
    expect(backend.written).toBe('hello');
    expect([inFlight(world), world.plane.figures().traffic.inFlight]).toEqual([1, 1]);

    backend.push(null);
    client.push(null);
    await turn();
    await turn();
    expect([inFlight(world), world.plane.figures().traffic.inFlight]).toEqual([0, 0]);
    expect(world.plane.stats(identityNamed('b1'))).toMatchObject({
      answers: 1,
      bytesSent: 5,
      bytesReceived: 12,
    });
    expect(reports).toMatchObject([
      {
        status: 101,
        ending: 'piped',
        tunnelEnd: 'backend-closed',
        bytesSent: 12,
        bytesReceived: 5,
        tries: [{ status: 101 }],
      },
    ]);
    expect(world.plane.figures().traffic).toMatchObject({ pipes: 1, bytesSent: 12, bytesReceived: 5 });
    expect(exchange.breaches).toEqual([]);
  });

  test('that was not offered is a malformed answer', () => {
    const { world, exchange, backend } = upgraded({}, { fields: ['Host', 'h'] });
    world.transport.latest.switch(backend, switching);
    expect(exchange.answer?.status).toBe(503);
  });

  test.each([200, 400, 426, 503])('that does not come is the answer that comes: %i', (status) => {
    const { world, exchange } = upgraded();
    world.transport.latest.answer(status, 'no', ['Upgrade', 'websocket']);
    expect(exchange.answer).toMatchObject({ status, body: 'no' });
    expect(inFlight(world)).toBe(0);
  });

  test('ends with its config', async () => {
    const { world, backend, exchange, reports } = upgraded();
    world.transport.latest.switch(backend, switching);
    world.plane.end(configKeyOf('boot', 1));
    await turn();
    expect([backend.destroyed, exchange.connection?.destroyed, inFlight(world)]).toEqual([true, true, 0]);
    expect(reports).toMatchObject([{ status: 101, ending: 'piped', tunnelEnd: 'cut' }]);
    expect(exchange.breaches).toEqual([]);
  });

  test('of which the client does not learn is called off', () => {
    const { world, exchange } = upgraded();
    exchange.abort();
    expect(world.transport.latest.isAborted).toBe(true);
    expect(inFlight(world)).toBe(0);
  });

  test.each(['client', 'backend'] as const)('ends when the %s is reset', async (side) => {
    const { world, exchange, backend, reports } = upgraded();
    world.transport.latest.switch(backend, switching);
    (side === 'client' ? exchange.connection : backend)?.destroy(new Error('reset'));
    await turn();
    expect([backend.destroyed, exchange.connection?.destroyed, inFlight(world)]).toEqual([true, true, 0]);
    expect(reports).toMatchObject([{ tunnelEnd: `${side}-reset` }]);
  });
});

describe('hooks', () => {
  test('see the answer 101 and the protocol, and may change its fields', () => {
    const seen: unknown[] = [];
    const { world, exchange, backend } = upgraded({
      backendResponse: ({ beresp }) => {
        seen.push(beresp.status, beresp.http.get('Upgrade'), beresp.http.get('Connection'));
        beresp.http.set('X-From', 'response');
      },
      deliver: ({ resp }) => {
        seen.push(resp.status);
        resp.http.unset('Sec-WebSocket-Accept');
        resp.http.set('Upgrade', 'something else');
      },
    });
    world.transport.latest.switch(backend, switching);
    expect(seen).toEqual([101, 'websocket', undefined, 101]);
    expect(exchange.connection?.written).toMatch(/X-From: response/);
    expect(exchange.connection?.written).not.toMatch(/Accept|else/);
    expect(exchange.connection?.written).toMatch(/Upgrade: websocket\r\n\r\n$/);
  });

  test.each<[string, Hooks, number]>([
    ['abandon in backendResponse', { backendResponse: () => 'abandon' }, 503],
    ['fail in backendResponse', { backendResponse: () => 'fail' }, 503],
    ['another status in backendResponse', { backendResponse: statusOf(403) }, 403],
    ['another status in deliver', { deliver: statusOf(404) }, 404],
    ['204 in deliver', { deliver: statusOf(204) }, 204],
    ['synth in deliver', { deliver: () => ({ synth: 418 }) }, 418],
    ['fail in deliver', { deliver: () => 'fail' }, 503],
    [
      'a throw in deliver',
      {
        deliver: () => {
          throw new Error('oops');
        },
      },
      503,
    ],
    ['an illegal field in deliver', { deliver: ({ resp }) => resp.http.set('X', 'a\nb') as undefined }, 503],
    ['an illegal status', { deliver: statusOf(102) }, 503],
  ])('refuse it with %s: the client has its answer, the backend its end', (_, hooks, status) => {
    const { world, exchange, backend } = upgraded(hooks);
    world.transport.latest.switch(backend, switching);
    expect(exchange.answer?.status).toBe(status);
    expect([exchange.connection, backend.destroyed, inFlight(world)]).toEqual([undefined, true, 0]);
    expect(exchange.answer?.fields.has('Upgrade')).toBe(false);
    expect(exchange.breaches).toEqual([]);
  });

  test('may retry it, and restart it', () => {
    const retried = upgraded({ backendResponse: ({ bereq }) => (bereq.retries === 0 ? 'retry' : 'deliver') });
    retried.world.transport.latest.switch(retried.backend, switching);
    expect([retried.backend.destroyed, inFlight(retried.world)]).toEqual([true, 1]);
    retried.world.transport.latest.answer(200, 'fine');
    expect(retried.exchange.answer).toMatchObject({ status: 200, body: 'fine' });

    const restarted = upgraded({ deliver: ({ req }) => (req.restarts === 0 ? 'restart' : 'deliver') });
    restarted.world.transport.latest.switch(restarted.backend, switching);
    expect([restarted.backend.destroyed, restarted.world.transport.fetches.length]).toEqual([true, 2]);
    restarted.world.transport.latest.switch(new FakeDuplex(), switching);
    expect(restarted.exchange.connection?.written).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('cannot make a switch of an answer that is none, nor of a synthetic one', () => {
    const answered = upgraded({ deliver: statusOf(101) });
    answered.world.transport.latest.answer(200, 'ok');
    expect(answered.exchange.answer?.status).toBe(503);
    const { world, exchange, backend } = upgraded({
      deliver: () => ({ synth: 200 }),
      synth: statusOf(101),
    });
    world.transport.latest.switch(backend, switching);
    expect([exchange.answer?.status, exchange.connection, backend.destroyed]).toEqual([503, undefined, true]);
  });
});
