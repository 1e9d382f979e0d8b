/** SHA-256 of a string's bytes: of the bytes received where it came from a header, else of its UTF-8. */
import { hash } from 'node:crypto';

/** @returns 64 hexadecimal digits */
export function sha256Hex(text: string): string {
  // node:crypto hashes a string faster than a buffer.
  return hash('sha256', bytesOf(text), 'hex');
}

/** @returns 32 characters, one a byte: half the price of any other form */
export function sha256Latin1(text: string): string {
  return hash('sha256', bytesOf(text), 'binary');
}

function bytesOf(text: string): string | Buffer {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits |= text.charCodeAt(i);
  const hasHighBytes = bits >= 0x80 && bits <= 0xff;
  return hasHighBytes ? Buffer.from(text, 'latin1') : text;
}
