/**
 * The fields of a request as undici takes them: one flat array. Those of framing and connection are undici's
 * to write, and Expect cannot be honoured by a transport that never waits for a 100; they are left out.
 */
import type { Fields } from '../http/fields.ts';

/**
 * @param length bytes of a body that undici cannot count; undefined: nothing to announce
 * @returns the fields' own array where that will do, so it must not be changed
 */
export function sendableFields(fields: Fields, length: number | undefined): string[] {
  const { raw } = fields;
  let kept: string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const isOurs = isTransportField(name);
    if (isOurs && kept === undefined) kept = raw.slice(0, i);
    if (!isOurs && kept !== undefined) kept.push(name, raw[i + 1] as string);
  }
  if (length === undefined) return kept ?? raw;
  kept ??= raw.slice();
  kept.push('Content-Length', String(length));
  return kept;
}

/** By length first: most names are passed by with one comparison. */
function isTransportField(name: string): boolean {
  switch (name.length) {
    case 6:
      return name.toLowerCase() === 'expect';
    case 7:
      return name.toLowerCase() === 'upgrade';
    case 10: {
      const lower = name.toLowerCase();
      return lower === 'connection' || lower === 'keep-alive';
    }
    case 14:
      return name.toLowerCase() === 'content-length';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    default:
      return false;
  }
}
