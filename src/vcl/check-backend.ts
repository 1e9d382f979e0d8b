/** Backends and probes: vcl-backend(7), vcl-probe(7), and the rules of varnishd's compiler (vcc_backend.c). */
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import {
  type BackendDeclaration,
  type Endpoint,
  type FetchLimits,
  type ProbeDeclaration,
  probeDefaults,
} from '../config/declaration.ts';
import type { Place } from '../errors.ts';
import type { ProxyVersion } from '../proxy-header.ts';
import { placeOf, VclMistake } from './mistake.ts';
import type { Symbols } from './symbols.ts';
import type { Field, FieldValue } from './syntax.ts';
import { kindName, type Token, tokenName } from './token.ts';
import { durationUnits } from './value-type.ts';

const backendFields = [
  'host',
  'port',
  'path',
  'host_header',
  'connect_timeout',
  'first_byte_timeout',
  'between_bytes_timeout',
  'probe',
  'max_connections',
  'proxy_header',
  'preamble',
] as const;
const probeFields = [
  'url',
  'request',
  'expected_response',
  'timeout',
  'interval',
  'window',
  'threshold',
  'initial',
] as const;

/** A backend as it is written; a probe that it names is found when all are known. */
export interface CheckedBackend {
  readonly declaration: Omit<BackendDeclaration, 'probe'>;
  readonly probe: ProbeDeclaration | string | undefined;
  /** Where its options are written, by their names in TypeScript. */
  readonly places: ReadonlyMap<string, Place>;
}

/** @throws VclMistake */
export function checkBackend(
  name: Token,
  fields: readonly Field[],
  symbols: Symbols,
  version: number,
): CheckedBackend {
  const known = fieldsOf(fields, backendFields);
  if (version < 41 && known.path !== undefined) {
    throw new VclMistake('Unix socket backends only supported in VCL4.1 and higher.', known.path.next);
  }
  const { host, path } = known;
  if (host !== undefined && path !== undefined) {
    const second = host.name.start < path.name.start ? path : host;
    throw new VclMistake('Address redefinition at:', second.name);
  }
  const limits: { -readonly [Limit in keyof FetchLimits]?: number } = {};
  if (known.connect_timeout) limits.connectTimeoutMs = milliseconds(known.connect_timeout);
  if (known.first_byte_timeout) limits.firstByteTimeoutMs = milliseconds(known.first_byte_timeout);
  if (known.between_bytes_timeout) limits.betweenBytesTimeoutMs = milliseconds(known.between_bytes_timeout);
  if (known.max_connections) limits.maxConnections = wholeNumber(known.max_connections);
  let proxyHeader: ProxyVersion | undefined;
  if (known.proxy_header) {
    const version = wholeNumber(known.proxy_header);
    const [token] = tokensOf(known.proxy_header.value);
    if (version !== 1 && version !== 2) throw new VclMistake('.proxy_header must be 1 or 2', token);
    proxyHeader = version;
  }
  if (known.preamble) {
    throw new VclMistake('.preamble is not supported: Troupe does not have it yet.', known.preamble.name);
  }
  const probe = known.probe === undefined ? undefined : probeOf(known.probe, symbols);
  const given = host ?? path;
  if (given === undefined) throw new VclMistake('Expected .host or .path.', name);
  const endpoint = path === undefined ? tcpEndpoint(given, known.port) : unixEndpoint(path);
  const hostHeader =
    known.host_header === undefined
      ? endpoint.kind === 'tcp'
        ? text(given)
        : '0.0.0.0'
      : text(known.host_header);
  const place = placeOf(name);
  return {
    declaration: {
      name: name.text,
      endpoint,
      hostHeader,
      limits,
      place,
      ...(proxyHeader === undefined ? {} : { proxyHeader }),
    },
    probe,
    places: placesOf(fields),
  };
}

