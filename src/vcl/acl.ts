/**
 * ACLs: vcl(7). The entry with the longest mask that contains an address decides; an address that none contains is
 * not in the list. Cost of a match: O(entries).
 */
import { isIPv4, isIPv6 } from 'node:net';
import { addressBytes } from '../address-bytes.ts';
import { VclMistake } from './mistake.ts';
import type { AclEntry } from './syntax.ts';

interface AclNet {
  readonly bytes: Uint8Array;
  /** Bits of the address that count. */
  readonly mask: number;
  readonly isNegated: boolean;
}

/** Nets, those with the longest masks first. */
export type Acl = readonly AclNet[];

/**
 * @param resolve all addresses of a host; undefined: there are none
 * @param isStrict whether bits behind the mask are a mistake
 * @throws VclMistake
 */
export function readAcl(
  entries: readonly AclEntry[],
  resolve: (host: string) => readonly string[] | undefined,
  isStrict = true,
): Acl {
  const nets: (AclNet & { readonly entry: AclEntry })[] = [];
  for (const entry of entries) {
    for (const net of netsOf(entry, resolve)) {
      if (isStrict && hasBitsBehindMask(net)) {
        const message = `Non-zero bits in masked part, (maybe use ${shownNet(net)} ?)`;
        throw new VclMistake(message, entry.address);
      }
      const same = nets.find((other) => other.mask === net.mask && isWithin(net.bytes, other));
      if (same === undefined) nets.push({ ...net, entry });
      else if (same.isNegated !== net.isNegated) {
        throw new VclMistake('Conflicting ACL entries:', same.entry.address);
      }
    }
  }
  return nets.sort((a, b) => b.mask - a.mask);
}

export function isInAcl(acl: Acl, ip: string): boolean {
  const bytes = addressBytes(ip);
  if (bytes === undefined) return false;
  for (const net of acl) if (isWithin(bytes, net)) return !net.isNegated;
  return false;
}

function hasBitsBehindMask({ bytes, mask }: AclNet): boolean {
  return bytes.some((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, mask - index * 8)))) !== 0);
}

/** `10.0.0.0/8`, `2001:db8::/32`: without the bits behind the mask. */
function shownNet({ bytes, mask }: AclNet): string {
  const kept = bytes.map((byte, index) => byte & ~(0xff >> Math.min(8, Math.max(0, mask - index * 8))));
  if (kept.length === 4) return `${kept.join('.')}/${mask}`;
  const words = Array.from({ length: 8 }, (_, i) =>
    (((kept[2 * i] ?? 0) << 8) | (kept[2 * i + 1] ?? 0)).toString(16),
  );
  // A URL's host comes out in the short form (RFC 5952).
  return `${new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1)}/${mask}`;
}

function isWithin(address: Uint8Array, { bytes, mask }: AclNet): boolean {
  if (address.length !== bytes.length) return false;
  const whole = mask >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false;
  const rest = mask & 7;
  if (rest === 0) return true;
  const bits = 0xff00 >> rest;
  return (((address[whole] as number) ^ (bytes[whole] as number)) & bits & 0xff) === 0;
}

function netsOf(
  { address, mask: maskToken, isNegated, isOptional }: AclEntry,
  resolve: (host: string) => readonly string[] | undefined,
): AclNet[] {
  const [host = '', written] = address.text.split('/');
  if (written !== undefined && !/^\d+$/.test(written)) {
    throw new VclMistake('.../mask is not numeric.', address);
  }
  const given = written ?? maskToken?.text;
  const mask = given === undefined ? undefined : Number(given);
  const at = maskToken ?? address;
  const short = shortNet(host);
  if (short !== undefined) {
    if (mask !== undefined && mask > 32)
      throw new VclMistake(`Too wide mask (/${mask}) for IPv4 address`, at);
    return [{ bytes: short.bytes, mask: mask ?? short.mask, isNegated }];
  }
  const literal = isIPv6(host) ? [host] : undefined;
  const found = literal ?? resolve(host);
  if (found === undefined || found.length === 0) {
    if (isOptional) return [];
    throw new VclMistake(`DNS lookup(${host}): Name or service not known`, address);
  }
  if (mask !== undefined && new Set(found.map((one) => isIPv4(one))).size > 1) {
    const message = `Mask (/${mask}) specified, but string resolves to both IPv4 and IPv6 addresses.`;
    throw new VclMistake(message, at);
  }
  return found.flatMap((one) => {
    const bytes = addressBytes(one);
    if (bytes === undefined) return [];
    const most = bytes.length * 8;
    if (mask !== undefined && mask > most) {
      const family = most === 32 ? 'IPv4' : 'IPv6';
      throw new VclMistake(`Too wide mask (/${mask}) for ${family} address`, at);
    }
    return [{ bytes, mask: mask ?? most, isNegated }];
  });
}

/** `192.168` is a net here, and not the address 192.0.0.168. */
function shortNet(text: string): { readonly bytes: Uint8Array; readonly mask: number } | undefined {
  const numbers = text.split('.');
  if (numbers.length > 4 || !numbers.every((number) => /^\d{1,3}$/.test(number) && Number(number) < 256)) {
    return undefined;
  }
  const bytes = new Uint8Array(4);
  for (const [index, number] of numbers.entries()) bytes[index] = Number(number);
  return { bytes, mask: 8 * numbers.length };
}
