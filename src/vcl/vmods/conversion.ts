/**
 * Conversions of texts, as vmod std has them: numbers by RFC 8941 section 3.3, within varnishd's laxer rules (blanks
 * around them, decimals beyond the third ignored).
 */
import { byteUnits, durationUnits } from '../value-type.ts';

/** Digits before the point: RFC 8941. */
const number = /^[ \t]*(-?)(?:(\d{1,15})|(?=\.\d))[ \t]*(?:\.(\d*))?[ \t]*/;
/** RFC 8941: of a decimal, which has 12 digits before its point. */
const LARGEST_DECIMAL = 999_999_999_999.999;

interface Prefix {
  readonly value: number;
  readonly hasPoint: boolean;
  readonly rest: string;
}

function readNumber(text: string | undefined): Prefix | undefined {
  const match = text === undefined ? null : number.exec(text);
  if (match === null || text === undefined) return undefined;
  const [all, minus, whole = '0', decimals] = match;
  const rest = text.slice(all.length);
  if (/^\d/.test(rest)) return undefined;
  const value = Number(`${minus}${whole}.${(decimals ?? '').slice(0, 3) || '0'}`);
  if (decimals !== undefined && Math.abs(value) > LARGEST_DECIMAL) return undefined;
  return { value, hasPoint: decimals !== undefined, rest };
}

/** Whole numbers only; `1.0` is one. */
export function textToInteger(text: string | undefined): number | undefined {
  const read = readNumber(text);
  return read === undefined || read.rest !== '' || !Number.isInteger(read.value) ? undefined : read.value;
}

export function textToReal(text: string | undefined): number | undefined {
  const read = readNumber(text);
  return read === undefined || read.rest !== '' ? undefined : read.value;
}

/** Seconds. The unit must be there. */
export function textToDuration(text: string | undefined): number | undefined {
  const read = readNumber(text);
  const factor = read === undefined ? undefined : durationUnits.get(read.rest.trim());
  return read === undefined || factor === undefined ? undefined : read.value * factor;
}

/** A unit may be there. Parts of a byte are none. */
export function textToBytes(text: string | undefined): number | undefined {
  const read = readNumber(text);
  if (read === undefined || read.value < 0) return undefined;
  const unit = read.rest.trim().toLowerCase();
  const factor = unit === '' ? 1 : byteUnits.get(unit);
  if (factor === undefined || (factor === 1 && !Number.isInteger(read.value))) return undefined;
  return Math.trunc(read.value * factor);
}

/** Seconds since 1970: one of HTTP's three forms (RFC 9110 section 5.6.7), ISO 8601, or a number. */
export function textToTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[A-Z][a-z]+,? |^\d{4}-\d\d-\d\dT/.test(text)) {
    const isUtc = /(?:GMT|Z|[+-]\d\d:?\d\d)$/.test(text);
    const milliseconds = Date.parse(
      isUtc ? text : `${text}${text.includes('T') && /^\d/.test(text) ? 'Z' : ' GMT'}`,
    );
    if (!Number.isNaN(milliseconds)) return milliseconds / 1_000;
  }
  const value = textToReal(text);
  return value === undefined || value <= 0 ? undefined : value;
}