/** @throws VclMistake */
export function checkProbe(fields: readonly Field[]): ProbeDeclaration {
  const known = fieldsOf(fields, probeFields);
  if (known.url !== undefined && known.request !== undefined) {
    const second = known.url.name.start < known.request.name.start ? known.request : known.url;
    throw new VclMistake('Probe request redefinition at:', second.name);
  }
  const expected = known.expected_response;
  const expectedResponse = expected === undefined ? probeDefaults.expectedResponse : wholeNumber(expected);
  if (expected !== undefined && (expectedResponse < 100 || expectedResponse > 999)) {
    const message = 'Must specify .expected_response with exactly three digits (100 <= x <= 999)';
    throw new VclMistake(message, expected.next);
  }
  const given = {
    window: known.window === undefined ? undefined : wholeNumber(known.window),
    threshold: known.threshold === undefined ? undefined : wholeNumber(known.threshold),
  };
  if (known.window !== undefined && given.threshold === undefined) {
    throw new VclMistake('Must specify .threshold with .window', tokensOf(known.window.value)[0]);
  }
  const threshold = given.threshold ?? probeDefaults.threshold;
  const at = known.threshold === undefined ? undefined : tokensOf(known.threshold.value)[0];
  if (given.window === undefined && threshold > 64) {
    throw new VclMistake('Threshold must be 64 or less.', at);
  }
  const window = given.window ?? (given.threshold === undefined ? probeDefaults.window : threshold + 1);
  if (known.window !== undefined && window > 64) {
    throw new VclMistake('Window must be 64 or less.', tokensOf(known.window.value)[0]);
  }
  if (threshold > window) throw new VclMistake('Threshold can not be greater than window.', at);
  const { url, request, timeout, interval, initial } = known;
  return {
    url: url === undefined ? probeDefaults.url : text(url),
    ...(request === undefined ? {} : { request: texts(request) }),
    expectedResponse,
    timeoutMs: timeout === undefined ? probeDefaults.timeoutMs : milliseconds(timeout),
    intervalMs: interval === undefined ? probeDefaults.intervalMs : milliseconds(interval),
    initial: initial === undefined ? Math.max(0, threshold - 1) : wholeNumber(initial),
    // varnishd keeps 64; a window of 64 + 1, from a threshold of 64, is one of 64.
    window: Math.min(window, 64),
    threshold,
    expectClose: probeDefaults.expectClose,
  };
}

function fieldsOf<Name extends string>(
  fields: readonly Field[],
  names: readonly Name[],
): Partial<Record<Name, Field>> {
  const known: Partial<Record<Name, Field>> = {};
  for (const field of fields) {
    const name = names.find((one) => one === field.name.text);
    if (name === undefined) throw new VclMistake(`Unknown field: ${tokenName(field.name)}`, field.name);
    if (known[name] !== undefined) {
      throw new VclMistake(`Field ${tokenName(field.name)} redefined at:`, field.name);
    }
    known[name] = field;
  }
  return known;
}

function probeOf({ value, name }: Field, symbols: Symbols): ProbeDeclaration | string {
  if (value.kind === 'fields') return checkProbe(value.fields);
  if (value.kind !== 'word') {
    const [token] = tokensOf(value);
    throw new VclMistake(`Expected '{' or name of probe, got ${tokenName(token ?? name)}`, token ?? name);
  }
  if (value.token.text !== 'default') {
    const known = symbols.get(value.token.text);
    if (known === undefined) throw new VclMistake(`Symbol not found: '${value.token.text}'`, value.token);
    symbols.refer(value.token, 'probe');
  }
  return value.token.text;
}

function tcpEndpoint(host: Field, port: Field | undefined): Endpoint {
  const name = text(host);
  if (name === '') {
    const [token] = tokensOf(host.value);
    throw new VclMistake('Backend host \'""\' could not be resolved to an IP address:', token);
  }
  if (port === undefined) return { kind: 'tcp', ...splitPort(name) };
  const written = text(port);
  const number = /^\d+$/.test(written) ? Number(written) : wellKnownPorts.get(written);
  if (number === undefined || number > 65_535) {
    const message = `Backend port '"${written}"' could not be resolved to a port number:`;
    throw new VclMistake(message, tokensOf(port.value)[0]);
  }
  return { kind: 'tcp', host: name, port: number };
}

