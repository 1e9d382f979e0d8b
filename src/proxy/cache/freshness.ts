/**
 * How old an answer is and how long it stays fresh: RFC 9111 sections 4.2.1 and 4.2.3. Pure: whoever asks says what
 * time it is.
 */
import type { Fields } from '../http/fields.ts';
import { type CacheControl, deltaSeconds } from './cache-control.ts';
import { parseHttpDate } from './http-date.ts';

/** Milliseconds since 1970 at which a request was sent, and the head of its answer came. */
export interface Timing {
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** The age that an answer had when it came, in milliseconds: RFC 9111 section 4.2.3. */
export function initialAge(fields: Fields, { sentAt, receivedAt }: Timing): number {
  const date = dateOf(fields, 'Date', receivedAt);
  const apparent = date === undefined ? 0 : Math.max(0, receivedAt - date);
  // A date has whole seconds; less than one is no age.
  const apparentAge = apparent < 1_000 ? 0 : apparent;
  return Math.max(apparentAge, ageField(fields) * 1_000 + Math.max(0, receivedAt - sentAt));
}

/** Seconds, as the first member of the first field says; 0 if that is no number (RFC 9111 section 5.1). */
export function ageField(fields: Fields): number {
  const value = fields.get('Age');
  if (value === undefined) return 0;
  return deltaSeconds(value.split(',', 1)[0]?.trim()) ?? 0;
}

/**
 * How long an answer is fresh from its origin on, in milliseconds, as the origin says it to a shared cache.
 *
 * @returns undefined if the origin does not say it
 */
export function explicitLifetime(
  fields: Fields,
  control: CacheControl,
  receivedAt: number,
): number | undefined {
  const seconds = control.sMaxAge ?? control.maxAge;
  if (seconds !== undefined) return seconds * 1_000;
  const [first, ...others] = fields.getAll('Expires');
  if (first === undefined) return undefined;
  // A date that is none is past (RFC 9111 section 5.3); so is one that a second field contradicts.
  const expires = parseHttpDate(first, receivedAt);
  if (expires === undefined || others.some((other) => other !== first)) return 0;
  return Math.max(0, expires - (dateOf(fields, 'Date', receivedAt) ?? receivedAt));
}

/** Milliseconds since 1970 that a field says, if it says any. */
export function dateOf(fields: Fields, name: string, now: number): number | undefined {
  const value = fields.get(name);
  return value === undefined ? undefined : parseHttpDate(value, now);
}
