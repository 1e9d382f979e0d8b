/**
 * What compiled VCL calls while it runs, by the names that the compiler writes. Texts are latin1; a field that is
 * not there is undefined. Whatever varnishd calls a failure (VRT_fail) is thrown, and costs the request a 503.
 */
import { SocketAddress } from 'node:net';
import { hostname } from 'node:os';
import { addressBytes } from '../address-bytes.ts';
import type { BackendRef, BackendRequest, ClientRequest, HashContext } from '../config/hooks.ts';
import type { SessionTimeouts } from '../proxy/http/exchange.ts';
import type { Fields } from '../proxy/http/fields.ts';
import { varnishReason } from '../proxy/request/varnish-reasons.ts';
import { isInAcl } from './acl.ts';
import { lowerAscii, upperAscii } from './ascii-case.ts';
import { ban } from './ban.ts';
import type { IpValue, VclContext } from './vmod.ts';

/** A failure of the program, not of Troupe. */
class VclFailure extends Error {
  override readonly name = 'VCL';
}

/** Variables that have no effect yet, by the message that they belong to. */
const keptOf = new WeakMap<object, Record<string, unknown>>();

function kept(message: object): Record<string, unknown> {
  let values = keptOf.get(message);
  if (values === undefined) {
    values = {};
    keptOf.set(message, values);
  }
  return values;
}

function fail(message: string): never {
  throw new VclFailure(message);
}

/** Text that no field is, is the empty one. */
function str(text: string | undefined): string {
  return text ?? '';
}

