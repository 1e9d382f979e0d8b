/**
 * From hosts to addresses, once, when a config is loaded: a backend is at most one IPv4 and one IPv6 address
 * for as long as the config lives, as in varnishd (vcl-backend(7), "resolves to too many addresses").
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { type Place, TroupeError } from '../errors.ts';
import { type Addresses, identityOf } from '../identity.ts';
import { combined } from './combined-error.ts';
import { type BackendDeclaration, fetchLimitDefaults, type ResolvedBackend } from './declaration.ts';

/** Finds all addresses of a host, as dns.lookup does with `all`. Rejects when there is none. */
export type HostLookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Milliseconds that all lookups of a config may take together. */
const DEADLINE_MS = 20_000;

/** Lookups under way at once: each holds one of libuv's 4 threads, which files need too. */
const CONCURRENCY = 3;

/** All addresses of a host by family, each once, in the order found. */
interface HostAddresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/**
 * Resolves the hosts of a config's backends. Each host is looked up once; literal addresses and unix sockets
 * are not looked up.
 *
 * @throws TroupeError `config.unresolvable`: every backend whose host cannot be used, with its place
 */
export async function resolveBackends(
  backends: readonly BackendDeclaration[],
  lookup: HostLookup = (host) => systemLookup(host, { all: true }),
  deadlineMs = DEADLINE_MS,
): Promise<readonly ResolvedBackend[]> {
  const hosts = new Set<string>();
  for (const { endpoint } of backends) {
    if (endpoint.kind === 'tcp' && isIP(withoutBrackets(endpoint.host)) === 0) hosts.add(endpoint.host);
  }
  const found = await lookUpAll([...hosts], lookup, deadlineMs);

  const errors: TroupeError[] = [];
  const resolved: ResolvedBackend[] = [];
  for (const backend of backends) {
    const addresses = addressesOf(backend, found);
    if (addresses instanceof TroupeError) {
      errors.push(addresses);
      continue;
    }
    const limits = { ...fetchLimitDefaults, ...backend.limits };
    resolved.push({ ...backend, limits, addresses, identity: identityOf(backend.name, addresses) });
  }
  if (errors.length > 0) throw combined(errors);
  return resolved;
}

function addressesOf(
  backend: BackendDeclaration,
  found: ReadonlyMap<string, HostAddresses | Error>,
): Addresses | TroupeError {
  const { endpoint, name, place } = backend;
  if (endpoint.kind === 'unix') return { kind: 'unix', path: endpoint.path };
  const { host, port } = endpoint;
  const literal = withoutBrackets(host);
  const family = isIP(literal);
  if (family === 4) return { kind: 'tcp', ipv4: literal, port };
  if (family === 6) return { kind: 'tcp', ipv6: normalIpv6(literal), port };

  const addresses = found.get(host);
  if (addresses === undefined || addresses instanceof Error) {
    const why = addresses === undefined ? 'it was not looked up' : describeLookupFailure(addresses);
    const message = `backend "${name}": the host "${host}" could not be resolved: ${why}`;
    return unresolvable(message, 'Check its spelling and the resolver, or give an IP address.', place);
  }
  const { ipv4, ipv6 } = addresses;
  if (ipv4.length > 1 || ipv6.length > 1) {
    const all = [...ipv4, ...ipv6].join(', ');
    const message = `backend "${name}": the host "${host}" has too many addresses: ${all}`;
    const advice = 'One IPv4 and one IPv6 address are allowed: give the one you want, or a backend for each.';
    return unresolvable(message, advice, place);
  }
  const [four] = ipv4;
  const [six] = ipv6;
  if (four === undefined && six === undefined) {
    const message = `backend "${name}": the host "${host}" has neither an IPv4 nor an IPv6 address`;
    return unresolvable(message, 'Give an IP address, or a host that has one.', place);
  }
  return {
    kind: 'tcp',
    port,
    ...(four === undefined ? {} : { ipv4: four }),
    ...(six === undefined ? {} : { ipv6: six }),
  };
}

async function lookUpAll(
  hosts: readonly string[],
  lookup: HostLookup,
  deadlineMs: number,
): Promise<ReadonlyMap<string, HostAddresses | Error>> {
  const found = new Map<string, HostAddresses | Error>();
  if (hosts.length === 0) return found;
  let isLate = false;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let host = hosts[next++]; host !== undefined && !isLate; host = hosts[next++]) {
      let outcome: HostAddresses | Error;
      try {
        outcome = byFamily(await lookup(host));
      } catch (error) {
        outcome = error instanceof Error ? error : new Error(String(error));
      }
      if (!isLate) found.set(host, outcome);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([late, Promise.all(Array.from({ length: CONCURRENCY }, worker))]);
  clearTimeout(timer);
  isLate = true;
  for (const host of hosts) {
    if (!found.has(host)) found.set(host, new Error(`no answer within ${deadlineMs / 1000} s`));
  }
  return found;
}

function byFamily(addresses: readonly { readonly address: string }[]): HostAddresses {
  const ipv4 = new Set<string>();
  const ipv6 = new Set<string>();
  for (const { address } of addresses) {
    if (isIPv6(address)) ipv6.add(normalIpv6(address));
    else ipv4.add(address);
  }
  return { ipv4: [...ipv4], ipv6: [...ipv6] };
}

/** `[::1]` and `::1` are both usual. */
function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') && isIPv6(host.slice(1, -1)) ? host.slice(1, -1) : host;
}

/** The one spelling of RFC 5952, so that an address has one identity; a zone (`fe80::1%eth0`) stays as it is. */
function normalIpv6(address: string): string {
  const [bare = address, zone] = address.split('%');
  const normal = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  return zone === undefined ? normal : `${normal}%${zone}`;
}

function describeLookupFailure(error: Error): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOTFOUND':
    case 'ENODATA':
      return 'no such host';
    case 'EAI_AGAIN':
      return 'the resolver did not answer';
    default:
      return error.message;
  }
}

function unresolvable(message: string, advice: string, place: Place | undefined): TroupeError {
  return new TroupeError('config.unresolvable', message, { side: 'troupe', advice, place });
}
