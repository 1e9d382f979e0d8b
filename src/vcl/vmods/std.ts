/** vmod std: vmod_std(3). Files are read in the program's folder only. */

import { isIP } from 'node:net';
import type { BackendRef, BackendRequest, ClientRequest } from '../../config/hooks.ts';
import { lowerAscii, upperAscii } from '../ascii-case.ts';
import { bound, byName, type FieldRef, fn, type IpValue, type VclContext, type Vmod } from '../vmod.ts';
import { bannedOrNoted, notedMistake } from './ban-error.ts';
import { ConfigFiles } from './config-files.ts';
import { textToBytes, textToDuration, textToInteger, textToReal, textToTime } from './conversion.ts';
import { fnmatch } from './fnmatch.ts';
import { querySort } from './query-sort.ts';
import { rememberOriginal, rollBack } from './rollback.ts';
import { strftime } from './strftime.ts';

/** RFC 8941 section 3.3.1. */
const LARGEST_INTEGER = 999_999_999_999_999;

/**
 * What a conversion comes to: that of the one value that is given.
 *
 * @throws Error none or several are given, or it fails and there is no fallback
 */
function converted<Value>(
  name: string,
  given: readonly unknown[],
  fallback: Value | undefined,
  convert: () => Value | undefined,
): Value {
  const count = given.filter((value) => value !== undefined).length;
  if (count !== 1) throw new Error(`std.${name}: ${count > 1 ? 'too many' : 'not enough'} arguments`);
  const result = convert() ?? fallback;
  if (result === undefined) throw new Error(`std.${name}: conversion failed`);
  return result;
}

function whole(value: number | undefined): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  const integer = Math.trunc(value);
  return Math.abs(integer) <= LARGEST_INTEGER ? integer : undefined;
}

/** Halves go away from zero: round(3). */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

/** A text argument that is missing is there all the same: an unset field. */
type Text = string | undefined;
type Amount = number | undefined;

function collect({ obj }: VclContext, { http, name }: FieldRef, separator: Text): void {
  if (http === obj?.http) throw new Error('std.collect(): obj cannot be changed');
  const values = http.getAll(name);
  if (values.length < 2) return;
  const fields = [...http];
  for (const [other] of fields) http.unset(other);
  let isDone = false;
  for (const [other, value] of fields) {
    if (other.toLowerCase() !== name.toLowerCase()) http.append(other, value);
    else if (!isDone) {
      http.append(other, values.join(separator ?? ''));
      isDone = true;
    }
  }
}

function ip(text: Text, fallback: IpValue | undefined, port: Text): IpValue {
  const match = /^\[?([^[\]]*?)\]?(?::(\d+))?$/.exec(text ?? '');
  const [address, own] = isIP(text ?? '') === 0 ? [match?.[1] ?? '', match?.[2]] : [text ?? '', undefined];
  if (isIP(address) !== 0) return { ip: address, port: Number(own ?? port ?? 80) };
  if (fallback === undefined) throw new Error('std.ip: conversion failed');
  return fallback;
}

