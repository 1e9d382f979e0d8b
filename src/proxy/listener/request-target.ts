/**
 * Which request targets are taken: the four forms of RFC 9112 section 3.2. Within a path, everything printable
 * but a fragment, because clients send more than RFC 3986 lets them; no spaces, controls or bytes above 0x7e.
 */
import { isLegalHost } from './host.ts';

const originForm = /^\/[!"$-~]*$/;
/** Userinfo has no place in it: RFC 9110 section 4.2.4. */
const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)(?:[/?][!"$-~]*)?$/i;

export function isLegalTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return /:\d+$/.test(target) && isLegalHost(target);
  if (originForm.test(target)) return true;
  if (target === '*') return method === 'OPTIONS';
  const match = absoluteForm.exec(target);
  return match !== null && isLegalHost(match[1] as string);
}
