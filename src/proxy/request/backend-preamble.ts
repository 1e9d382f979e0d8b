/** What a connection to a backend begins with, if its declaration wants to hear of clients. */
import { proxyHeader } from '../../proxy-header.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { Exchange } from '../http/exchange.ts';

export function preambleFor(
  { declaration }: BackendTarget,
  { client, server }: Pick<Exchange, 'client' | 'server'>,
): Buffer | undefined {
  const version = declaration.proxyHeader;
  return version === undefined ? undefined : proxyHeader(version, client, server);
}
