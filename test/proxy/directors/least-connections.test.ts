import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ConnectionLoad, LeastConnections } from '../../../src/proxy/directors/least-connections.ts';
import type { Member } from '../../../src/proxy/directors/policy.ts';
import { Refusals } from '../../../src/proxy/directors/refusals.ts';
import { createRule, type Rule } from '../../../src/proxy/directors/rule.ts';
import { fakeMembers, requestFor } from '../../support/fake-members.ts';

const any = requestFor();
let rule: Rule;

beforeEach(() => {
  rule = createRule({ kind: 'least_connections' }, () => 0);
});

/** As a director makes them: each entry with a load of its own. */
function members(descriptions: Parameters<typeof fakeMembers>[0]): Member[] {
  return fakeMembers(descriptions).map((member) => ({ ...member, load: rule.newLoad?.() }));
}

const build = (list: readonly Member[]) => rule.build(list, new Refusals(list));
const healthy = (count: number) => Array.from({ length: count }, () => ({ healthy: true }));
const loadOf = (member: Member | undefined) => member?.load as ConnectionLoad;

describe('least connections', () => {
  test('gives each request to the member with the fewest, the requests of the same turn included', () => {
    const policy = build(members(healthy(3)));
    const begin = () => {
      const member = policy.pick(any);
      member?.load?.begun();
      return member;
    };
    const first = [begin(), begin(), begin()];
    expect(first.map((member) => member?.target.name)).toEqual(['b0', 'b1', 'b2']);
    first[1]?.load?.ended();
    expect(begin()?.target.name).toBe('b1');
  });

  test('equals take turns, weight for weight', () => {
    const list = members([
      { healthy: true, weight: 3 },
      { healthy: true, weight: 1 },
      { healthy: true, weight: 2 },
    ]);
    const policy = build(list);
    const counts = new Map<string, number>();
    for (let i = 0; i < 600; i++) {
      const member = policy.pick(any);
      loadOf(member).begun();
      loadOf(member).ended();
      const name = member?.target.name ?? 'none';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.get('b0')).toBeGreaterThanOrEqual(298);
    expect(counts.get('b1')).toBeLessThanOrEqual(102);
    expect(counts.get('b2')).toBeGreaterThanOrEqual(198);
    expect(counts.get('none')).toBeUndefined();
  });

  test('one that was away does not take all the turns that it has missed', () => {
    const list = members(healthy(2));
    const one = [list[0] as Member];
    const touch = (member: Member | undefined) => {
      loadOf(member).begun();
      loadOf(member).ended();
      return member?.target.name;
    };
    const alone = build(one);
    for (let i = 0; i < 100; i++) touch(alone.pick(any));
    const both = build(list);
    const names = Array.from({ length: 10 }, () => touch(both.pick(any)));
    expect(names.filter((name) => name === 'b1').length).toBeLessThanOrEqual(6);
  });

  test('none of nothing, of sick members and of members without weight', () => {
    expect(build([]).pick(any)).toBeUndefined();
    expect(build(members([{ healthy: false }, { healthy: true, weight: 0 }])).pick(any)).toBeUndefined();
  });

  const description = fc.record({
    healthy: fc.boolean(),
    denied: fc.boolean(),
    weight: fc.constantFrom(0, 0.5, 1, 1, 3),
  });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'begin' as const, at: 0 }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('end' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('beginDenied' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('health' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('add' as const), at: fc.nat() }) },
  );

  property.prop([fc.array(description, { maxLength: 40 }), fc.array(step, { maxLength: 150 })])(
    'never picks a member while another that would do has less in flight for its weight',
    (descriptions, steps) => {
      rule = createRule({ kind: 'least_connections' }, () => 0);
      const states = descriptions.map((one) => ({ ...one }));
      let list = members(states);
      let policy = build(list);
      const running: Member[] = [];
      /** Counted apart from the loads. */
      const inFlight = new Map<object, number>();
      const count = (member: Member, by: number) => {
        const load = loadOf(member);
        inFlight.set(load, (inFlight.get(load) ?? 0) + by);
        if (by > 0) load.begun();
        else load.ended();
      };
      for (const { type, at } of steps) {
        const i = list.length === 0 ? -1 : at % list.length;
        if (type === 'begin' || type === 'beginDenied') {
          const denied = type === 'begin' ? [] : states.flatMap((one, k) => (one.denied ? [`b${k}`] : []));
          const request = requestFor({ denied });
          const costs = list.map((member) =>
            member.weight > 0 && member.target.accepts(request)
              ? (inFlight.get(loadOf(member)) ?? 0) / member.weight
              : Number.POSITIVE_INFINITY,
          );
          const least = Math.min(...costs, Number.POSITIVE_INFINITY);
          const picked = policy.pick(request);
          if (picked === undefined) {
            expect(least).toBe(Number.POSITIVE_INFINITY);
          } else {
            expect(costs[list.findIndex(({ load }) => load === picked.load)]).toBe(least);
            count(picked, 1);
            running.push(picked);
          }
        } else if (type === 'end') {
          const [member] = running.splice(running.length === 0 ? 0 : at % running.length, 1);
          if (member !== undefined) count(member, -1);
        } else {
          // The list as it is after the change, with the loads that its entries had before.
          const loads = list.map(({ load }) => load);
          if (type === 'add') states.push({ healthy: true, denied: at % 2 === 0, weight: 1 });
          else if (i >= 0 && type === 'remove') {
            states.splice(i, 1);
            loads.splice(i, 1);
          } else if (i >= 0) {
            const state = states[i] as (typeof states)[number];
            state.healthy = !state.healthy;
          }
          list = fakeMembers(states).map((member, k) => ({ ...member, load: loads[k] ?? rule.newLoad?.() }));
          policy = build(list);
        }
      }
      expect(policy).toBeInstanceOf(LeastConnections);
      for (const [load, expected] of inFlight) expect((load as ConnectionLoad).inFlight).toBe(expected);
    },
  );
});
