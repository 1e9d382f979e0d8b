/**
 * The Date field (RFC 9110 section 6.6.1), written once a second.
 */
let second = -1;
let text = '';

/** @param wallNow milliseconds since 1970 */
export function dateField(wallNow: number): string {
  const now = Math.floor(wallNow / 1_000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1_000).toUTCString();
  }
  return text;
}
