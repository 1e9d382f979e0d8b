/**
 * Request targets: RFC 9112 section 3.2. What a hook sees as `req.url` is the origin form; the host of an
 * absolute form wins over the Host field (3.2.2). The listener has refused what is malformed.
 */

export interface RequestTarget {
  /** Path and query; `*` for the asterisk form; host and port for the authority form (CONNECT). */
  readonly url: string;
  /** Host and port that the target names, which replace the Host field; undefined if it names none. */
  readonly host: string | undefined;
}

/** @returns undefined if the target is not one that a gateway for http can serve */
export function parseRequestTarget(method: string, target: string): RequestTarget | undefined {
  if (target.charCodeAt(0) === slash) return { url: target, host: undefined };
  if (method === 'CONNECT') return { url: target, host: target };
  if (target === '*') return method === 'OPTIONS' ? { url: '*', host: undefined } : undefined;
  return parseAbsolute(method, target);
}

const slash = 0x2f;

/** Userinfo is refused: RFC 9110 section 4.2.4 calls it an error from an untrusted source. */
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i;

function parseAbsolute(method: string, target: string): RequestTarget | undefined {
  const match = absoluteForm.exec(target);
  if (match === null) return undefined;
  const host = match[1] as string;
  const rest = match[2];
  if (rest === undefined) return { url: method === 'OPTIONS' ? '*' : '/', host };
  return { url: rest.charCodeAt(0) === slash ? rest : `/${rest}`, host };
}
