/**
 * Who may do what. Two dangers: other machines, which must show the token; and pages of other sites in a browser
 * on this machine, which can send requests here and, by giving their own name this machine's address (DNS
 * rebinding), even read the answers. Such a page cannot hide its name from Host, nor its origin from Origin and
 * Sec-Fetch-Site (Fetch Metadata), and cannot show a token.
 */
import { isIP } from 'node:net';
import { TroupeError } from '../../errors.ts';
import type { AccessToken } from './access-token.ts';

export interface AccessRules {
  /** undefined: none is asked for, because only this machine can reach the dashboard. */
  readonly token: AccessToken | undefined;
  /** Names, in lower case, that Host may have; addresses and localhost always may. */
  readonly hosts: ReadonlySet<string>;
}

export interface Caller {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Sec-Fetch-Site. */
  readonly site: string | undefined;
  readonly authorization: string | undefined;
}

/** Why a request is refused; undefined: it is not. */
export function refusalOf({ token, hosts }: AccessRules, caller: Caller): TroupeError | undefined {
  const changesState = caller.method !== 'GET' && caller.method !== 'HEAD';
  if (token !== undefined && !token.isShownBy(caller.authorization)) {
    return new TroupeError('admin.unauthorized', 'The token is missing or wrong.', {
      side: 'client',
      advice: 'Send the field Authorization: Bearer TOKEN.',
    });
  }
  // Who has shown the token is no page of another site, and does no harm by reading under another name.
  const mayHaveAnyName = token !== undefined && !changesState;
  if (!mayHaveAnyName && !isKnownHost(caller.host, hosts)) {
    return forbidden(
      `The field Host names ${caller.host ?? 'nobody'}, which is not this machine.`,
      'Use the address or localhost, or list the name: --dashboard-host NAME, or the option `hosts`.',
    );
  }
  if (!changesState) return undefined;
  const { origin, site } = caller;
  const isForeign = origin !== undefined && hostOfOrigin(origin) !== caller.host?.toLowerCase();
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    return forbidden(
      'The request comes from a page of another site.',
      'What changes something must come from a program, or from a page of the dashboard itself.',
    );
  }
  return undefined;
}

/** A name that somebody else may have given this machine's address is none of these. */
function isKnownHost(host: string | undefined, hosts: ReadonlySet<string>): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d*$/, '').toLowerCase();
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  return isIP(bare) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.has(name);
}

/** Empty for `null`, which sandboxed pages have, and for what is no origin at all. */
function hostOfOrigin(origin: string): string {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? '';
}

function forbidden(message: string, advice: string): TroupeError {
  return new TroupeError('admin.forbidden', message, { side: 'client', advice });
}
