import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WeightTable } from '../../../src/proxy/directors/weight-table.ts';
import { type FakeMember, fakeMembers, requestFor } from '../../support/fake-members.ts';

const any = requestFor();
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const weight = fc.oneof(
  fc.constant(0),
  fc.nat(20),
  // Above the smallest doubles: with those varnishd's loop finds nobody and it gives up with a panic.
  fc.double({ min: 1e-300, max: 1e12, noNaN: true }),
  fc.integer({ min: 1, max: 5_000 }).map((thousandths) => thousandths / 1_000),
);

/** As varnishd does it: two loops over the whole list. */
function naivePick(
  members: readonly FakeMember[],
  usable: readonly boolean[],
  at: number,
): string | undefined {
  let total = 0;
  for (const [i, member] of members.entries()) if (usable[i]) total += member.weight ?? 1;
  let sum = 0;
  for (const [i, member] of members.entries()) {
    if (!usable[i]) continue;
    sum += member.weight ?? 1;
    if (at * total < sum) return `b${i}`;
  }
  return undefined;
}

describe('weight table', () => {
  test('picks what two loops over the list would pick, whatever is sick or denied', () => {
    const member = fc.record({ healthy: fc.boolean(), denied: fc.boolean(), weight });
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 30 }),
        fc.array(share, { minLength: 1 }),
        (members, shares) => {
          const table = new WeightTable(fakeMembers(members));
          const denied = members.flatMap((one, i) => (one.denied ? [`b${i}`] : []));
          const healthy = members.map((one) => one.healthy);
          const accepted = members.map((one) => one.healthy && !one.denied);
          const particular = requestFor({ denied });
          for (const at of shares) {
            expect(table.pick(at, any)?.target.name).toBe(naivePick(members, healthy, at));
            expect(table.pick(at, particular)?.target.name).toBe(naivePick(members, accepted, at));
            expect(table.pick(at, any)?.target.name).toBe(naivePick(members, healthy, at));
          }
        },
      ),
    );
  });

  test('picks none from an empty list, from sick members, and from members without weight', () => {
    expect(new WeightTable([]).pick(0.5, any)).toBeUndefined();
    expect(new WeightTable(fakeMembers([{ healthy: false }])).pick(0.5, any)).toBeUndefined();
    expect(new WeightTable(fakeMembers([{ healthy: true, weight: 0 }])).pick(0.5, any)).toBeUndefined();
  });

  test('never picks a member of weight 0 while another one carries weight', () => {
    const table = new WeightTable(
      fakeMembers([
        { healthy: true, weight: 0 },
        { healthy: true, weight: 1 },
        { healthy: true, weight: 0 },
      ]),
    );
    for (const at of [0, 0.5, 1 - 2 ** -53]) expect(table.pick(at, any)?.target.name).toBe('b1');
  });

  test('still picks one when weights are too large or too small to be multiplied', () => {
    const huge = fakeMembers([
      { healthy: true, weight: Number.MAX_VALUE },
      { healthy: true, weight: Number.MAX_VALUE },
    ]);
    const tiny = fakeMembers([
      { healthy: true, weight: Number.MIN_VALUE },
      { healthy: true, weight: 0 },
    ]);
    for (const at of [0, 0.3, 0.999]) {
      expect(new WeightTable(huge).pick(at, any)).toBeDefined();
      expect(new WeightTable(tiny).pick(at, any)?.target.name).toBe('b0');
    }
  });
});
