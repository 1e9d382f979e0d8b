/**
 * The header fields of a request that node:http has parsed: as the client sent them, in order and with their
 * duplicates (`rawHeaders`), but with what middleware has changed since in `req.headers`, which is how Express
 * applications tell the next one who the user is.
 *
 * Cost: one pass over the names. Untouched fields are handed on as the very strings that were received.
 */
import type { IncomingMessage } from 'node:http';
import { Fields } from '../http/fields.ts';

type SetValue = string | number | boolean | readonly unknown[] | null | undefined;

export function requestFields({ rawHeaders, headers }: IncomingMessage): Fields {
  const kept: string[] = [];
  const seen = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const key = name.toLowerCase();
    // Node leaves no name out, so one that is missing was deleted.
    if ((headers[key] ?? undefined) === undefined && !isFraming(key)) continue;
    const values = seen.get(key);
    if (values === undefined) seen.set(key, [value]);
    else values.push(value);
    kept.push(name, value);
  }
  const fields = new Fields(kept);
  for (const key of Object.keys(headers)) {
    // Middleware without types sets numbers, and null for what is to go.
    const now: SetValue = headers[key];
    if (now === undefined || now === null || isFraming(key)) continue;
    if (!isUntouched(now, seen.get(key))) replace(fields, key, now);
  }
  return fields;
}

/** What says where the body ends is the client's to say: the body is still framed as it was sent. */
function isFraming(key: string): boolean {
  return key === 'content-length' || key === 'transfer-encoding';
}

/** Node makes one value of several: the first, or all joined, or an array, as the name wants it. */
function isUntouched(now: SetValue, raw: readonly string[] | undefined): boolean {
  if (raw === undefined) return false;
  if (Array.isArray(now)) return now.length === raw.length && now.every((value, i) => value === raw[i]);
  return now === raw[0] || (raw.length > 1 && (now === raw.join(', ') || now === raw.join('; ')));
}

function replace(fields: Fields, name: string, now: SetValue): void {
  fields.unset(name);
  for (const value of Array.isArray(now) ? now : [now]) fields.append(name, String(value));
}
