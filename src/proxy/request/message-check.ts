/**
 * What hooks wrote is checked before it is sent: a line break in a value would start a field or a message of
 * somebody else's making. Parsed messages need no check, so this runs only where a hook had its hands on one.
 */
import type { Fields } from '../http/fields.ts';

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5; the upper half of latin1 is obs-text. Whatever lies above would be cut to one byte. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const pathAndQuery = /^[\x21-\x7e\x80-\xff]+$/;

/** A sentence about the first thing in a message that cannot be sent, or undefined. */
export function illegalFields(fields: Fields): string | undefined {
  if (fields.isLegal) return undefined;
  const { raw } = fields;
  for (let i = 0; i < raw.length; i += 2) {
    const name: unknown = raw[i];
    const value: unknown = raw[i + 1];
    if (typeof name !== 'string' || !token.test(name)) return `a field is named ${shown(name)}`;
    if (typeof value !== 'string') return `the field ${name} is set to ${shown(value)}, which is no string`;
    if (!fieldValue.test(value)) {
      return `the field ${name} is set to ${shown(value)}: line breaks, controls and characters beyond latin1 cannot be sent`;
    }
  }
  fields.isLegal = true;
  return undefined;
}

export function illegalRequestLine(method: unknown, url: unknown): string | undefined {
  if (typeof method !== 'string' || !token.test(method)) return `the method is set to ${shown(method)}`;
  if (typeof url !== 'string' || !pathAndQuery.test(url)) {
    return `the URL is set to ${shown(url)}: spaces, controls and characters beyond latin1 must be percent-encoded`;
  }
  if (url.charCodeAt(0) === 0x2f || method === 'CONNECT' || (url === '*' && method === 'OPTIONS')) {
    return undefined;
  }
  return `the URL is set to ${shown(url)}, which does not begin with a slash`;
}

/** 101, Switching Protocols: the one answer below 200 that is not followed by another. */
export const SWITCHING = 101;

/** A final response: 200 to 999, so that unregistered statuses can be used, but none that only announces another. */
export function isFinalStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 999;
}

export function isReason(reason: unknown): reason is string {
  return typeof reason === 'string' && fieldValue.test(reason);
}

export function illegalStatusLine(status: unknown, reason: unknown): string | undefined {
  if (!isFinalStatus(status)) return `the status is set to ${shown(status)}; it must be from 200 to 999`;
  return isReason(reason) ? undefined : `the reason is set to ${shown(reason)}`;
}

/** At most 60 characters of a value, printable. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
