/** `--dashboard ADDR:PORT` and what belongs to it, as typed. */
import { readFileSync } from 'node:fs';
import type { DashboardOptions } from '../admin/http/dashboard.ts';
import { parseListenAddress } from './listen-address.ts';

/** In place of --dashboard-token FILE, for containers. */
export const TOKEN_VARIABLE = 'TROUPE_DASHBOARD_TOKEN';

export interface DashboardFlags {
  /** `--dashboard`; undefined: none is wanted. */
  readonly address: string | undefined;
  /** `--dashboard-token`: a file. */
  readonly tokenFile: string | undefined;
  /** `--dashboard-host`, each. */
  readonly hosts: readonly string[];
  /** Value of TOKEN_VARIABLE. */
  readonly tokenVariable: string | undefined;
}

/**
 * Reads the flags.
 *
 * @param configFolder where configs may be loaded from without a token
 * @returns what the dashboard is opened with, or a sentence that says what is wrong
 */
export function parseDashboard(flags: DashboardFlags, configFolder: string): DashboardOptions | string {
  const { address = '', tokenFile, hosts } = flags;
  if (!/:\d+$/.test(address)) return `--dashboard ${address}: write ADDR:PORT, as 127.0.0.1:9090.`;
  const parsed = parseListenAddress(address);
  if (typeof parsed === 'string') return parsed.replace(/^-a /, '--dashboard ');
  if ('path' in parsed) return `--dashboard ${address}: write ADDR:PORT; a path is not possible.`;
  let token = flags.tokenVariable;
  if (tokenFile !== undefined) {
    try {
      token = readFileSync(tokenFile, 'utf8').trim();
    } catch (error) {
      return `--dashboard-token ${tokenFile}: cannot be read: ${(error as Error).message}.`;
    }
  }
  // Without an address that is loopback, unlike -a.
  const host = address.startsWith(':') ? '' : parsed.host;
  return { host, port: parsed.port, token, hosts, configFolder };
}
