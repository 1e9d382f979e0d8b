/**
 * Keys of the shard director: numbers of 32 bits, on the same ring as the members' points.
 * Meaning: vmod_directors(3), `xshard.key()` and the arguments of `xshard.backend()`.
 */
import { sha256Latin1 } from './sha256.ts';

/**
 * The key of a text: the last four bytes of its SHA-256, the least significant one first. VCL: `xshard.key()`,
 * and what `by=URL` makes of a URL.
 *
 * @param parts joined without a separator; one character per byte, as in Fields
 */
export function shardKey(...parts: readonly string[]): number {
  return lastFourBytes(sha256Latin1(parts.length === 1 ? (parts[0] as string) : parts.join('')));
}

/** The key of an object: the first four bytes of the request hash, the most significant one first. */
export function keyOfHash(hash: Uint8Array): number {
  return keyOfBlob(hash);
}

/** `by=BLOB`: the first four bytes, the most significant one first; a shorter blob counts as a smaller number. */
export function keyOfBlob(blob: Uint8Array): number {
  let key = 0;
  for (let at = 0; at < 4 && at < blob.length; at++) key = key * 0x100 + (blob[at] as number);
  return key;
}

/** @param digest one character a byte */
function lastFourBytes(digest: string): number {
  const low = digest.charCodeAt(28) + digest.charCodeAt(29) * 0x100;
  return low + (digest.charCodeAt(30) + digest.charCodeAt(31) * 0x100) * 0x1_0000;
}
