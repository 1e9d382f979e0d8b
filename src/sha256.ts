/** SHA-256 of a string's bytes: of the bytes received where it came from a header, else of its UTF-8. */
import { hash } from 'node:crypto';

/** @returns 64 hexadecimal digits */
export function sha256Hex(text: string): string {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits |= text.charCodeAt(i);
  const hasHighBytes = bits >= 0x80 && bits <= 0xff;
  // node:crypto hashes a string faster than a buffer, and hexadecimal is its cheapest answer.
  return hash('sha256', hasHighBytes ? Buffer.from(text, 'latin1') : text, 'hex');
}
