import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { HealthyPoints } from '../../../../src/proxy/directors/shard/healthy-points.ts';
import { ShardRing } from '../../../../src/proxy/directors/shard/shard-ring.ts';

const MEMBERS = 24;

test.prop(
  [
    fc.array(fc.array(fc.nat(400), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: MEMBERS }),
    fc.array(fc.uniqueArray(fc.nat(MEMBERS - 1), { minLength: 1, maxLength: 5 }), { maxLength: 40 }),
  ],
  { numRuns: 300 },
)(
  'always leads to the next point of a healthy member, however few members change at a time',
  (lists, turns) => {
    const ring = new ShardRing(
      lists.map((list) => ({ points: Uint32Array.from(list), replicas: list.length })),
    );
    const members = lists.map(() => ({ target: { healthy: true } }));
    const healthy = new HealthyPoints(ring, members.length);
    for (const turn of [[], ...turns]) {
      for (const which of turn) {
        const target = members[which % members.length]?.target;
        if (target !== undefined) target.healthy = !target.healthy;
      }
      healthy.update(members);
      const isHealthy = (at: number) => members[ring.hosts[at] ?? 0]?.target.healthy === true;
      expect(healthy.count).toBe(members.filter(({ target }) => target.healthy).length);
      if (healthy.count === 0) continue;
      for (let from = 0; from <= ring.points.length; from++) {
        let at = from % ring.points.length;
        while (!isHealthy(at)) at = (at + 1) % ring.points.length;
        expect(healthy.from(from)).toBe(at);
      }
    }
  },
);
