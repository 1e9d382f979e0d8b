/**
 * Percent-encoding as libcurl's curl_easy_escape does it: letters, digits, `-`, `.`, `_` and `~` stay (RFC 3986
 * section 2.3), every other byte becomes `%` and two upper-case hexadecimal digits. Text is UTF-8.
 */

const unreserved = /^[A-Za-z0-9\-._~]$/;

/** By byte. */
const encoded = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return unreserved.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** @returns ASCII */
export function percentEncode(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += encoded[bytes[i] as number] as string;
  return text;
}
