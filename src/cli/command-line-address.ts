/** `-T` and `-S` as typed: where commands are taken, and who may send them. */
import type { CommandPortOptions } from '../admin/cli/command-port.ts';
import { readSecret } from '../admin/cli/secret.ts';
import type { ParameterSet } from '../admin/parameters/parameter-set.ts';
import { parseListenAddress } from './listen-address.ts';

export interface CommandLineFlags {
  /** `-T`; undefined: no port is wanted. */
  readonly address: string | undefined;
  /** `-S`; undefined: a secret is generated. */
  readonly secretFile: string | undefined;
}

/** @returns undefined: none is wanted; or a sentence that says what is wrong */
export function parseCommandLine(
  { address, secretFile }: CommandLineFlags,
  parameters: ParameterSet,
): CommandPortOptions | undefined | string {
  if (secretFile !== undefined && secretFile !== 'none' && readSecret(secretFile) === undefined) {
    return `-S ${secretFile}: this file cannot be read, or is empty.`;
  }
  if (address === undefined || address === 'none') return undefined;
  if (!/:\d+$/.test(address)) return `-T ${address}: write ADDR:PORT, as localhost:6082.`;
  const parsed = parseListenAddress(address);
  if (typeof parsed === 'string') return parsed.replace(/^-a /, '-T ');
  if ('path' in parsed) return `-T ${address}: write ADDR:PORT; a path is not possible.`;
  const host = address.startsWith(':') ? 'localhost' : parsed.host;
  return {
    where: [{ host, port: parsed.port }],
    secretFile: secretFile === 'none' ? undefined : secretFile,
    parameters,
  };
}
