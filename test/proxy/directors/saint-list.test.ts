import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Identity } from '../../../src/identity.ts';
import { createSaintList } from '../../../src/proxy/directors/saint-list.ts';
import { resolvedBackend } from '../../support/resolved-backend.ts';

const { identity: b1 } = resolvedBackend('b1');
const { identity: b2 } = resolvedBackend('b2');

describe('saint list', () => {
  test('knows all identities that an object is denied to, until their deadlines', () => {
    const saints = createSaintList();
    expect(saints.deniedFor('aa', 0)).toBeUndefined();
    saints.deny(b1, 'aa', 100);
    saints.deny(b2, 'aa', 200);
    expect(saints.deniedFor('aa', 99)).toEqual(new Set([b1, b2]));
    expect(saints.deniedFor('aa', 100)).toEqual(new Set([b2]));
    expect(saints.deniedFor('aa', 200)).toBeUndefined();
    expect(saints.deniedFor('bb', 99)).toBeUndefined();
  });

  test('counts an object listed twice once, with the later deadline', () => {
    const saints = createSaintList();
    expect(saints.deny(b1, 'aa', 100)).toBe(true);
    expect(saints.deny(b1, 'aa', 300)).toBe(false);
    expect(saints.deny(b1, 'aa', 200)).toBe(false);
    expect(saints.count(b1, 250)).toBe(1);
    expect(saints.list(b1, 0)).toEqual([{ identity: b1, object: 'aa', deadline: 300 }]);
    expect(saints.nextDeadline()).toBe(300);
  });

  test('what was handed out for a request does not change when the list does', () => {
    const saints = createSaintList();
    saints.deny(b1, 'aa', 100);
    const denied = saints.deniedFor('aa', 0);
    saints.deny(b2, 'aa', 100);
    saints.lift(b1);
    expect(denied).toEqual(new Set([b1]));
  });

  test('lifts one object or all, and forgets an identity', () => {
    const saints = createSaintList();
    for (const object of ['aa', 'bb', 'cc']) saints.deny(b1, object, 100);
    saints.deny(b2, 'aa', 100);
    expect(saints.lift(b1, 'zz')).toBe(0);
    expect(saints.lift(b1, 'aa')).toBe(1);
    expect(saints.lift(b1)).toBe(2);
    expect(saints.isEmpty).toBe(false);
    saints.forget(b2);
    expect(saints.isEmpty).toBe(true);
    expect(saints.nextDeadline()).toBeUndefined();
  });

  test('reports each change of a count to every listener, once for an identity in a sweep', () => {
    const saints = createSaintList();
    const heard: [Identity, number][] = [];
    const others: [Identity, number][] = [];
    const leave = saints.onCountChanged((identity, count) => others.push([identity, count]));
    saints.onCountChanged((identity, count) => heard.push([identity, count]));
    saints.deny(b1, 'aa', 100);
    leave();
    saints.deny(b1, 'aa', 150);
    saints.deny(b1, 'bb', 100);
    saints.deny(b1, 'cc', 900);
    saints.expire(99);
    saints.expire(500);
    saints.lift(b1, 'cc');
    expect(heard).toEqual([
      [b1, 1],
      [b1, 2],
      [b1, 3],
      [b1, 1],
      [b1, 0],
    ]);
    expect(others).toEqual([[b1, 1]]);
  });

  test('agrees with a plain map of deadlines, swept or not, over any operations', () => {
    const identities = ['x', 'y', 'z'].map((name) => resolvedBackend(name).identity);
    const objects = ['aa', 'bb', 'cc', 'dd'];
    const operation = fc.record({
      type: fc.constantFrom('deny', 'deny', 'deny', 'lift', 'liftAll', 'forget', 'expire', 'wait'),
      identity: fc.constantFrom(...identities),
      object: fc.constantFrom(...objects),
      ms: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const saints = createSaintList();
        const reported = new Map<Identity, number>();
        saints.onCountChanged((identity, count) => reported.set(identity, count));
        /** `identity object` to deadline; what is past it stays until swept. */
        const naive = new Map<string, number>();
        let now = 0;

        for (const { type, identity, object, ms } of operations) {
          const name = `${identity} ${object}`;
          if (type === 'wait') now += ms;
          else if (type === 'deny') {
            expect(saints.deny(identity, object, now + ms)).toBe(!naive.has(name));
            naive.set(name, Math.max(naive.get(name) ?? 0, now + ms));
          } else if (type === 'lift') {
            expect(saints.lift(identity, object)).toBe(naive.delete(name) ? 1 : 0);
          } else if (type === 'expire') {
            saints.expire(now);
            for (const [key, deadline] of naive) if (deadline <= now) naive.delete(key);
          } else {
            if (type === 'liftAll') saints.lift(identity);
            else saints.forget(identity);
            for (const key of naive.keys()) if (key.startsWith(`${identity} `)) naive.delete(key);
          }

          const inForce = [...naive].filter(([, deadline]) => now < deadline).map(([key]) => key);
          expect(saints.isEmpty).toBe(naive.size === 0);
          expect(saints.nextDeadline()).toBe(naive.size === 0 ? undefined : Math.min(...naive.values()));
          expect(
            saints
              .list(undefined, now)
              .map((entry) => `${entry.identity} ${entry.object}`)
              .sort(),
          ).toEqual([...inForce].sort());
          for (const one of identities) {
            const listed = inForce.filter((key) => key.startsWith(`${one} `));
            expect(saints.count(one, now)).toBe(listed.length);
            expect(saints.list(one, now).length).toBe(listed.length);
            const present = [...naive.keys()].filter((key) => key.startsWith(`${one} `));
            expect(reported.get(one) ?? 0).toBe(present.length);
          }
          for (const one of objects) {
            const denied = identities.filter((who) => inForce.includes(`${who} ${one}`));
            expect(saints.deniedFor(one, now)).toEqual(denied.length === 0 ? undefined : new Set(denied));
          }
        }
      }),
    );
  });
});
