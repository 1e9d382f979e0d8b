/**
 * Addresses for the hosts of a config, without asking anybody: a simulated network has its own. Names get addresses
 * of 198.18.0.0/15, which RFC 2544 sets apart for benchmarks, in the order in which they are first asked for.
 */
import type { HostLookup } from '../config/resolve-hosts.ts';

/** @returns a lookup that gives the same host the same address */
export function madeUpAddresses(): HostLookup {
  const known = new Map<string, string>();
  return (host) => {
    const name = host.toLowerCase();
    let address = known.get(name);
    if (address === undefined) {
      const number = known.size + 1;
      address = name === 'localhost' ? '127.0.0.1' : `198.18.${number >> 8}.${number & 0xff}`;
      known.set(name, address);
    }
    return Promise.resolve([{ address }]);
  };
}

/** Whether an address is this machine itself, which cannot be lost without losing the proxy. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
