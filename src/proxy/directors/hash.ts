/**
 * hash: the same key goes to the same member for as long as the healthy members stay the same.
 * Meaning: vmod_directors(3); picks equal varnishd 7.1's. (Older ones read other bytes of the digest.)
 */
import { createHash } from 'node:crypto';
import type { Member, Policy } from './policy.ts';
import type { Refusals } from './refusals.ts';
import { WeightTable } from './weight-table.ts';

export function hash(members: readonly Member[], refusals?: Refusals): Policy {
  const table = new WeightTable(members, refusals);
  return { pick: (request) => table.pick(shareOf(request.key()), request) };
}

/**
 * What a request with this key is distributed by: `hash.backend(KEY)` in VCL, where KEY is one or more
 * strings. They are joined without a separator.
 *
 * @param parts one character per byte, as in Fields; a part that goes beyond that counts as UTF-8
 */
export function distributionKey(parts: readonly string[]): Uint8Array {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part, beyondLatin1.test(part) ? 'utf8' : 'latin1');
  return digest.digest();
}

const beyondLatin1 = /[\u{100}-\u{10ffff}]/u;

/** varnishd takes the last four bytes of the SHA-256, the least significant one first, as a share of 2^32. */
function shareOf(key: Uint8Array): number {
  const low = (key[28] as number) + (key[29] as number) * 0x100;
  const high = (key[30] as number) + (key[31] as number) * 0x100;
  return (low + high * 0x1_0000) / 0x1_0000_0000;
}
