/** Where the dashboard may listen: on loopback for everybody there, elsewhere with a token only. */
import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { TroupeError } from '../../errors.ts';
import { adviceOnToken } from './access-token.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether an address can be reached from this machine alone. IPv4 in IPv6 (::ffff:127.0.0.1) counts as what it is. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * The address to listen on. A name is looked up here and not when listening, so that what was judged is what is
 * bound.
 *
 * @param host address or name; empty: loopback
 * @throws TroupeError `admin.needs-token`, `troupe.listen-failed`
 */
export async function bindAddress(
  host: string,
  hasToken: boolean,
  lookup: (name: string) => Promise<readonly { readonly address: string }[]> = (name) =>
    systemLookup(name, { all: true }),
): Promise<string> {
  const addresses = await addressesOf(host, lookup);
  const [address] = addresses;
  if (address !== undefined && (hasToken || addresses.every(isLoopback))) return address;
  const message = `The dashboard would listen on ${host}, where others can reach it, and has no token.`;
  throw new TroupeError('admin.needs-token', message, {
    side: 'troupe',
    advice: `Let it listen on 127.0.0.1, or give it a token. ${adviceOnToken}`,
  });
}

async function addressesOf(host: string, lookup: (name: string) => Promise<readonly { address: string }[]>) {
  const bare = host.startsWith('[') && isIPv6(host.slice(1, -1)) ? host.slice(1, -1) : host;
  if (bare === '') return ['127.0.0.1'];
  if (isIP(bare) !== 0) return [bare];
  try {
    return (await lookup(bare)).map(({ address }) => address);
  } catch (cause) {
    const message = `cannot listen on ${host}: the host name cannot be resolved; write an address`;
    throw new TroupeError('troupe.listen-failed', message, { side: 'troupe', cause });
  }
}
