/**
 * The request that follows a redirect, as libcurl makes it (CURLOPT_FOLLOWLOCATION with CURLOPT_CUSTOMREQUEST):
 * the method's name stays; a body goes along only where the status says that nothing may change (307, 308, and
 * what is none of 301, 302 and 303); another host gets a Host field of its own, and neither Authorization nor
 * Cookie. Only http: is followed.
 */
import type { PeerOrder } from './order.ts';

/** libcurl's newer default is 30; nobody waits for these, and a chain this long is a loop. */
export const MAX_REDIRECTS = 5;

/** @returns the next order; a string, which says why there is none */
export function followRedirect(order: PeerOrder, status: number, location: string): PeerOrder | string {
  const { head, host, port } = order;
  const lineEnd = head.indexOf('\r\n');
  const [method = '', target = '', proto = ''] = head.slice(0, lineEnd).split(' ');
  let url: URL;
  try {
    // Header values are latin1; a URL is made of the bytes.
    url = new URL(location, `http://${authorityOf(host, port)}${target}`);
  } catch {
    return `it redirects to ${JSON.stringify(location)}, which is no URL`;
  }
  if (url.protocol !== 'http:') return `it redirects to ${url.protocol}, and only http: is followed`;
  const nextHost = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const nextPort = url.port === '' ? 80 : Number(url.port);
  const isElsewhere = nextHost !== host || nextPort !== port;
  const keepsBody = status !== 301 && status !== 302 && status !== 303;
  let next = `${method} ${url.pathname}${url.search} ${proto}\r\n`;
  if (isElsewhere) next += `Host: ${url.host}\r\n`;
  for (const line of head.slice(lineEnd + 2).split('\r\n')) {
    if (line === '' || isDropped(line, isElsewhere, keepsBody)) continue;
    next += `${line}\r\n`;
  }
  return {
    ...order,
    host: nextHost,
    port: nextPort,
    head: next,
    body: keepsBody ? order.body : undefined,
  };
}

function isDropped(line: string, isElsewhere: boolean, keepsBody: boolean): boolean {
  const name = line.slice(0, line.indexOf(':')).toLowerCase();
  if (isElsewhere && (name === 'host' || name === 'authorization' || name === 'cookie')) return true;
  return !keepsBody && name === 'content-type';
}

/** RFC 3986 section 3.2.2: an IPv6 address stands in brackets. */
export function authorityOf(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}
