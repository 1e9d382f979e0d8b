/**
 * What a request that may have changed something makes invalid: RFC 9111 section 4.4.
 */
import type { Fields } from '../http/fields.ts';

/** RFC 9110 section 9.2.1: these change nothing. */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether the answer to a method tells that what is stored may have been changed by it. */
export function invalidates(method: string, status: number): boolean {
  return !safe.has(method) && status >= 200 && status < 400;
}

/**
 * The URLs that an answer says were changed beside the one that was asked: those of Location and Content-Location, if
 * they are on the same host; of others nobody may speak here.
 *
 * @param url path and query of the request
 * @param host its field Host
 * @returns paths with their queries
 */
export function alsoInvalid(url: string, host: string | undefined, answer: Fields): string[] {
  const urls: string[] = [];
  if (host === undefined) return urls;
  // Which scheme it was is not known behind a TLS terminator; it takes no part in the request hash either.
  const base = `http://${host}${url}`;
  for (const name of ['Location', 'Content-Location']) {
    const value = answer.get(name);
    if (value === undefined || !URL.canParse(value, base)) continue;
    const target = new URL(value, base);
    const isSameHost = target.host.toLowerCase() === new URL(base).host.toLowerCase();
    if (isSameHost) urls.push(target.pathname + target.search);
  }
  return urls;
}
