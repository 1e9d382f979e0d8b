/**
 * Backend identity: {name, IPv4+port, IPv6+port}; a unix socket's path takes the place of the addresses.
 * Source: phk, "What do you mean by 'backend'?". Declarations with the same identity, in any number of
 * configs, share one backend: health, saint list, counters, idle connections.
 */

declare const identityBrand: unique symbol;

/** Printed form and key at once: `b1(127.0.0.1:8080,[::1]:8080)`, `b1(10.0.0.1:80,)`, `b1(/run/app.sock)`. */
export type Identity = string & { readonly [identityBrand]: 'Identity' };

/** Where a backend listens: at most one address of each family, or a unix socket. */
export type Addresses =
  | { readonly kind: 'tcp'; readonly ipv4?: string; readonly ipv6?: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * The identity of a backend declaration.
 *
 * @param name the declaration's name, as its config gives it
 * @param addresses what its host resolved to when the config was loaded; IPv6 without brackets
 */
export function identityOf(name: string, addresses: Addresses): Identity {
  if (addresses.kind === 'unix') return `${name}(${addresses.path})` as Identity;
  const { ipv4, ipv6, port } = addresses;
  const four = ipv4 === undefined ? '' : `${ipv4}:${port}`;
  const six = ipv6 === undefined ? '' : `[${ipv6}]:${port}`;
  return `${name}(${four},${six})` as Identity;
}
