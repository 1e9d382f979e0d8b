import { describe, expect, test } from 'vitest';
import { director, PickingWorld } from '../../support/picking-world.ts';

const halfLifeMs = 5_000;
const names = ['b0', 'b1', 'b2', 'b3'];

function worldOf(members: readonly (string | { target: string; weight: number })[] = names): PickingWorld {
  const policy = { kind: 'peak_ewma', halfLifeMs } as const;
  const world = new PickingWorld({ backends: names, directors: [director('d', policy, members)] });
  for (const name of names) world.setHealth(name, true);
  return world;
}

describe('peak EWMA', () => {
  test('asks everybody once before it knows better, and shares by weight among those that do equally well', () => {
    const world = worldOf([
      { target: 'b0', weight: 1 },
      { target: 'b1', weight: 3 },
      { target: 'b2', weight: 0 },
    ]);
    const first = world.shares('d', 2, () => 10);
    expect(Object.keys(first).sort()).toEqual(['b0', 'b1']);
    const shares = world.shares('d', 4_000, () => 10);
    expect(shares['b1']).toBeGreaterThan(2_800);
    expect(shares['b1']).toBeLessThan(3_200);
    expect(shares['b2']).toBeUndefined();
  });

  test('leaves a slow member at once, asks it now and then as its peak fades, and takes it back', () => {
    const world = worldOf();
    world.shares('d', 400, () => 10);
    const slow = (name: string) => (name === 'b0' ? 2_000 : 10);
    // One answer is enough.
    const peaked = world.shares('d', 1_000, slow);
    expect(peaked['b0']).toBeLessThan(5);
    world.now += 2 * halfLifeMs;
    expect(world.shares('d', 1_000, slow)['b0'] ?? 0).toBe(0);
    world.now += 9 * halfLifeMs;
    let asked = 0;
    for (let i = 0; i < 4_000; i++) {
      world.now += 10;
      const { b0 = 0 } = world.shares('d', 1, () => 10);
      if (i >= 3_000) asked += b0;
    }
    expect(asked).toBeGreaterThan(150);
  });

  test('a backend that fails fast does not draw traffic, and one that hangs is left before its timeout', () => {
    const world = worldOf();
    world.shares('d', 400, () => 10);
    let failures = 0;
    for (let i = 0; i < 1_000; i++) {
      const running = world.begin('d');
      if (running?.name === 'b0') {
        failures++;
        running.lease.failed(0.2);
      } else running?.lease.answered(10);
      running?.lease.release();
    }
    expect(failures).toBeLessThan(5);

    const hanging = worldOf();
    hanging.shares('d', 400, () => 10);
    let hung = 0;
    for (let i = 0; i < 1_000; i++) {
      hanging.now += 1;
      const running = hanging.begin('d');
      if (running?.name === 'b0') {
        hung++;
      } else {
        running?.lease.answered(10);
        running?.lease.release();
      }
    }
    expect(hung).toBeLessThan(20);
  });

  test('one that was never asked gets one request, and no more until it has answered', () => {
    const world = worldOf();
    world.setHealth('b0', false);
    world.shares('d', 400, () => 10);
    world.setHealth('b0', true);
    const running = Array.from({ length: 100 }, () => {
      const one = world.begin('d');
      if (one?.name !== 'b0') one?.lease.answered(10);
      return one;
    });
    expect(running.filter((one) => one?.name === 'b0').length).toBe(1);
    const [asked] = running.filter((one) => one?.name === 'b0');
    asked?.lease.answered(5);
    asked?.lease.release();
    expect(world.shares('d', 200, () => 10)['b0']).toBeGreaterThan(10);
  });

  test('prefers who has less in flight among those that answer equally fast', () => {
    const world = worldOf();
    world.shares('d', 400, () => 10);
    const counts = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const one = world.begin('d');
      one?.lease.answered(10);
      counts.set(one?.name ?? 'none', (counts.get(one?.name ?? 'none') ?? 0) + 1);
    }
    for (const name of names) {
      expect(counts.get(name)).toBeGreaterThan(85);
      expect(counts.get(name)).toBeLessThan(115);
    }
  });

  test('whoever gave up before an answer says that it takes at least so long', () => {
    const world = worldOf();
    world.shares('d', 400, () => 10);
    let given = 0;
    for (let i = 0; i < 500; i++) {
      const one = world.begin('d');
      if (one?.name === 'b0') {
        given++;
        one.lease.unanswered(3_000);
      } else one?.lease.answered(10);
      one?.lease.release();
    }
    expect(given).toBeLessThan(5);
  });
});
