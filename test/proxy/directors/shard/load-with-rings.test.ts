import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/clock.ts';
import type { DirectorDeclaration } from '../../../../src/config/declaration.ts';
import { shardDefaults } from '../../../../src/config/shard-declaration.ts';
import { loadWithRings } from '../../../../src/proxy/directors/shard/load-with-rings.ts';
import { knownPoints } from '../../../../src/proxy/directors/shard/ring-points.ts';

/** A clock on which each look costs a millisecond, so that time passes by work alone. */
function workingClock() {
  let now = 0;
  let turns = 0;
  const clock: Clock = {
    now: () => now++,
    wallNow: () => now,
    after(_, fire) {
      turns++;
      queueMicrotask(fire);
      return () => {};
    },
  };
  return { clock, turns: () => turns };
}

const shardOf = (prefix: string): DirectorDeclaration => ({
  name: 'd',
  policy: { kind: 'shard', ...shardDefaults, choice: {} },
  members: Array.from({ length: 30 }, (_, i) => ({ target: `${prefix}${i}`, weight: 2 })),
});

test('a config is loaded when the points of its rings are known, which take many turns', async () => {
  const { clock, turns } = workingClock();
  const known = await loadWithRings([shardOf('early')], clock, () =>
    Array.from({ length: 30 }, (_, i) => knownPoints(`early${i}`, 134)?.length),
  );
  expect(known).toEqual(Array(30).fill(134));
  expect(turns()).toBeGreaterThan(10);
});

test('without a shard director, loading waits for nothing', () => {
  const { clock, turns } = workingClock();
  let isLoaded = false;
  const loading = loadWithRings([{ name: 'd', policy: { kind: 'hash' }, members: [] }], clock, () => {
    isLoaded = true;
  });
  expect(isLoaded).toBe(true);
  expect(turns()).toBe(0);
  return loading;
});
