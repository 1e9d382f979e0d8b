/** From the options of peer() to its declaration: defaults and milliseconds. */
import { type PeerDeclaration, peerDefaults } from './declaration.ts';
import { callOf } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { peerSchema } from './option-schemas.ts';
import type { PeerHandle } from './peer.ts';
import { readOptions } from './read-options.ts';

export function readPeer(
  handle: PeerHandle,
  tell: (mistake: Omit<Mistake, 'site'>) => void,
): Omit<PeerDeclaration, 'name' | 'place'> {
  const { value, mistakes } = readOptions(peerSchema, callOf(handle).args[0], 'what peer() is given');
  for (const { path, ...mistake } of mistakes) tell({ ...mistake, path: [0, ...path] });
  const [minThreads, maxThreads] = value?.threads ?? [peerDefaults.minThreads, peerDefaults.maxThreads];
  return {
    destination: value === undefined ? undefined : destinationOf(value.host, value.port),
    minThreads,
    maxThreads,
    timeoutMs: value?.timeout ?? peerDefaults.timeoutMs,
    connectTimeoutMs: value?.connectTimeout ?? peerDefaults.connectTimeoutMs,
    maxQueue: value?.maxQueue ?? peerDefaults.maxQueue,
    whenFull: value?.whenFull ?? peerDefaults.whenFull,
    retries: value?.retries ?? peerDefaults.retries,
  };
}

function destinationOf(host: string, port: number | undefined) {
  // Brackets are how URLs write it; addresses have none.
  const name = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  return { host: name, port: port === undefined || port === 0 ? peerDefaults.port : port };
}
