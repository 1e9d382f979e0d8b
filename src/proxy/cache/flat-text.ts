/**
 * A string of its own: others are made of slices of the messages that they came in, and keeping one of those would
 * keep the whole message alive.
 */
export function flat(text: string): string {
  const narrow = Buffer.from(text, 'latin1').toString('latin1');
  // Only what hooks make up has other characters.
  return narrow === text ? narrow : Buffer.from(text, 'utf16le').toString('utf16le');
}
