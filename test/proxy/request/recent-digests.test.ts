import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { RecentDigests } from '../../../src/proxy/request/recent-digests.ts';

test.prop([fc.array(fc.nat(12_000), { maxLength: 200 }), fc.nat(20_000)])(
  'gives what the function gives, whatever was asked for before',
  (keys, before) => {
    const recent = new RecentDigests((key) => `digest of ${key}`);
    for (let i = 0; i < before; i++) recent.get(`/${i}`);
    for (const key of keys) expect(recent.get(`/${key}`)).toBe(`digest of /${key}`);
  },
);

test('computes once what is asked for again and again, and forgets the rest', () => {
  let computed = 0;
  const recent = new RecentDigests((key) => {
    computed++;
    return key;
  });
  for (let i = 0; i < 100_000; i++) {
    recent.get('/hot');
    recent.get(`/cold/${i}`);
  }
  expect(computed).toBe(100_001);
  expect(recent.size).toBeLessThanOrEqual(8_192);
});

test('keeps no key that is very long', () => {
  const recent = new RecentDigests((key) => key);
  recent.get('x'.repeat(100_000));
  expect(recent.size).toBe(0);
});
