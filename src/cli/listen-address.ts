/** `-a [NAME=]ADDR:PORT[,PROTO]` and `-b HOST:PORT`, as varnishd(1) writes them. */

export type ListenAddress = ({ readonly host: string; readonly port: number } | { readonly path: string }) & {
  readonly name: string | undefined;
  readonly proxyProtocol: boolean;
};

/** varnishd's default is 80; a plain user may not listen there. */
export const DEFAULT_LISTEN_PORT = 8080;
const DEFAULT_BACKEND_PORT = 80;
/** Any address, both families. */
const ANY_HOST = '::';

/**
 * Parses the argument of `-a`.
 *
 * @returns the address, or a sentence that says what is wrong with it
 */
export function parseListenAddress(text: string): ListenAddress | string {
  const named = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(text);
  const name = named?.[1];
  const [address = '', ...options] = (named?.[2] ?? text).split(',');
  const protocols = new Set<string>();
  for (const option of options) {
    const protocol = option.toUpperCase();
    if (protocol !== 'HTTP' && protocol !== 'PROXY') {
      return `-a ${text}: "${option}" is not an option that Troupe knows; after the address only ,HTTP or ,PROXY may follow.`;
    }
    protocols.add(protocol);
  }
  if (protocols.size > 1) return `-a ${text}: HTTP and PROXY exclude each other.`;
  const proxyProtocol = protocols.has('PROXY');
  if (address.startsWith('/')) return { name, path: address, proxyProtocol };
  const parsed = parseHostAndPort(address, DEFAULT_LISTEN_PORT);
  if (typeof parsed === 'string') return `-a ${text}: ${parsed}`;
  return { name, host: parsed.host === '' ? ANY_HOST : parsed.host, port: parsed.port, proxyProtocol };
}

/**
 * Parses the argument of `-b`.
 *
 * @returns the backend's endpoint, or a sentence that says what is wrong with it
 */
export function parseBackendAddress(
  text: string,
): { readonly host: string; readonly port: number } | { readonly path: string } | string {
  if (text.startsWith('/')) return { path: text };
  const parsed = parseHostAndPort(text, DEFAULT_BACKEND_PORT);
  if (typeof parsed === 'string') return `-b ${text}: ${parsed}`;
  if (parsed.host === '') return `-b ${text}: the host is missing; write -b HOST:PORT.`;
  return parsed;
}

function parseHostAndPort(text: string, defaultPort: number): { host: string; port: number } | string {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const plain = /^([^:]*)(?::(.*))?$/.exec(text);
  const match = bracketed ?? plain;
  if (match === null) return 'write ADDR:PORT, with an IPv6 address in brackets: [::1]:8080.';
  const [, host = '', digits] = match;
  if (bracketed !== null && host === '') return 'the brackets hold no address.';
  if (digits === undefined) return { host, port: defaultPort };
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port > 65_535) return `port must be between 0 and 65535, but is "${digits}".`;
  return { host, port };
}
