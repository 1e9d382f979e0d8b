import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cursor, roundRobin } from '../../../src/proxy/directors/round-robin.ts';
import { fakeMembers, requestFor } from '../../support/fake-members.ts';

const any = requestFor();

function picks(
  members: ReturnType<typeof fakeMembers>,
  cursor: Cursor,
  times: number,
): (string | undefined)[] {
  const policy = roundRobin(members, cursor);
  return Array.from({ length: times }, () => policy.pick(any)?.target.name);
}

describe('round_robin', () => {
  test('visits members in turn', () => {
    const members = fakeMembers([{ healthy: true }, { healthy: true }, { healthy: true }]);
    expect(picks(members, { next: 0 }, 5)).toEqual(['b0', 'b1', 'b2', 'b0', 'b1']);
  });

  test('picks none from an empty list, and none if all are sick', () => {
    expect(roundRobin([], { next: 0 }).pick(any)).toBeUndefined();
    expect(roundRobin(fakeMembers([{ healthy: false }]), { next: 0 }).pick(any)).toBeUndefined();
  });

  test('gives each healthy member one turn in every round, wherever it starts', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), fc.nat(19), (healths, start) => {
        const members = fakeMembers(healths.map((healthy) => ({ healthy })));
        const healthy = members.filter(({ target }) => target.healthy).map(({ target }) => target.name);
        const round = picks(members, { next: start % members.length }, healthy.length);
        expect([...round].sort()).toEqual([...healthy].sort());
      }),
    );
  });

  test('goes on where it was when a member goes sick and returns', () => {
    const cursor = { next: 0 };
    const well = fakeMembers([{ healthy: true }, { healthy: true }, { healthy: true }]);
    const oneSick = fakeMembers([{ healthy: true }, { healthy: false }, { healthy: true }]);
    expect(picks(well, cursor, 1)).toEqual(['b0']);
    expect(picks(oneSick, cursor, 2)).toEqual(['b2', 'b0']);
    expect(picks(well, cursor, 3)).toEqual(['b1', 'b2', 'b0']);
  });

  test('a change of health without a pick in between changes nothing', () => {
    const cursor = { next: 2 };
    const well = fakeMembers([{ healthy: true }, { healthy: true }, { healthy: true }]);
    roundRobin(fakeMembers([{ healthy: true }, { healthy: true }, { healthy: false }]), cursor);
    expect(picks(well, cursor, 2)).toEqual(['b2', 'b0']);
  });

  test('passes over what is denied to the request, and over nothing else', () => {
    const members = fakeMembers([
      { healthy: true },
      { healthy: true },
      { healthy: false },
      { healthy: true },
    ]);
    const policy = roundRobin(members, { next: 1 });
    expect(policy.pick(requestFor({ denied: ['b1'] }))?.target.name).toBe('b3');
    expect(policy.pick(requestFor({ denied: ['b0', 'b1', 'b3'] }))).toBeUndefined();
    expect(policy.pick(any)?.target.name).toBe('b0');
  });

  test('starts again when removals leave its cursor past the end', () => {
    const cursor = { next: 3 };
    expect(picks(fakeMembers([{ healthy: true }, { healthy: true }]), cursor, 2)).toEqual(['b0', 'b1']);
  });

  test('a member added at the end after a full round waits for its turn, as in varnishd', () => {
    const cursor = { next: 0 };
    expect(picks(fakeMembers([{ healthy: true }, { healthy: true }]), cursor, 2)).toEqual(['b0', 'b1']);
    const three = fakeMembers([{ healthy: true }, { healthy: true }, { healthy: true }]);
    expect(picks(three, cursor, 3)).toEqual(['b0', 'b1', 'b2']);
  });
});
