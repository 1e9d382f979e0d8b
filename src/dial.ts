/**
 * Opens a connection to a backend's addresses: IPv4 first, and IPv6 when IPv4 fails (varnishd without
 * prefer_ipv6), or its unix socket. Fetches, pipes and probes all connect this way. There is no timeout in
 * here: whoever dials has a deadline already, and hangs up.
 */
import { type OnReadOpts, Socket } from 'node:net';
import type { Addresses } from './identity.ts';
import { describeSocketFailure } from './socket-failure.ts';

export type Route = 'ipv4' | 'ipv6' | 'unix';

export type DialOutcome =
  | { readonly socket: Socket; readonly route: Route }
  /** `reason`: a phrase that names each address that was tried. */
  | { readonly socket: undefined; readonly reason: string; readonly cause: Error };

export interface DialOptions {
  /** Whether the connection goes on after the other side has ended its half. */
  readonly allowHalfOpen: boolean;
  /** Where and how it is read, past the stream that it is. */
  readonly onread?: OnReadOpts;
}

/**
 * Dials.
 *
 * @param done called once, later, unless hung up. A socket in it is the receiver's, and has no listeners.
 * @returns what hangs up: nothing is left open then. Harmless afterwards.
 */
export function dial(
  addresses: Addresses,
  options: DialOptions,
  done: (outcome: DialOutcome) => void,
): () => void {
  const routes = routesTo(addresses);
  const reasons: string[] = [];
  let current: Socket;

  const tryNext = (): void => {
    const route = routes[reasons.length] as Route;
    const socket = new Socket(options);
    current = socket;
    const onError = (cause: Error): void => {
      reasons.push(`${describeSocketFailure(cause)} (${placeOf(addresses, route)})`);
      if (reasons.length < routes.length) tryNext();
      else done({ socket: undefined, reason: reasons.join(', '), cause });
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      done({ socket, route });
    });
    if (addresses.kind === 'unix') {
      socket.connect({ path: addresses.path });
    } else {
      // A head and its body are two pieces for the kernel: waiting to join them would cost a round trip.
      socket.setNoDelay(true);
      const host = (route === 'ipv4' ? addresses.ipv4 : addresses.ipv6) as string;
      socket.connect({ host, port: addresses.port });
    }
  };

  tryNext();
  return () => {
    if (!current.connecting) return;
    current.removeAllListeners('connect').removeAllListeners('error');
    current.on('error', () => {});
    current.destroy();
  };
}

function routesTo(addresses: Addresses): readonly Route[] {
  if (addresses.kind === 'unix') return ['unix'];
  if (addresses.ipv6 === undefined) return ['ipv4'];
  return addresses.ipv4 === undefined ? ['ipv6'] : ['ipv4', 'ipv6'];
}

function placeOf(addresses: Addresses, route: Route): string {
  if (addresses.kind === 'unix') return addresses.path;
  return route === 'ipv4' ? `${addresses.ipv4}:${addresses.port}` : `[${addresses.ipv6}]:${addresses.port}`;
}
