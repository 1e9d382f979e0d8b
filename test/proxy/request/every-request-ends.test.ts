/**
 * Whatever hooks return, origins do and clients suffer: every exchange ends exactly once, restarts and
 * retries stay within their limits, and nothing is left in flight.
 */
import { Readable } from 'node:stream';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Hooks } from '../../../src/config/hooks.ts';
import type { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { FakeDuplex, FakeExchange } from '../../support/fake-exchange.ts';
import { type FakeFetch, FakeTransport } from '../../support/fake-transport.ts';
import { identityNamed, ProxyWorld } from '../../support/proxy-world.ts';

const maxRestarts = 2;
const maxRetries = 2;

const synth = fc.constantFrom<unknown>({ synth: 200 }, { synth: 404, reason: 'Nope' }, { synth: 204 });
const illegal = fc.constantFrom<unknown>('throw', 'promise', 'illegal', { synth: 7 });

/** Answers of one hook, taken in turn: mostly legal, and mostly those that go on. Many configs lack the hook. */
function answers(...words: string[]): fc.Arbitrary<unknown[] | undefined> {
  const answer = fc.oneof(
    { weight: 12, arbitrary: fc.constant<unknown>(undefined) },
    { weight: 4, arbitrary: fc.constantFrom<unknown>(...words) },
    { weight: 1, arbitrary: synth },
    { weight: 1, arbitrary: illegal },
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.array(answer, { minLength: 1, maxLength: 4 }) },
  );
}

const hookAnswers = fc.record({
  recv: answers('hash', 'pass', 'pipe', 'purge', 'restart', 'fail'),
  hash: answers('lookup', 'fail'),
  pass: answers('fetch', 'restart', 'fail'),
  purge: answers('restart', 'fail'),
  pipe: answers('pipe', 'fail'),
  backendFetch: answers('fetch', 'abandon', 'fail'),
  backendResponse: answers('deliver', 'retry', 'abandon', 'pass', 'fail'),
  backendError: answers('deliver', 'retry', 'abandon', 'fail'),
  deliver: answers('deliver', 'restart', 'fail'),
  synth: answers('deliver', 'restart', 'fail'),
});

const origin = fc.record({
  status: fc.constantFrom(200, 200, 200, 204, 304, 404, 503, 101),
  does: fc.constantFrom('answer', 'answer', 'answer', 'switch', 'switch', 'break', 'refuse', 'hang'),
  /** Content-Length, if it is announced, and the pieces sent. */
  isCounted: fc.boolean(),
  pieces: fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 4 }),
  pause: fc.integer({ min: 0, max: 8 }),
});
type Origin = typeof origin extends fc.Arbitrary<infer T> ? T : never;

const client = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'HEAD', 'CONNECT'),
  version: fc.constantFrom<'1.0' | '1.1'>('1.0', '1.1'),
  body: fc.option(fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 4 }), { nil: undefined }),
  asksUpgrade: fc.boolean(),
  isSlow: fc.boolean(),
  abortsAfter: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
});
type Client = typeof client extends fc.Arbitrary<infer T> ? T : never;

/** The hooks of a config: each gives its answers in turn, and counts its runs by request. */
function hooksFrom(given: Record<string, unknown[] | undefined>, runs: Map<string, number>): Hooks {
  const hooks: Record<string, unknown> = {};
  for (const [name, list] of Object.entries(given)) {
    if (list === undefined) continue;
    let next = 0;
    hooks[name] = (context: { req?: { xid: string }; bereq?: { xid: string } }) => {
      const run = `${name} ${context.req?.xid ?? context.bereq?.xid}`;
      runs.set(run, (runs.get(run) ?? 0) + 1);
      const answer = list[next++ % list.length];
      if (answer === 'throw') throw new Error('oops');
      return answer === 'promise' ? Promise.reject(new Error('later')) : answer;
    };
  }
  return hooks as Hooks;
}