/** A host may bring its port: `"127.0.0.1:8080"`. With nothing but a port it is this one. */
function splitPort(host: string): { readonly host: string; readonly port: number } {
  const match = isIP(host) === 0 ? /^(.*):(\d{1,5})$/.exec(host) : null;
  const name = (match?.[1] ?? host) || 'localhost';
  return { host: name.replace(/^\[(.*)\]$/, '$1'), port: match === null ? 80 : Number(match[2]) };
}

/** services(5), as far as backends speak HTTP. */
const wellKnownPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['http-alt', 8_080],
  ['webcache', 8_080],
]);

function unixEndpoint(field: Field): Endpoint {
  const path = text(field);
  const [token] = tokensOf(field.value);
  if (!path.startsWith('/')) throw new VclMistake('Backend path: Must be an absolute path:', token);
  let isOther = false;
  try {
    isOther = !statSync(path).isSocket();
  } catch {
    // varnishd only warns of a socket that is not there yet.
  }
  if (isOther) throw new VclMistake('Backend path: Not a socket:', token);
  return { kind: 'unix', path };
}

function text(field: Field): string {
  const [first, second] = texts(field);
  if (first !== undefined && second === undefined) return first;
  throw new VclMistake("Expected ';' got a second string", tokensOf(field.value)[1]);
}

function texts({ value, name }: Field): string[] {
  if (value.kind === 'strings') return value.tokens.map((token) => token.text);
  const [token] = tokensOf(value);
  throw new VclMistake(`Expected CSTR got ${tokenName(token ?? name)}`, token ?? name);
}

function wholeNumber({ value, name }: Field): number {
  if (value.kind === 'number' && value.token.kind === 'CNUM') {
    if (value.unit === undefined) return Number(value.token.text);
    throw new VclMistake(`Expected ';' got ${tokenName(value.unit)}`, value.unit);
  }
  const [token] = tokensOf(value);
  throw new VclMistake(`Expected ${kindName('CNUM')} got ${tokenName(token ?? name)}`, token ?? name);
}

function milliseconds({ value, name, next }: Field): number {
  const [token = name] = tokensOf(value);
  if (value.kind !== 'number') throw new VclMistake(`Expected CNUM got ${tokenName(token)}`, token);
  const { unit } = value;
  if (unit === undefined) throw new VclMistake(`Expected ID got ${tokenName(next)}`, next);
  const factor = durationUnits.get(unit.text);
  if (factor === undefined) throw new VclMistake(`Unknown duration unit ${tokenName(unit)}`, unit);
  return Number(value.token.text) * factor * 1_000;
}

function tokensOf(value: FieldValue): readonly Token[] {
  switch (value.kind) {
    case 'strings':
      return value.tokens;
    case 'fields':
      return value.fields.slice(0, 1).map(({ name }) => name);
    default:
      return [value.token];
  }
}

const optionNames: Readonly<Record<string, string>> = {
  host_header: 'hostHeader',
  connect_timeout: 'connectTimeout',
  first_byte_timeout: 'firstByteTimeout',
  between_bytes_timeout: 'betweenBytesTimeout',
  max_connections: 'maxConnections',
  expected_response: 'expectedResponse',
};

function placesOf(fields: readonly Field[], prefix = ''): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { name, value } of fields) {
    const path = prefix + (optionNames[name.text] ?? name.text);
    places.set(path, placeOf(tokensOf(value)[0] ?? name));
    if (value.kind === 'fields') for (const entry of placesOf(value.fields, `${path}.`)) places.set(...entry);
  }
  return places;
}
