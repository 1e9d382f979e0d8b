/**
 * Exponential decay by additions and multiplications alone: Math.pow and its like differ between versions of
 * Node in the last digit, and what they decide could not be replayed.
 */

/** Halvings after which nothing is left: a shift holds no more. */
const MOST_HALVINGS = 30;

/**
 * What is left of 1: 2^-halvings.
 *
 * @param halvings at least 0; half-lives that have passed
 */
export function remaining(halvings: number): number {
  if (!(halvings < MOST_HALVINGS)) return 0;
  const whole = Math.trunc(halvings);
  const y = (halvings - whole) * Math.LN2;
  // The Taylor series of e^-y in Horner's form, right to 10^-5 between 0 and 1.
  const part =
    1 - y * (1 - (y / 2) * (1 - (y / 3) * (1 - (y / 4) * (1 - (y / 5) * (1 - (y / 6) * (1 - y / 7))))));
  return part / (1 << whole);
}