/** In bodies varnishd shows what is not there. */
function shown(text: string | undefined): string {
  return text ?? '(null)';
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** RFC 8941 sections 3.3.1 and 3.3.2: what is larger is no text. */
const LARGEST_INT = 999_999_999_999_999;
const LARGEST_REAL = 999_999_999_999.999;
/** Of 31 December 9999, the last day that a date can name. */
const LARGEST_TIME = 253_402_300_799;

function int(value: number): string {
  if (!(Math.abs(value) <= LARGEST_INT)) fail('INT overflow converting to string');
  return String(value);
}

function real(value: number): string {
  if (!(Math.abs(value) <= LARGEST_REAL)) fail('REAL overflow converting to string');
  return value.toFixed(3);
}

/** RFC 9110 section 5.6.7. */
function time(seconds: number): string {
  if (!(seconds >= 0 && seconds <= LARGEST_TIME)) fail('Unformatable VCL_TIME');
  return new Date(Math.floor(seconds) * 1_000).toUTCString();
}

/** RFC 8941 section 3.3.5. */
function blob(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : `:${Buffer.from(value).toString('base64')}:`;
}

/** RFC 5952. */
function ipText({ ip }: IpValue): string {
  return ip.includes(':') ? new SocketAddress({ address: ip, family: 'ipv6' }).address : ip;
}

/** What `hash` and `shard` have picked is a backend already; what the others would pick is shown by their own name. */
function nameOf(context: VclContext, target: BackendRef | undefined): string | undefined {
  return typeof target === 'object' ? resolved(context, target) : target;
}

function resolved(context: VclContext, target: BackendRef | undefined): string | undefined {
  return target === undefined ? undefined : context.resolve?.(target);
}

function sameBackend(context: VclContext, a: BackendRef | undefined, b: BackendRef | undefined): boolean {
  return nameOf(context, a) === nameOf(context, b);
}

function sameIp(a: IpValue, b: IpValue): boolean {
  const left = addressBytes(a.ip);
  const right = addressBytes(b.ip);
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}

/** As strcmp(3); what is not there is greater than everything, itself included. */
function compare(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What is not there equals nothing. */
function equal(a: string | undefined, b: string | undefined): boolean {
  return a === b && a !== undefined;
}

/** Whole numbers are divided towards zero. */
function divided(a: number, b: number): number {
  if (b === 0) fail('division by zero');
  return Math.trunc(a / b);
}

function remainder(a: number, b: number): number {
  if (b === 0) fail('division by zero');
  return a % b;
}

/** Seconds since 1970. */
function now(context: VclContext): number {
  return (context.now ?? Date.now()) / 1_000;
}

/** When a message was first asked about, which is as good as when it came. */
function begun(context: VclContext, message: object): number {
  const values = kept(message);
  values['begun'] ??= now(context);
  return values['begun'] as number;
}

function identity({ req, client }: VclContext): string {
  const given = req === undefined ? undefined : kept(req)['identity'];
  return typeof given === 'string' ? given : (client?.ip ?? '');
}

/** In vcl_init the text is why the program is not loaded. */
function failed({ log, req, bereq }: VclContext, text: string): 'fail' {
  log(text);
  if (req === undefined && bereq === undefined) fail(text);
  return 'fail';
}

function endpoint({ local }: VclContext): string {
  return local === undefined ? '' : `${local.ip}:${local.port}`;
}

function canGzip(req: ClientRequest): boolean {
  return /(?:^|[\s,])(?:x-)?gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
    req.http.get('Accept-Encoding') ?? '',
  );
}

function filled(text: string | undefined, what: string): string {
  if (text === undefined || text === '') fail(`Setting ${what} to empty string`);
  return text;
}

/** The last three digits of up to five are sent. */
function status(value: number): number {
  if (value < 0) fail(`a status of ${value} is negative`);
  if (value > 65_535) fail(`a status of ${value} is above 65535`);
  if (value % 1_000 < 100) fail(`a status of ${value} is illegal (..0##)`);
  return value;
}

function setStatus(response: { status: number; reason: string }, value: number): void {
  response.status = status(value);
  response.reason = varnishReason(value);
}

function synth(code: number, reason?: string): { readonly synth: number; readonly reason: string } {
  return { synth: status(code), reason: reason ?? varnishReason(code) };
}

function backendError(code: number, reason?: string): { readonly error: number; readonly reason: string } {
  return { error: status(code), reason: reason ?? varnishReason(code) };
}

/** What varnishd's feature validate_headers refuses: controls. */
const notInFields = /[^\t\x20-\x7e\x80-\xff]/;

/** @param name a token, as the compiler has made sure */
function setField(http: Fields, name: string, text: string): void {
  if (notInFields.test(text)) fail(`Bad header ${name}: ${text}`);
  const { isLegal } = http;
  http.set(name, text);
  // All that could be illegal has been looked at, and need not be looked at again with all others.
  http.isLegal = isLegal;
}

function append(http: Fields, name: string, text: string): void {
  setField(http, name, str(http.get(name)) + text);
}

/** Milliseconds, not negative: of beresp and obj, whose ttl is not positive if it is not fresh. */
interface Aging {
  ttl: number;
  readonly age?: number;
}

/** Seconds from now on. What was never fresh ended when it was made. */
function ttl(object: Aging): number {
  const { age = 0 } = object;
  return (Math.max(0, object.ttl + age) - age) / 1_000;
}

function setTtl(object: Aging, seconds: number): void {
  object.ttl = Math.max(-(object.age ?? 0), seconds * 1_000);
}

/** Negative: not set. */
function milliseconds(seconds: number): number | undefined {
  return seconds < 0 ? undefined : seconds * 1_000;
}

function isUncacheable({ bereq, beresp }: VclContext): boolean {
  const isPassed = (bereq as { isPassed?: boolean } | undefined)?.isPassed === true;
  return isPassed || (beresp as { uncacheable?: boolean } | undefined)?.uncacheable === true;
}

interface InStorage {
  storage?: string | undefined;
}

/** What nobody keeps takes memory all the same, as varnishd says: in its storage for what lives shortly. */
const TRANSIENT = 'Transient';

function storageOf(c: VclContext): string | undefined {
  const chosen = (c.beresp as InStorage | undefined)?.storage;
  return chosen ?? (isUncacheable(c) ? TRANSIENT : c.nextStorage);
}

/** A hint that names none is ignored, as varnishd does. */
function hintStorage({ beresp, storages }: VclContext, name: string | undefined): void {
  if (beresp !== undefined && name !== undefined && storages?.has(name)) (beresp as InStorage).storage = name;
}

function storageText(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `storage.${name}`;
}

function usedSpace({ storages }: VclContext, name: string): number {
  return storages?.get(name)?.bytes ?? 0;
}

function freeSpace({ storages }: VclContext, name: string): number {
  const storage = storages?.get(name);
  return storage === undefined ? 0 : storage.capacity - storage.bytes;
}

/** Seconds; 0 where the request came over no connection of its own. */
function sessionTimeout({ session }: VclContext, name: keyof SessionTimeouts): number {
  return (session?.timeouts[name] ?? 0) / 1_000;
}

function setSessionTimeout({ session }: VclContext, name: keyof SessionTimeouts, seconds: number): void {
  if (session === undefined) return;
  session.timeouts = { ...session.timeouts, [name]: Math.max(0, seconds * 1_000) };
}

function hashData(context: HashContext, text: string): void {
  context.hashData(text);
}

function unsetBody(bereq: BackendRequest & { unsetBody?: () => void }): void {
  bereq.unsetBody?.();
}

/** ASCII letters only, as varnishd. */
function upper(text: string | undefined): string {
  return upperAscii(str(text));
}

function lower(text: string | undefined): string {
  return lowerAscii(str(text));
}

export const runtime = {
  append,
  ban,
  backendError,
  begun,
  blob,
  bytes,
  canGzip,
  compare,
  divided,
  endpoint,
  equal,
  fail,
  failed,
  filled,
  freeSpace,
  hashData,
  hintStorage,
  hostname: hostname(),
  identity,
  int,
  ipText,
  isInAcl,
  isUncacheable,
  kept,
  lower,
  milliseconds,
  nameOf,
  resolved,
  now,
  real,
  remainder,
  sameBackend,
  sameIp,
  sessionTimeout,
  setField,
  setSessionTimeout,
  setStatus,
  setTtl,
  shown,
  storageOf,
  storageText,
  str,
  synth,
  time,
  ttl,
  unsetBody,
  usedSpace,
  upper,
} as const;
