import { describe, expect, test } from 'vitest';
import type { PolicyDeclaration } from '../../../src/config/declaration.ts';
import { slowlyStarted } from '../../../src/proxy/directors/slow-start.ts';
import { fakeMembers } from '../../support/fake-members.ts';
import { director, PickingWorld } from '../../support/picking-world.ts';

const second = 1_000;
const slowStartMs = 30 * second;
const names = ['b0', 'b1', 'b2', 'b3'];
const policies: readonly PolicyDeclaration[] = [
  { kind: 'random' },
  { kind: 'least_connections' },
  { kind: 'peak_ewma', halfLifeMs: 5_000 },
];

function worldWith(policy: PolicyDeclaration): PickingWorld {
  const world = new PickingWorld({
    backends: names,
    directors: [director('d', policy, names, { slowStartMs })],
  });
  for (const name of names) world.setHealth(name, true);
  return world;
}

/** What the last member gets, as a share of what each of four would get. */
function shareOfLast(world: PickingWorld): number {
  const count = 8_000;
  return ((world.shares('d', count, () => 10)['b3'] ?? 0) * names.length) / count;
}

describe.each(policies)('slow start with $kind', (policy) => {
  test('changes nothing when all become healthy at once', () => {
    const share = shareOfLast(worldWith(policy));
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(1.1);
  });

  test('gives one that has recovered a tenth of its share at first, and all of it in the end', () => {
    const world = worldWith(policy);
    world.now = 100 * second;
    // What was heard of it is what was heard of the others.
    shareOfLast(world);
    world.setHealth('b3', false);
    world.setHealth('b3', true);
    const grown: number[] = [];
    for (let at = 0; at <= slowStartMs; at += 10 * second) {
      world.now = 100 * second + at;
      grown.push(shareOfLast(world));
    }
    const [first = 1, third = 0, twoThirds = 0, last = 0] = grown;
    expect(first).toBeGreaterThan(0.05);
    expect(first).toBeLessThan(0.2);
    expect(third).toBeGreaterThan(first * 1.5);
    expect(twoThirds).toBeGreaterThan(third * 1.2);
    expect(last).toBeGreaterThan(0.9);
    expect(last).toBeLessThan(1.1);
  });
});

test('a cold member of least_connections is not flooded: it has in flight what its weight is worth', () => {
  const world = worldWith({ kind: 'least_connections' });
  world.now = 100 * second;
  for (let i = 0; i < 300; i++) world.begin('d');
  world.setHealth('b3', false);
  for (let i = 0; i < 300; i++) world.begin('d');
  world.setHealth('b3', true);
  // It has the 75 of before; each of the others has 175, so a warm one would get the next hundred alone.
  const before = world.begin('d');
  expect(before?.name).not.toBe('b3');
  const next = Array.from({ length: 100 }, () => world.begin('d')?.name);
  expect(next.filter((name) => name === 'b3')).toEqual([]);
});

test('shares are relative to the member that is healthy longest, and nobody is left without any', () => {
  const members = fakeMembers([{ healthy: true }, { healthy: true, weight: 4 }, { healthy: false }]).map(
    (member, at) => ({ ...member, target: { ...member.target, changedAt: at === 0 ? 0 : 10_000 } }),
  );
  const { members: weighed, until } = slowlyStarted(members, 20_000, 10_000);
  const old = 0.1 + 0.9 * 0.5;
  expect(weighed.map(({ weight }) => weight)).toEqual([1, (4 * 0.1) / old, 1]);
  expect(until).toBeGreaterThan(10_000);
  // Once all are warm nothing is to be built anew.
  expect(slowlyStarted(members, 20_000, 30_000)).toEqual({ members, until: Number.POSITIVE_INFINITY });
  // A clock that lags behind the control plane's.
  expect(slowlyStarted(members, 20_000, 5_000).members[1]?.weight).toBeGreaterThan(0);
});
