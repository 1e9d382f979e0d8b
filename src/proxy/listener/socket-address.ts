/** A socket's two addresses. IPv4 clients of an IPv6 socket (::ffff:192.0.2.1) are shown as what they are. */
import type { Socket } from 'node:net';
import type { SocketAddress } from '../http/exchange.ts';

export function remoteAddress(socket: Socket): SocketAddress {
  return { address: plain(socket.remoteAddress), port: socket.remotePort ?? 0 };
}

export function localAddress(socket: Socket): SocketAddress {
  return { address: plain(socket.localAddress), port: socket.localPort ?? 0 };
}

function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
