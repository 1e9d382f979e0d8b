/** `-T`, `-S` and `-n` as typed: where commands are taken, who may send them, and where that is to be found. */
import { lookup } from 'node:dns/promises';
import { readSecret } from '../admin/cli/secret.ts';
import { parseListenAddress } from './listen-address.ts';

export interface CommandLineFlags {
  /** `-T`; undefined: no port is wanted, or with `-n`, any on loopback. */
  readonly address: string | undefined;
  /** `-S`; undefined: a secret is generated; `none`: everybody is trusted. */
  readonly secretFile: string | undefined;
  /** `-n` */
  readonly folder: string | undefined;
}

export interface CommandLinePlan {
  readonly host: string;
  readonly port: number;
  readonly secretFile: string | undefined;
  readonly folder: string | undefined;
}

/** @returns undefined: none is wanted; or a sentence that says what is wrong */
export function parseCommandLine(flags: CommandLineFlags): CommandLinePlan | undefined | string {
  const { secretFile, folder } = flags;
  if (secretFile !== undefined && secretFile !== 'none') {
    const secret = readSecret(secretFile);
    if (typeof secret === 'string') return `-S ${secretFile}: the secret cannot be read: ${secret}.`;
  }
  const address = flags.address ?? (folder === undefined ? undefined : 'localhost:0');
  if (address === undefined || address === 'none') return undefined;
  if (!/:\d+$/.test(address)) return `-T ${address}: write ADDR:PORT, as localhost:6082.`;
  const parsed = parseListenAddress(address);
  if (typeof parsed === 'string') return parsed.replace(/^-a /, '-T ');
  if ('path' in parsed) return `-T ${address}: write ADDR:PORT; a path is not possible.`;
  const host = address.startsWith(':') ? 'localhost' : parsed.host;
  return { host, port: parsed.port, secretFile, folder };
}

/** A name stands for all of its addresses, as varnishd has it; port 0 takes a free one on the first. */
export async function placesOf({ host, port }: CommandLinePlan): Promise<{ host: string; port: number }[]> {
  const addresses = await lookup(host, { all: true }).catch(() => [{ address: host }]);
  const places = [...new Set(addresses.map(({ address }) => address))].map((one) => ({ host: one, port }));
  return port === 0 ? places.slice(0, 1) : places;
}
