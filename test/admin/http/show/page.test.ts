import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { pageOf } from '../../../../src/admin/http/show/page.ts';

test.prop([
  fc.array(fc.nat()),
  fc.option(fc.nat({ max: 12 }), { nil: undefined }),
  fc.integer({ min: 1, max: 10 }),
])('all pages together are the list, and none is longer than allowed', (all, limit, most) => {
  const seen: number[] = [];
  let from: number | undefined = 0;
  while (from !== undefined) {
    const { items, next }: ReturnType<typeof pageOf<number>> = pageOf(all, { from, limit }, most);
    expect(items.length).toBeLessThanOrEqual(Math.min(most, Math.max(1, limit ?? most)));
    seen.push(...items);
    from = next;
  }
  expect(seen).toEqual(all);
});
