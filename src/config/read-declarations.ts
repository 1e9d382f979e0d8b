/** From the handles' options to declarations: varnishd's defaults, milliseconds, names in place of handles. */
import { isIPv6 } from 'node:net';
import { BackendHandle } from './backend.ts';
import type {
  BackendDeclaration,
  DirectorDeclaration,
  Endpoint,
  FetchLimits,
  ProbeDeclaration,
  SaintmodeDeclaration,
} from './declaration.ts';
import { probeDefaults } from './declaration.ts';
import type { DirectorHandle } from './director.ts';
import { callOf, type Handle } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { type BackendShape, backendSchema, type ProbeShape, saintmodeSchema } from './option-schemas.ts';
import { readDirectorOptions } from './read-director-options.ts';
import { readMembers } from './read-members.ts';
import { readOptions } from './read-options.ts';
import { readShard } from './read-shard.ts';
import type { SaintmodeHandle } from './saintmode.ts';
import { showValue } from './show-value.ts';
import { withProxyHeader } from './with-proxy-header.ts';

type Names = ReadonlyMap<Handle, string>;
/** Takes the mistakes of one handle's call. */
type Tell = (mistake: Omit<Mistake, 'site'>) => void;

export function readBackend(handle: BackendHandle, tell: Tell): Omit<BackendDeclaration, 'name' | 'place'> {
  const { args } = callOf(handle);
  const { value = {}, mistakes } = readOptions(backendSchema, args[0], 'what backend() is given');
  for (const { path, ...mistake } of mistakes) tell({ ...mistake, path: [0, ...path] });
  // One mistake, one sentence: a host that is no string is not missing as well.
  const given = mistakes.some(({ path }) => path.length === 0 || path[0] === 'host' || path[0] === 'path');
  const endpoint = readEndpoint(value, given ? () => {} : tell);
  const isWrong = (option: string) => mistakes.some(({ path }) => path[0] === 'probe' && path[1] === option);
  const probe = value.probe === undefined ? undefined : readProbe(value.probe, isWrong, tell);
  return {
    endpoint,
    hostHeader: value.hostHeader ?? defaultHostHeader(endpoint),
    limits: readLimits(value),
    ...withProxyHeader(probe, value.proxyHeader),
  };
}

function readEndpoint({ host, port, path }: BackendShape, tell: Tell): Endpoint {
  if (path !== undefined) {
    const other = host !== undefined ? 'host' : 'port';
    if (host !== undefined || port !== undefined) {
      const message = `${other} has no meaning together with path, which names a unix socket.`;
      tell({ path: [0, other], message, advice: 'Leave out one of them.' });
    }
    return { kind: 'unix', path };
  }
  if (host === undefined) {
    const message = 'host is missing.';
    tell({ path: [], message, advice: "Give the backend's host, or the path of its unix socket." });
    // Its other options are checked all the same.
    return { kind: 'tcp', host: '127.0.0.1', port: port ?? 80 };
  }
  // Brackets are how URLs write it; addresses have none.
  const address = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  return { kind: 'tcp', host: address, port: port ?? 80 };
}

/** RFC 9110 section 7.2: an IPv6 address stands in brackets. For a socket it is what varnishd sends. */
function defaultHostHeader(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return '0.0.0.0';
  return isIPv6(endpoint.host) ? `[${endpoint.host}]` : endpoint.host;
}

function readLimits(value: BackendShape): Partial<FetchLimits> {
  const limits: { -readonly [Name in keyof FetchLimits]?: number } = {};
  if (value.connectTimeout !== undefined) limits.connectTimeoutMs = value.connectTimeout;
  if (value.firstByteTimeout !== undefined) limits.firstByteTimeoutMs = value.firstByteTimeout;
  if (value.betweenBytesTimeout !== undefined) limits.betweenBytesTimeoutMs = value.betweenBytesTimeout;
  if (value.maxConnections !== undefined) limits.maxConnections = value.maxConnections;
  if (value.waitLimit !== undefined) limits.waitLimit = value.waitLimit;
  if (value.waitTimeout !== undefined) limits.waitTimeoutMs = value.waitTimeout;
  return limits;
}

/** Defaults that depend on one another are those of varnishd 7.1's compiler (vcc_ParseProbeSpec). */
function readProbe(value: ProbeShape, isWrong: (option: string) => boolean, tell: Tell): ProbeDeclaration {
  const { url, request } = value;
  if (url !== undefined && request !== undefined) {
    const message = 'probe.url has no meaning together with probe.request.';
    tell({ path: [0, 'probe', 'url'], message, advice: 'Leave out one of them.' });
  }
  const threshold = value.threshold ?? probeDefaults.threshold;
  if (value.window !== undefined && value.threshold === undefined && !isWrong('threshold')) {
    const message = 'probe.window is given without probe.threshold.';
    tell({
      path: [0, 'probe', 'window'],
      message,
      advice: 'Say, too, how many of these probes must be good.',
    });
  }
  return {
    url: url ?? probeDefaults.url,
    ...(request === undefined ? {} : { request }),
    expectedResponse: value.expectedResponse ?? probeDefaults.expectedResponse,
    timeoutMs: value.timeout ?? probeDefaults.timeoutMs,
    intervalMs: value.interval ?? probeDefaults.intervalMs,
    initial: Math.min(value.initial ?? threshold - 1, threshold),
    window: value.window ?? defaultWindow(value.threshold),
    threshold,
    expectClose: value.expectClose ?? probeDefaults.expectClose,
  };
}

function defaultWindow(threshold: number | undefined): number {
  return threshold === undefined ? probeDefaults.window : Math.min(threshold + 1, 64);
}

/** @returns undefined if it wraps nothing that has a name */
export function readSaintmode(
  handle: SaintmodeHandle,
  names: Names,
  tell: Tell,
): Omit<SaintmodeDeclaration, 'name' | 'place'> | undefined {
  const [wrapped, options] = callOf(handle).args;
  const { value, mistakes } = readOptions(saintmodeSchema, options, 'the second argument of saintmode()');
  for (const { path, ...mistake } of mistakes)
    tell({ ...mistake, path: path.length === 0 ? [] : [1, ...path] });
  if (!(wrapped instanceof BackendHandle)) {
    const message = `saintmode() wraps a backend, but was given ${showValue(wrapped)}.`;
    tell({
      path: [0],
      message,
      advice: 'Wrap each backend, and put the saintmode objects into the director.',
    });
    return undefined;
  }
  const backend = names.get(wrapped);
  return backend === undefined ? undefined : { backend, threshold: value?.threshold ?? 0 };
}

export function readDirector(
  handle: DirectorHandle,
  names: Names,
  tell: Tell,
): Omit<DirectorDeclaration, 'name' | 'place'> {
  const members = readMembers(handle).members.flatMap(({ target, index: _, ...options }) => {
    const name = names.get(target);
    return name === undefined ? [] : [{ target: name, ...options }];
  });
  const { policy: kind } = handle;
  if (kind === 'shard') return { policy: readShard(handle, tell), members };
  return { ...readDirectorOptions(kind, handle, tell), members };
}
