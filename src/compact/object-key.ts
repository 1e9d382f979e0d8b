/**
 * What a saint entry keeps of a request hash: its first 96 bits, 24 hexadecimal digits, as lists print it. Two
 * objects by chance alike in those: once in 10²² look-ups among a million entries.
 */
import { randomInt } from 'node:crypto';

/** 32 bits from 8 hexadecimal digits, of either case; missing ones count as 0. */
export function keyWord(hex: string, from: number): number {
  let word = 0;
  for (let i = from; i < from + 8; i++) {
    const code = hex.charCodeAt(i);
    // Digits are 0x30 to 0x39, letters 0x41 to 0x46 and 0x61 to 0x66.
    word = (word << 4) | ((code & 15) + 9 * (code >> 6));
  }
  return word;
}

export function keyText(word0: number, word1: number, word2: number): string {
  return digits(word0) + digits(word1) + digits(word2);
}

function digits(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Where in an index a key stands. */
export type KeyHash = (word0: number, word1: number) => number;

/**
 * A hash of keys that nobody outside can foresee: else a client could choose URLs that all fall on one place
 * of the index, and have it searched from end to end. Nothing that can be seen depends on its secret.
 */
export function secretKeyHash(): KeyHash {
  const [a, b] = [randomInt(2 ** 32) | 0, randomInt(2 ** 32) | 0];
  return (word0, word1) => {
    let hash = Math.imul(word0 ^ a, 0x9e3779b1);
    hash = Math.imul((hash ^ (hash >>> 15)) + (word1 ^ b), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  };
}