/** Plays one origin's part, with a pause between any two of its doings. */
function play(
  clock: SimulatedClock,
  fetch: FakeFetch,
  { status, does, isCounted, pieces, pause }: Origin,
  connections: FakeDuplex[],
): void {
  if (fetch.request.body instanceof Readable) fetch.request.body.resume().on('error', () => {});
  if (does === 'hang') return;
  if (does === 'switch' && fetch.request.upgrade !== undefined) {
    const connection = new FakeDuplex();
    clock.after(pause, () => {
      if (fetch.isOver) return;
      connections.push(connection);
      fetch.switch(connection, ['Upgrade', 'chat']);
      clock.after(pause, () => (isCounted ? connection.destroy(new Error('reset')) : connection.push(null)));
    });
    return;
  }
  const total = pieces.reduce((sum, length) => sum + length, 0);
  const framing = isCounted ? ['Content-Length', String(total)] : ['Transfer-Encoding', 'chunked'];
  const doings = [
    () => void (does === 'refuse' ? fetch.fail('backend.connect-failed') : fetch.head(status, framing)),
    ...pieces.map((length) => () => void fetch.data('x'.repeat(length))),
    () => void (does === 'break' ? fetch.fail('backend.reset') : fetch.end()),
  ];
  const next = () => {
    if (fetch.isOver) return;
    if (!fetch.isPaused) doings.shift()?.();
    if (doings.length > 0) clock.after(pause + 1, next);
  };
  clock.after(pause, next);
}

function arrive(
  world: ProxyWorld,
  { method, version, body, asksUpgrade, isSlow, abortsAfter }: Client,
): FakeExchange {
  const hasBody = body !== undefined && method === 'POST';
  const exchange = new FakeExchange({
    method,
    version,
    target: method === 'CONNECT' ? 'example.com:443' : '/',
    ...(asksUpgrade ? { fields: ['Host', 'a', 'Connection', 'upgrade', 'Upgrade', 'chat'] } : {}),
    body: hasBody ? Readable.from(body.map((length) => Buffer.alloc(length))) : undefined,
  });
  exchange.takesMore = !isSlow;
  if (abortsAfter !== undefined) world.clock.after(abortsAfter, () => exchange.abort());
  for (let ms = 5; isSlow && ms < 100; ms += 5) world.clock.after(ms, () => exchange.drain());
  world.plane.handle(exchange);
  return exchange;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.prop(
  [
    hookAnswers,
    fc.array(origin, { minLength: 1, maxLength: 5 }),
    fc.array(client, { minLength: 1, maxLength: 3 }),
  ],
  { numRuns: 400 },
)(
  'every request ends once, within its limits, and leaves nothing in flight',
  async (given, origins, clients) => {
    const runs = new Map<string, number>();
    let asked = 0;
    const switched: FakeDuplex[] = [];
    const script = {
      clock: undefined as SimulatedClock | undefined,
    };
    const transport = new FakeTransport({
      get clock() {
        return script.clock as SimulatedClock;
      },
      fetch: (fetch) =>
        play(script.clock as SimulatedClock, fetch, origins[asked++ % origins.length] as Origin, switched),
      connect: (connect) => {
        const { does, pause } = origins[asked++ % origins.length] as Origin;
        if (does === 'refuse') return connect.refuse();
        if (does === 'hang') return;
        const connection = new FakeDuplex();
        connect.open(connection);
        script.clock?.after(pause, () => (does === 'break' ? connection.destroy() : connection.push(null)));
      },
    });
    const world = new ProxyWorld({
      transport,
      limits: { maxRestarts, maxRetries, replayableBodyBytes: 5_000 },
    });
    script.clock = world.clock;
    const key = world.run({ hooks: hooksFrom(given, runs) });

    const exchanges = clients.map((behaviour) => arrive(world, behaviour));
    for (let ms = 0; ms < 400; ms += 4) {
      world.clock.advance(4);
      if (ms < 120) await turn();
      for (const { connection } of exchanges) if (ms > 100) connection?.push(null);
    }
    // Origins that hang would be given up by the transport's timeouts: here, by the clients.
    for (const exchange of exchanges) exchange.abort();
    for (const { connection } of exchanges) connection?.destroy();
    await turn();
    await turn();

    for (const exchange of exchanges) {
      expect(exchange.breaches).toEqual([]);
      expect(exchange.isOver).toBe(true);
    }
    for (const [run, times] of runs) {
      const perLife = run.startsWith('backend') ? maxRetries + 1 : 1;
      // A fetch's last failure comes after its last retry; synth can follow each restart, and the last one twice.
      expect(times).toBeLessThanOrEqual((maxRestarts + 2) * (perLife + 1));
    }
    for (const fetch of transport.fetches) expect(fetch.isOver).toBe(true);
    for (const connection of switched) expect(connection.destroyed).toBe(true);
    expect(world.plane.stats(identityNamed('b1'))?.inFlight ?? 0).toBe(0);

    world.plane.drain(key);
    world.clock.advance(0);
    expect(world.facts).toEqual([{ type: 'config.drained', config: key }]);
  },
);
