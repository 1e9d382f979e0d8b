/** A backend that hears of clients by the PROXY protocol hears of probes by it, too. */
import type { ProxyVersion } from '../proxy-header.ts';
import type { BackendDeclaration, ProbeDeclaration } from './declaration.ts';

export function withProxyHeader(
  probe: ProbeDeclaration | undefined,
  proxyHeader: ProxyVersion | undefined,
): Pick<BackendDeclaration, 'probe' | 'proxyHeader'> {
  if (proxyHeader === undefined) return probe === undefined ? {} : { probe };
  return probe === undefined ? { proxyHeader } : { probe: { ...probe, proxyHeader }, proxyHeader };
}
