/** The pool machine, its workers and the queue together, over whatever may happen to them. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { PeerWorld } from '../../support/peer-world.ts';

type Step =
  | { readonly do: 'queue'; readonly count: number }
  | { readonly do: 'complete' | 'fail' | 'die' | 'begin'; readonly thread: number }
  | { readonly do: 'setThreads'; readonly min: number; readonly max: number }
  | { readonly do: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('queue' as const), count: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('complete' as const, 'fail' as const, 'die' as const, 'begin' as const),
      thread: fc.nat({ max: 7 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setThreads' as const),
      min: fc.integer({ min: -1, max: 6 }),
      max: fc.integer({ min: -1, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 100, 1_000, 11_000) }),
  },
);

function take(world: PeerWorld, step: Step): void {
  switch (step.do) {
    case 'queue':
      for (let i = 0; i < step.count; i++) world.queue();
      return;
    case 'setThreads':
      world.peer.setThreads(step.min, step.max);
      return;
    case 'pass':
      world.clock.advance(step.ms);
      world.settle();
      return;
    default: {
      const { live } = world.threads;
      const thread = live[step.thread % Math.max(1, live.length)];
      if (step.do === 'die') thread?.die();
      else thread?.begin();
      if (step.do === 'complete') thread?.finish();
      if (step.do === 'fail') thread?.finish('timeout');
    }
  }
}

function expectBalanced(world: PeerWorld): void {
  const { accepted, pending, running, done, failed, dropped, discarded } = world.figures();
  expect(pending + running + done + failed + dropped + discarded).toBe(accepted);
  expect(world.results).toHaveLength(done + failed + dropped);
}

const settings = fc.record({
  retries: fc.constantFrom(0, 0, 2),
  maxQueue: fc.constantFrom(3, 1_000),
  whenFull: fc.constantFrom('refuse' as const, 'drop-oldest' as const),
  maxThreads: fc.integer({ min: 1, max: 4 }),
});

test.prop([settings, fc.array(step, { maxLength: 40 }), fc.boolean()])(
  'every accepted operation ends exactly once, and settled threads keep their limits',
  async (declared, steps, drains) => {
    const world = await PeerWorld.with(declared);
    for (const one of steps) {
      take(world, one);
      expectBalanced(world);
    }
    // One that died as it was started is replaced a second later.
    world.clock.advance(1_000);
    world.settle();
    expect(world.peer.threads).toBeGreaterThanOrEqual(world.peer.minThreads);
    expect(world.peer.threads).toBeLessThanOrEqual(world.peer.maxThreads);
    const { accepted } = world.figures();

    const stopped = world.control.stop();
    for (let i = 0; drains && i < 2_000 && world.data.figures().peers.length > 0; i++) {
      world.settle();
      for (const thread of world.threads.live) {
        thread.begin();
        thread.finish();
      }
      world.clock.advance(10);
    }
    world.clock.advance(30_000);
    world.settle();
    await stopped;
    world.settle();
    expect(world.threads.live).toEqual([]);
    expect(world.results.map(({ operation }) => operation).sort((a, b) => a - b)).toEqual(
      Array.from({ length: accepted }, (_, i) => i + 1),
    );
    if (drains) expect(world.results.filter(({ cause }) => cause === 'discarded')).toEqual([]);
    expect(world.control.sizes()).toMatchObject({ peerPool: 0, peerWorker: 0 });
    expect(world.faults).toEqual([]);
  },
);

test.prop([fc.array(step, { maxLength: 60 })])('one thread keeps the order', async (steps) => {
  const world = await PeerWorld.with();
  for (const one of steps) if (one.do !== 'setThreads') take(world, one);
  const begun = world.begun().map((url) => Number(url.slice(1)));
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
  expect(new Set(begun).size).toBe(begun.length);
});
