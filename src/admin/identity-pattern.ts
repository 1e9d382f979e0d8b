/**
 * What an operator may type for a backend. The whole identity is printed everywhere; less is enough to name it
 * (phk, "What do you mean by 'backend'?", and varnish-cli(7), backend.list, for the forms with globs):
 *
 *   b1(127.0.0.1:8080,[::1]:8080)     that identity, and no other
 *   b1                                the active config's b1, or else the one and only b1
 *   b1()                              all named b1
 *   b1(127.0.0.1)                     those on that address, whatever the port
 *   b1(:8080)                         those on that port, of either family
 *   b1(192.168.60.1,[::1]:80)         those on one of these
 *   b1(/run/app.sock)                 the one on that unix socket
 *   b*   boot.b*   *.b1               by name in the active config; by config and name
 *
 * Before brackets the name may be a glob, too: `*(:8080)`.
 */
import { isIPv6 } from 'node:net';
import { TroupeError } from '../errors.ts';
import type { Addresses, Identity } from '../identity.ts';
import { isGlob, matchesGlob } from './glob.ts';

/** A backend as configs declare it. */
export interface KnownBackend {
  readonly identity: Identity;
  readonly name: string;
  readonly addresses: Addresses;
  /** Names of the loaded configs that declare it. */
  readonly configs: readonly string[];
}

/** Names in an error; there may be thousands. */
const MOST_LISTED = 10;

/**
 * The backends that a pattern means.
 *
 * @param activeConfig name of the config in use; undefined: there is none
 * @returns at least one, in the order of `known`
 * @throws TroupeError `command.unknown-backend`, `command.ambiguous-backend`, each with the candidates
 */
export function findBackends<Known extends KnownBackend>(
  pattern: string,
  known: readonly Known[],
  activeConfig: string | undefined,
): readonly Known[] {
  const exact = known.filter(({ identity }) => identity === pattern);
  if (exact.length > 0) return exact;
  const bracketed = /^([^(]*)\((.*)\)$/s.exec(pattern);
  const found =
    bracketed === null
      ? byNames(pattern, known, activeConfig)
      : byPlaces(bracketed[1] ?? '', bracketed[2] ?? '', known);
  if (found.length > 0) return found;
  throw unknown(pattern, known);
}

/**
 * The one backend that a pattern means.
 *
 * @throws TroupeError `command.unknown-backend`, `command.ambiguous-backend`
 */
export function findBackend<Known extends KnownBackend>(
  pattern: string,
  known: readonly Known[],
  activeConfig: string | undefined,
): Known {
  const found = findBackends(pattern, known, activeConfig);
  const [only] = found;
  if (only === undefined || found.length > 1) throw ambiguous(pattern, found);
  return only;
}

function byNames<Known extends KnownBackend>(
  pattern: string,
  known: readonly Known[],
  activeConfig: string | undefined,
): readonly Known[] {
  const isActive = ({ configs }: Known) => activeConfig !== undefined && configs.includes(activeConfig);
  if (!isGlob(pattern)) {
    const named = known.filter(({ name }) => name === pattern);
    const inUse = named.filter(isActive);
    if (inUse.length > 0) return inUse;
    if (named.length > 1) throw ambiguous(pattern, named);
    if (named.length === 1) return named;
  } else if (!pattern.includes('.')) {
    return known.filter((one) => isActive(one) && matchesGlob(pattern, one.name));
  }
  return known.filter(({ name, configs }) =>
    configs.some((config) => matchesGlob(pattern, `${config}.${name}`)),
  );
}

function byPlaces<Known extends KnownBackend>(
  name: string,
  inBrackets: string,
  known: readonly Known[],
): readonly Known[] {
  // It looks like one identity; were it read as "one of these", it would name another one when that has gone.
  if (isWhole(inBrackets)) return [];
  const places = inBrackets.split(',').filter((place) => place !== '');
  return known.filter(
    (one) =>
      matchesGlob(name, one.name) &&
      (places.length === 0 || places.some((place) => isAt(one.addresses, place))),
  );
}

/** `IPv4:port,[IPv6]:port`, of which one may be absent: what identities have in their brackets. */
function isWhole(inBrackets: string): boolean {
  return /^(?:[\d.]+:\d+,(?:\[[^\]]+\]:\d+)?|,\[[^\]]+\]:\d+)$/.test(inBrackets);
}

function isAt(addresses: Addresses, place: string): boolean {
  if (addresses.kind === 'unix') return addresses.path === place;
  const { ipv4, ipv6, port } = addresses;
  // `[::1]:80`, `[::1]`, `::1`, or with an IPv4 address in place of the IPv6 one; `:80`.
  const parts = /^\[([^\]]*)\](?::(\d+))?$/.exec(place) ?? bare(place) ?? /^([^:]*)(?::(\d+))?$/.exec(place);
  if (parts === null) return false;
  const [, address = '', digits] = parts;
  if (digits !== undefined && Number(digits) !== port) return false;
  if (address === '') return digits !== undefined;
  return address === ipv4 || (ipv6 !== undefined && normal(address) === ipv6);
}

function bare(place: string): [string, string] | undefined {
  return isIPv6(place) ? [place, place] : undefined;
}

/** Identities have the spelling of RFC 5952. */
function normal(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function unknown(pattern: string, known: readonly KnownBackend[]): TroupeError {
  const candidates = known.length === 0 ? 'no loaded config declares any' : `there are ${listed(known)}`;
  return new TroupeError('command.unknown-backend', `No backend is "${pattern}"; ${candidates}.`, {
    side: 'troupe',
    advice: 'Write a name, b1; all of a name, b1(); an address or port, b1(:8080); or the whole identity.',
  });
}

function ambiguous(pattern: string, found: readonly KnownBackend[]): TroupeError {
  const message = `"${pattern}" means more than one backend: ${listed(found)}.`;
  return new TroupeError('command.ambiguous-backend', message, {
    side: 'troupe',
    advice: 'Write the whole identity of the one that is meant.',
  });
}

function listed(backends: readonly KnownBackend[]): string {
  const shown = backends.slice(0, MOST_LISTED).map(({ identity }) => identity);
  const others = backends.length - shown.length;
  return others === 0 ? shown.join(' ') : `${shown.join(' ')} and ${others} more`;
}
