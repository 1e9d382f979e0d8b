/**
 * HTTP-date to the letter (RFC 9110 section 5.6.7): the preferred form, and the two obsolete ones that a recipient
 * must still read. Anything else is no date; what `Date.parse` would guess at (a zone, a lower-case month) could
 * keep an answer alive that its origin has declared expired.
 */
import { flat } from './flat-text.ts';

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const month = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const time = '(\\d{2}):(\\d{2}):(\\d{2})';
/** Sun, 06 Nov 1994 08:49:37 GMT */
const preferred = new RegExp(`^${day}, (\\d{2}) ${month} (\\d{4}) ${time} GMT$`);
/** Sunday, 06-Nov-94 08:49:37 GMT */
const rfc850 = new RegExp(`^${longDay}, (\\d{2})-${month}-(\\d{2}) ${time} GMT$`);
/** Sun Nov  6 08:49:37 1994 */
const asctime = new RegExp(`^${day} ${month} ([ \\d]\\d) ${time} (\\d{4})$`);

let lastText = '';
let lastInstant: number | undefined;

/** Milliseconds of 50 years, as the rule about two digits means them. */
const fiftyYears = 50 * 365.25 * 86_400_000;

/**
 * @param now milliseconds since 1970: a year of two digits that would lie more than 50 years ahead is past
 * @returns milliseconds since 1970; undefined if the text is no HTTP-date
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  // What origins say of now is the same for a second.
  if (text === lastText) return lastInstant;
  let match = preferred.exec(text);
  if (match !== null) {
    lastInstant = instant(match[3], match[2], match[1], match[4], match[5], match[6]);
    lastText = flat(text);
    return lastInstant;
  }
  match = asctime.exec(text);
  if (match !== null) return instant(match[6], match[1], match[2], match[3], match[4], match[5]);
  match = rfc850.exec(text);
  if (match === null) return undefined;
  const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100;
  const year = century + Number(match[3]);
  const [, dayOfMonth, name, , hour, minute, second] = match;
  const at = (full: number) => instant(String(full), name, dayOfMonth, hour, minute, second);
  const inThisCentury = at(year);
  if (inThisCentury !== undefined && inThisCentury > now + fiftyYears) return at(year - 100);
  // At the end of a century, small numbers are years of the next one.
  const inNextCentury = at(year + 100);
  return inNextCentury !== undefined && inNextCentury <= now + fiftyYears ? inNextCentury : inThisCentury;
}

function instant(
  year: string | undefined,
  monthName: string | undefined,
  dayOfMonth: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
): number | undefined {
  const date = Number(dayOfMonth);
  const monthIndex = months.indexOf(monthName ?? '') / 3;
  // 60 is a leap second, which computers do not have.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const midnight = new Date(0).setUTCFullYear(Number(year), monthIndex, date);
  if (new Date(midnight).getUTCDate() !== date || date === 0) return undefined;
  return midnight + (Number(hour) * 3_600 + Number(minute) * 60 + Number(second)) * 1_000;
}
