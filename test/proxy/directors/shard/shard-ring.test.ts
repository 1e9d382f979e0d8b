import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { ringPoints } from '../../../../src/proxy/directors/shard/ring-points.ts';
import { ShardRing } from '../../../../src/proxy/directors/shard/shard-ring.ts';
import { shardKey } from '../../../../src/shard-key.ts';

const lists = fc.array(fc.array(fc.oneof(fc.nat(20), fc.nat(0xffff_ffff)), { maxLength: 8 }), {
  maxLength: 8,
});
const ringOf = (points: readonly (readonly number[])[]) =>
  new ShardRing(points.map((list) => ({ points: Uint32Array.from(list), replicas: list.length })));

describe('a ring', () => {
  test.prop([lists])(
    'has all points in ascending order, equal ones in the order of the members',
    (points) => {
      const ring = ringOf(points);
      const sorted = points
        .flatMap((list, host) => list.map((point) => ({ point, host })))
        .sort((a, b) => a.point - b.point || a.host - b.host);
      expect([...ring.points]).toEqual(sorted.map(({ point }) => point));
      expect([...ring.hosts]).toEqual(sorted.map(({ host }) => host));
      for (const [host] of points.entries()) {
        const places = sorted.flatMap((one, at) => (one.host === host ? [at] : []));
        expect([...ring.places(host)]).toEqual(places);
      }
    },
  );

  test.prop([lists, fc.nat(0xffff_ffff)])(
    'is entered at the first point that is not below the key',
    (points, key) => {
      const ring = ringOf(points);
      const all = [...ring.points];
      fc.pre(all.length > 2);
      const found = ring.find(key);
      // A key beyond the last point stays there, as in varnishd.
      const first = all.findIndex((point) => point >= key);
      if (all[first] === key) expect(all[found]).toBe(key);
      else expect(found).toBe(first < 0 ? all.length - 1 : first);
    },
  );

  plain('of one or two points is entered at the last one, as in varnishd', () => {
    for (const key of [0, 15, 25]) {
      expect(ringOf([[10]]).find(key)).toBe(0);
      expect(ringOf([[10], [20]]).find(key)).toBe(1);
    }
    expect(ringOf([[10], [20]]).find(10)).toBe(1);
  });
});

describe('points', () => {
  plain('are the keys of the ident with a number behind it, whatever has been computed before', () => {
    const few = ringPoints('points of b1/', 3);
    const many = ringPoints('points of b1/', 6);
    expect([...many]).toEqual(Array.from({ length: 6 }, (_, i) => shardKey('points of b1/', String(i))));
    expect([...few]).toEqual([...many.subarray(0, 3)]);
    expect(ringPoints('points of b1/', 2)).toBe(many);
  });
});