export const std: Vmod = {
  name: 'std',
  objects: {},
  functions: byName([
    fn(
      'REAL random(REAL lo, REAL hi)',
      (_context, low: number, high: number) => low + Math.random() * (high - low),
    ),
    fn('REAL round(REAL r)', (_context, value: number) => round(value)),
    fn('VOID collect(HEADER hdr, STRING sep=", ")', (context, field: FieldRef, separator: Text) =>
      collect(context, field, separator),
    ),
    fn('STRING querysort(STRING)', (_context, url: Text) => (url === undefined ? undefined : querySort(url))),
    fn('STRING toupper(STRANDS s)', (_context, text: string) => upperAscii(text)),
    fn('STRING tolower(STRANDS s)', (_context, text: string) => lowerAscii(text)),
    fn('STRING strstr(STRING s1, STRING s2)', (_context, text: Text, part: Text) => {
      const at = text === undefined || part === undefined ? -1 : text.indexOf(part);
      return at < 0 ? undefined : text?.slice(at);
    }),
    fn(
      'BOOL fnmatch(STRING pattern, STRING subject, BOOL pathname=1, BOOL noescape=0, BOOL period=0)',
      (_context, pattern: Text, subject: Text, pathname: boolean, noescape: boolean, period: boolean) => {
        if (pattern === undefined) throw new Error('std.fnmatch(): pattern is NULL');
        if (subject === undefined) throw new Error('std.fnmatch(): subject is NULL');
        return fnmatch(pattern, subject, { pathname, noescape, period });
      },
    ),
    fn('BOOL healthy(BACKEND be)', ({ healthy }, target: BackendRef | undefined) =>
      target === undefined ? false : (healthy?.(target) ?? false),
    ),
    fn('INT port(IP ip)', (_context, address: IpValue) => address.port),
    fn(
      'DURATION duration([STRING s], [DURATION fallback], [REAL real], [INT integer])',
      (_context, text: Text, fallback: Amount, real: Amount, integer: Amount) =>
        converted('duration', [text, real, integer], fallback, () => real ?? integer ?? textToDuration(text)),
    ),
    fn(
      'BYTES bytes([STRING s], [BYTES fallback], [REAL real], [INT integer])',
      (_context, text: Text, fallback: Amount, real: Amount, integer: Amount) =>
        converted('bytes', [text, real, integer], fallback, () => {
          const value = real ?? integer;
          if (value === undefined) return textToBytes(text);
          return value >= 0 ? whole(value) : undefined;
        }),
    ),
    fn(
      'INT integer([STRING s], [INT fallback], [BOOL bool], [BYTES bytes], [DURATION duration], [REAL real], [TIME time])',
      (
        _context,
        text: Text,
        fallback: Amount,
        bool: boolean | undefined,
        bytes: Amount,
        duration: Amount,
        real: Amount,
        time: Amount,
      ) =>
        converted('integer', [text, bool, bytes, duration, real, time], fallback, () => {
          if (bool !== undefined) return Number(bool);
          return bytes ?? whole(duration ?? real ?? time ?? textToInteger(text));
        }),
    ),
    fn(
      'IP ip(STRING s, [IP fallback], BOOL resolve = 1, [STRING p])',
      (_context, text: Text, fallback: IpValue | undefined, _resolve: boolean, port: Text) =>
        ip(text, fallback, port),
    ),
    fn(
      'REAL real([STRING s], [REAL fallback], [INT integer], [BOOL bool], [BYTES bytes], [DURATION duration], [TIME time])',
      (
        _context,
        text: Text,
        fallback: Amount,
        integer: Amount,
        bool: boolean | undefined,
        bytes: Amount,
        duration: Amount,
        time: Amount,
      ) =>
        converted('real', [text, integer, bool, bytes, duration, time], fallback, () => {
          if (bool !== undefined) return Number(bool);
          return integer ?? bytes ?? duration ?? time ?? textToReal(text);
        }),
    ),
    fn(
      'TIME time([STRING s], [TIME fallback], [REAL real], [INT integer])',
      (_context, text: Text, fallback: Amount, real: Amount, integer: Amount) =>
        converted('time', [text, real, integer], fallback, () => integer ?? real ?? textToTime(text)),
    ),
    fn('STRING strftime(TIME time, STRING format)', (_context, time: number, format: Text) =>
      strftime(time, format ?? ''),
    ),
    fn('VOID log(STRANDS s)', ({ log }, text: string) => log(text)),
    fn('BOOL ban(STRING)', (context, conditions: Text) => bannedOrNoted(context, conditions)),
    fn('STRING ban_error()', (context) => notedMistake(context)),
    fn('VOID syslog(INT priority, STRANDS s)', ({ log }, priority: number, text: string) =>
      log(`syslog ${priority}: ${text}`),
    ),
    fn('VOID timestamp(STRING s)', ({ log }, label: Text) => {
      if (label !== undefined && label !== '') log(`timestamp ${label}`);
    }),
    bound('STRING fileread(STRING)', ({ folder }) => {
      const files = new ConfigFiles(folder);
      return ({ log }, path: Text) =>
        path === undefined ? undefined : files.read(path, log)?.toString('latin1');
    }),
    bound('BLOB blobread(STRING)', ({ folder }) => {
      const files = new ConfigFiles(folder);
      return ({ log }, path: Text) => (path === undefined ? undefined : files.read(path, log));
    }),
    bound('BOOL file_exists(STRING path)', ({ folder }) => {
      const files = new ConfigFiles(folder);
      return ({ log }, path: Text) => path !== undefined && files.has(path, log);
    }),
    bound(
      'BOOL syntax(REAL)',
      ({ version }) =>
        (_context, wanted: number) =>
          Math.round(wanted * 10) <= version,
    ),
    bound('VOID rollback(HTTP h)', ({ beforeRequest }) => {
      beforeRequest(rememberOriginal);
      return (context, message: ClientRequest | BackendRequest) => rollBack(context, message);
    }),
    fn('STRING getenv(STRING name)', (_context, name: Text) =>
      name === undefined || name === '' ? undefined : process.env[name],
    ),
    // The body is kept for restarts as far as its bound allows, asked for or not.
    fn('BOOL cache_req_body(BYTES size)', ({ req }, size: number) => {
      const isSmall = Number(req?.http.get('Content-Length') ?? 0) <= size;
      if (req !== undefined && isSmall) (req as { cachesBody?: boolean }).cachesBody = true;
      return isSmall;
    }),
    fn('VOID late_100_continue(BOOL late)', () => {}),
    fn('VOID set_ip_tos(INT tos)', () => {}),
    fn(
      'INT real2integer(REAL r, INT fallback)',
      (_context, value: number, fallback: number) => whole(round(value)) ?? fallback,
    ),
    fn('TIME real2time(REAL r, TIME fallback)', (_context, value: number, fallback: number) =>
      Number.isFinite(value) ? value : fallback,
    ),
    fn(
      'INT time2integer(TIME t, INT fallback)',
      (_context, value: number, fallback: number) => whole(round(value)) ?? fallback,
    ),
    fn('REAL time2real(TIME t, REAL fallback)', (_context, value: number, fallback: number) =>
      Number.isFinite(value) ? value : fallback,
    ),
  ]),
};
