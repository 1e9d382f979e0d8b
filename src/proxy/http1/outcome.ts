/** Outcomes of reading that are no offset. */

/** All input was taken, and more is wanted. */
export const INCOMPLETE = -1;
/** What was read is refused: the reader's `fault` says why, and nothing may follow. */
export const REFUSED = -2;
