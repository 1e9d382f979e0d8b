import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { DirectorDeclaration } from '../../../src/config/declaration.ts';
import type { Hooks } from '../../../src/config/hooks.ts';
import type { RequestReport } from '../../../src/proxy/request/request-report.ts';
import { FakeDuplex } from '../../support/fake-exchange.ts';
import { anyProbe, identityNamed, worldWith } from '../../support/proxy-world.ts';

const policy = { kind: 'least_connections' } as const;
const app: DirectorDeclaration = {
  name: 'app',
  policy,
  members: ['b1', 'b2'].map((target) => ({ target, weight: 1 })),
};

function worldOf(hooks: Hooks = {}) {
  return worldWith({ directors: [app], defaultTarget: 'app', hooks });
}

const asked = (world: ReturnType<typeof worldOf>) => world.transport.fetches.map(({ backend }) => backend);

describe('a slot that a request holds', () => {
  test.each<[string, (world: ReturnType<typeof worldOf>) => void]>([
    ['an answer', (world) => world.transport.fetches[0]?.answer(200)],
    ['a failure', (world) => world.transport.fetches[0]?.fail()],
    ['an answer that breaks off', (world) => world.transport.fetches[0]?.head(200).data('x').fail()],
  ])('is free again after %s', (_, end) => {
    const world = worldOf();
    for (let i = 0; i < 4; i++) world.request();
    end(world);
    // Whoever has one less is asked next, and then it is even again.
    for (let i = 0; i < 2; i++) world.request();
    expect(asked(world)).toEqual(['b1', 'b2', 'b1', 'b2', 'b1', 'b2']);
    for (const fetch of world.transport.fetches) if (!fetch.isOver) fetch.answer(200);
    for (let i = 0; i < 2; i++) world.request();
    expect(asked(world).slice(-2).sort()).toEqual(['b1', 'b2']);
  });

  test('is free again when the client goes, and kept while a body goes on', () => {
    const world = worldOf();
    const [first] = [world.request(), world.request(), world.request()];
    world.transport.fetches[1]?.head(200).data('goes on');
    first?.abort();
    // b1 has one, and so has b2.
    for (let i = 0; i < 2; i++) world.request();
    expect(asked(world).slice(3).sort()).toEqual(['b1', 'b2']);
  });

  test('goes with each attempt: a retry takes another one', () => {
    const world = worldOf({
      backendResponse: ({ beresp }) => (beresp.status === 500 ? 'retry' : undefined),
    });
    world.request();
    world.transport.latest.answer(500);
    world.transport.latest.answer(200);
    expect(asked(world)).toEqual(['b1', 'b2']);
    for (let i = 0; i < 2; i++) world.request();
    expect(asked(world).slice(2).sort()).toEqual(['b1', 'b2']);
  });

  test('is a tunnel’s until it closes', async () => {
    const world = worldOf({ recv: ({ req }) => (req.url === '/tunnel' ? 'pipe' : undefined) });
    world.request({ target: '/tunnel' });
    const backend = new FakeDuplex();
    world.transport.connects[0]?.open(backend);
    // b1 has the tunnel, and b2 has ended each request before the next.
    const request = () => {
      world.request();
      world.transport.latest.answer(200);
      return world.transport.latest.backend;
    };
    expect([request(), request(), request()]).toEqual(['b2', 'b2', 'b2']);
    const closed = once(backend, 'close');
    backend.destroy();
    await closed;
    expect(request()).toBe('b1');
  });

  test('is a pipe’s until it is refused', () => {
    const world = worldOf({ recv: ({ req }) => (req.url === '/tunnel' ? 'pipe' : undefined) });
    world.request({ target: '/tunnel' });
    for (let i = 0; i < 2; i++) world.request();
    // b1 has the tunnel, so b2 came first.
    expect(asked(world)[0]).toBe('b2');
    world.transport.connects[0]?.refuse();
    for (const fetch of world.transport.fetches) fetch.answer(200);
    for (let i = 0; i < 2; i++) world.request();
    expect(asked(world).slice(2).sort()).toEqual(['b1', 'b2']);
  });
});

test('a pick in panic is told in the report, and counted', () => {
  const reports: RequestReport[] = [];
  const world = worldWith(
    {
      backends: ['b1', 'b2'].map((name) => ({ name, probe: anyProbe })),
      directors: [{ ...app, panicThreshold: 0.5 }],
      defaultTarget: 'app',
    },
    { log: { access: (report) => reports.push(report) } },
  );
  for (const name of ['b1', 'b2']) world.setHealth(name, { polled: 'sick', passing: false });
  world.request();
  world.transport.latest.answer(200);
  for (const name of ['b1', 'b2']) world.setHealth(name, {});
  world.request();
  world.transport.latest.answer(200);
  expect(reports.map(({ tries }) => tries[0]?.panic)).toEqual(['app', undefined]);
  const counts = ['b1', 'b2'].map((name) => world.plane.stats(identityNamed(name))?.panicPicks ?? 0);
  expect(counts.reduce((sum, count) => sum + count)).toBe(1);
});
