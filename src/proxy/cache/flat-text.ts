/**
 * Strings that are kept. Others are made of slices of the messages that they came in, or of many small ones, and
 * keeping one of those would keep all of them alive.
 */

/** Characters up to which nothing is allocated but the string itself. */
const SCRATCH_CHARACTERS = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_CHARACTERS);

/** A string of its own. */
export function flat(text: string): string {
  if (text === '') return text;
  const narrow =
    text.length <= SCRATCH_CHARACTERS
      ? scratch.toString('latin1', 0, scratch.write(text, 0, 'latin1'))
      : Buffer.from(text, 'latin1').toString('latin1');
  // Only what hooks make up has other characters.
  return narrow === text ? narrow : Buffer.from(text, 'utf16le').toString('utf16le');
}

/** The same string in one piece, for one that was put together here: writing it anywhere is what makes it so. */
export function inOnePiece(text: string): string {
  if (text.length <= SCRATCH_CHARACTERS) scratch.write(text, 0, 'latin1');
  return text;
}
