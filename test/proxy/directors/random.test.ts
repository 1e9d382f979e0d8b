import { describe, expect, test } from 'vitest';
import { random } from '../../../src/proxy/directors/random.ts';
import { seededRandom } from '../../../src/simulation/seeded-random.ts';
import { type FakeMember, fakeMembers, requestFor } from '../../support/fake-members.ts';

const draws = 100_000;

/** How far the counts are from the weights: sum of (seen - expected)² / expected. */
function chiSquare(members: readonly FakeMember[], denied: readonly string[] = []): number {
  const usable = members.map(({ healthy, weight = 1 }, i) =>
    healthy && !denied.includes(`b${i}`) ? weight : 0,
  );
  const total = usable.reduce((sum, weight) => sum + weight, 0);
  const policy = random(fakeMembers(members));
  const request = requestFor({ denied, random: seededRandom(3) });
  const seen = new Map<string | undefined, number>();
  for (let i = 0; i < draws; i++) {
    const name = policy.pick(request)?.target.name;
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  let sum = 0;
  for (const [i, weight] of usable.entries()) {
    const expected = (draws * weight) / total;
    const count = seen.get(`b${i}`) ?? 0;
    if (expected === 0) expect(count).toBe(0);
    else sum += (count - expected) ** 2 / expected;
  }
  return sum;
}

/** Chi-square with at most 9 degrees of freedom exceeds this once in 10,000 times; the seed is fixed. */
const bound = 33.7;

describe('random', () => {
  test('shares traffic equally between equal weights', () => {
    expect(chiSquare(Array.from({ length: 10 }, () => ({ healthy: true })))).toBeLessThan(bound);
  });

  test('shares traffic by weight, fractions and zero included', () => {
    const weights = [1, 0, 2.5, 0.1, 10, 3, 0.75];
    expect(chiSquare(weights.map((weight) => ({ healthy: true, weight })))).toBeLessThan(bound);
  });

  test('gives the share of sick and of denied members to the others in proportion', () => {
    const members = [1, 2, 3, 4, 5, 6].map((weight) => ({ healthy: weight !== 3, weight }));
    expect(chiSquare(members)).toBeLessThan(bound);
    expect(chiSquare(members, ['b5', 'b0'])).toBeLessThan(bound);
  });
});
