import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { distributionKey, hash } from '../../../src/proxy/directors/hash.ts';
import { fakeMembers, requestFor } from '../../support/fake-members.ts';

describe('distributionKey', () => {
  test('is the SHA-256 of its strings joined', () => {
    const digest = createHash('sha256').update('/item/17').digest('hex');
    expect(Buffer.from(distributionKey(['/item/', '17'])).toString('hex')).toBe(digest);
    expect(Buffer.from(distributionKey(['', '/item/17', ''])).toString('hex')).toBe(digest);
  });

  test('takes one byte a character, as fields hold them, and UTF-8 where that cannot be', () => {
    const bytes = createHash('sha256')
      .update(Buffer.from([0xe9]))
      .digest('hex');
    const utf8 = createHash('sha256').update('\u20ac').digest('hex');
    expect(Buffer.from(distributionKey(['\u00e9'])).toString('hex')).toBe(bytes);
    expect(Buffer.from(distributionKey(['\u20ac'])).toString('hex')).toBe(utf8);
  });
});

describe('hash', () => {
  const members = (sick?: number) =>
    fakeMembers(Array.from({ length: 5 }, (_, i) => ({ healthy: i !== sick, weight: 1 + i })));
  const keys = Array.from({ length: 500 }, (_, i) => distributionKey([`/item/${i}`]));
  const pickAll = (sick?: number, denied: readonly string[] = []) => {
    const policy = hash(members(sick));
    return keys.map((key) => policy.pick(requestFor({ denied, key: () => key }))?.target.name);
  };

  test('sends a key to the same member for as long as health stays the same', () => {
    expect(pickAll()).toEqual(pickAll());
  });

  test('reads the last four bytes of the key, the least significant one first, as varnishd does', () => {
    // Two members that meet at 2 ** exponent: the share decides by one bit which side a key is on.
    for (const exponent of [0, 7, 8, 15, 16, 23, 24, 31]) {
      const below = 2 ** exponent;
      const policy = hash(
        fakeMembers([
          { healthy: true, weight: below },
          { healthy: true, weight: 2 ** 32 - below },
        ]),
      );
      const pick = (last: number) => {
        const key = Buffer.alloc(32);
        key.writeUInt32LE(last, 28);
        return policy.pick(requestFor({ key: () => key }))?.target.name;
      };
      expect([pick(below - 1), pick(below)]).toEqual(['b0', 'b1']);
    }
  });

  test('uses every member', () => {
    expect(new Set(pickAll()).size).toBe(5);
  });

  test('picks for a request as if what is denied to it were sick', () => {
    expect(pickAll(undefined, ['b2'])).toEqual(pickAll(2));
  });
});
