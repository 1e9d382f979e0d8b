/**
 * The header of the PROXY protocol with which a connection to a backend begins: on whose behalf it comes. Source:
 * haproxy.org/download/2.6/doc/proxy-protocol.txt. What is read of it from others is in proxy/listener/proxy-preamble.ts.
 */
import { addressBytes } from './address-bytes.ts';

export type ProxyVersion = 1 | 2;

interface Address {
  /** Empty: there is none. */
  readonly address: string;
  readonly port: number;
}

/** Bytes of an IPv4 and of an IPv6 address: how version 1 calls their family, and version 2 with TCP. */
const families = new Map([
  [4, ['TCP4', 0x11]],
  [16, ['TCP6', 0x21]],
] as const);

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const PROXIED = 0x21;
/** The connection is the proxy's own. */
const LOCAL = 0x20;

/** Where not both have addresses of one family, it says that nothing is known. */
export function proxyHeader(version: ProxyVersion, client: Address, server: Address): Buffer {
  const from = addressBytes(client.address);
  const to = addressBytes(server.address);
  const family = from?.length === to?.length ? families.get(from?.length as 4 | 16) : undefined;
  if (version === 1) {
    const rest = `${client.address} ${server.address} ${client.port} ${server.port}`;
    return Buffer.from(`PROXY ${family === undefined ? 'UNKNOWN' : `${family[0]} ${rest}`}\r\n`, 'latin1');
  }
  if (family === undefined || from === undefined || to === undefined) {
    return Buffer.concat([signature, Buffer.from([LOCAL, 0, 0, 0])]);
  }
  const rest = Buffer.alloc(2 * from.length + 4);
  rest.set(from, 0);
  rest.set(to, from.length);
  rest.writeUInt16BE(client.port, 2 * from.length);
  rest.writeUInt16BE(server.port, 2 * from.length + 2);
  return Buffer.concat([signature, Buffer.from([PROXIED, family[1], 0, rest.length]), rest]);
}
