import { describe, expect, test } from 'vitest';
import type { Hooks } from '../../../src/config/hooks.ts';
import { FakeDuplex } from '../../support/fake-exchange.ts';
import { identityNamed, worldWith } from '../../support/proxy-world.ts';

const toPipe: Hooks = { recv: () => 'pipe' };
const turn = () => new Promise((resolve) => setImmediate(resolve));

function piped(hooks: Hooks = {}, request = {}) {
  const world = worldWith({ hooks: { ...toPipe, ...hooks } });
  const exchange = world.request({ method: 'POST', target: '/chat', ...request });
  return { world, exchange };
}

describe('pipe', () => {
  test('sends the head on, without what belongs to the old connection', () => {
    const { world, exchange } = piped(
      {},
      { fields: ['Host', 'h', 'Upgrade', 'x', 'Connection', 'upgrade', 'Content-Length', '3'] },
    );
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    expect(backend.written).toBe(
      'POST /chat HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-Forwarded-For: 198.51.100.7\r\nVia: 1.1 troupe\r\nConnection: close\r\n\r\n',
    );
    expect(exchange.connection).toBeDefined();
    expect(exchange.breaches).toEqual([]);
  });

  test('lets the hook ask for an upgrade', () => {
    const { world } = piped(
      {
        pipe: ({ req, bereq }) => {
          bereq.http.set('Upgrade', req.http.get('Upgrade') ?? '');
          bereq.http.set('Connection', 'upgrade');
          return 'pipe';
        },
      },
      { fields: ['Host', 'h', 'Upgrade', 'websocket', 'Connection', 'upgrade'] },
    );
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    expect(backend.written).toMatch(/Upgrade: websocket\r\nConnection: upgrade\r\n\r\n$/);
  });

  test('joins both ends, each direction ending by itself', async () => {
    const { world, exchange } = piped();
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    const client = exchange.connection as FakeDuplex;
    client.push('question');
    client.push(null);
    await turn();
    expect(backend.written).toMatch(/\r\n\r\nquestion$/);
    expect([backend.hasEnded, client.hasEnded]).toEqual([true, false]);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(1);
    backend.push('answer');
    backend.push(null);
    await turn();
    expect(client.written).toBe('answer');
    await turn();
    expect([backend.destroyed, client.destroyed]).toEqual([true, true]);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
  });

  test('asks in the version of the client, which gets the answer as it is', () => {
    const { world } = piped({}, { version: '1.0' });
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    expect(backend.written).toMatch(/^POST \/chat HTTP\/1\.0\r\n/);
  });

  test('beyond the bound is a 503, until another one has ended', async () => {
    const world = worldWith({ hooks: toPipe });
    world.plane.adjust({ mostPipes: 1 }, {}, {}, {});
    const first = world.request();
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    expect(world.request().answer?.status).toBe(503);
    (first.connection as FakeDuplex).destroy(new Error('reset'));
    await turn();
    const third = world.request();
    world.transport.connects[1]?.refuse('backend.connect-failed');
    expect(third.answer?.status).toBe(503);
    const fourth = world.request();
    fourth.abort();
    world.request();
    expect(world.transport.connects).toHaveLength(4);
  });

  test('that cannot connect is a 503', () => {
    const { world, exchange } = piped();
    world.transport.connects[0]?.refuse('backend.connect-timeout');
    expect(exchange.answer?.status).toBe(503);
    expect(exchange.breaches).toEqual([]);
    expect(world.failures).toMatchObject([{ error: { code: 'backend.connect-timeout' }, url: '/chat' }]);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
  });

  test('without a healthy backend is a 503', () => {
    const world = worldWith({ hooks: toPipe, backends: [] });
    expect(world.request().answer?.status).toBe(503);
  });

  test('of a client that goes away while it connects is called off', () => {
    const { world, exchange } = piped();
    exchange.abort();
    expect(world.transport.connects[0]?.isCancelled).toBe(true);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
    expect(exchange.breaches).toEqual([]);
  });

  test.each(['client', 'backend'])('that the %s resets is reset at the other end, too', async (side) => {
    const { world, exchange } = piped();
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    const client = exchange.connection as FakeDuplex;
    (side === 'client' ? client : backend).destroy(new Error('reset'));
    await turn();
    expect([backend.destroyed, client.destroyed]).toEqual([true, true]);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight).toBe(0);
  });

  test.each([
    ['fail', () => 'fail' as const, 503],
    ['synth', () => ({ synth: 426 }), 426],
    [
      'a throw',
      () => {
        throw new Error('oops');
      },
      503,
    ],
    ['an unknown word', () => 'tunnel' as 'pipe', 503],
    [
      'an illegal field',
      ({ bereq }: { bereq: { http: { set(n: string, v: string): void } } }) => void bereq.http.set('X', '\n'),
      503,
    ],
  ])('is not opened after %s in the hook', (_, pipe, status) => {
    const { world, exchange } = piped({ pipe: pipe as NonNullable<Hooks['pipe']> });
    expect(exchange.answer?.status).toBe(status);
    expect(world.transport.connects).toEqual([]);
  });

  test('that is still connecting when its config ends is a 503, and called off', () => {
    const world = worldWith();
    const key = world.run({ hooks: toPipe });
    const exchange = world.request();
    world.plane.end(key);
    expect(world.transport.connects[0]?.isCancelled).toBe(true);
    expect(exchange.answer?.status).toBe(503);
    expect(exchange.breaches).toEqual([]);
  });

  test('ends with its config', async () => {
    const world = worldWith();
    const key = world.run({ hooks: toPipe });
    const exchange = world.request();
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    world.plane.end(key);
    await turn();
    expect([backend.destroyed, exchange.connection?.destroyed]).toEqual([true, true]);
    expect(exchange.breaches).toEqual([]);
  });
});
