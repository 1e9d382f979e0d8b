/** Backends with invented addresses, for tests that pick and never connect. */
import { fetchLimitDefaults, probeDefaults, type ResolvedBackend } from '../../src/config/declaration.ts';
import { identityOf } from '../../src/identity.ts';

export function resolvedBackend(name: string, { probed = false } = {}): ResolvedBackend {
  const addresses = { kind: 'tcp', ipv4: '192.0.2.1', port: 80 } as const;
  return {
    name,
    endpoint: { kind: 'tcp', host: '192.0.2.1', port: 80 },
    hostHeader: '192.0.2.1',
    limits: fetchLimitDefaults,
    identity: identityOf(name, addresses),
    addresses,
    ...(probed && { probe: { ...probeDefaults, initial: 2 } }),
  };
}
