/**
 * The PROXY protocol, versions 1 and 2: what a proxy in front says of a connection before the client's own bytes. Source:
 * haproxy.org/download/2.6/doc/proxy-protocol.txt; limits, and what is ignored, as in varnishd. (But `PROXY UNKNOWN`,
 * which varnishd refuses, is what haproxy's own checks send, and says: take the connection's addresses.)
 */
import { isIPv4, isIPv6, SocketAddress as NodeAddress } from 'node:net';
import type { SocketAddress } from '../http/exchange.ts';
import { INCOMPLETE } from '../http1/outcome.ts';
import { crc32c } from './crc32c.ts';

/** Who talks to whom, beyond the proxy in front. */
export interface ProxiedAddresses {
  readonly client: SocketAddress;
  readonly server: SocketAddress;
}

interface Preamble {
  /** Bytes that it takes. */
  readonly length: number;
  /** undefined: those of the connection itself. */
  readonly addresses: ProxiedAddresses | undefined;
}

/** Bytes of version 1, line end included: section 2.1. */
const MOST_TEXT = 107;
/** Bytes behind the first 16 of version 2; varnishd's bound. */
const MOST_BINARY = 1024;

const textStart = Buffer.from('PROXY ', 'latin1');
const binaryStart = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family and protocol, length. */
const BINARY_HEAD = 16;

/**
 * Reads it at the beginning of what a connection has sent.
 *
 * @returns INCOMPLETE: more is needed, of at most `mostPreambleBytes`; a phrase that says what is wrong
 */
export function readPreamble(bytes: Buffer): Preamble | typeof INCOMPLETE | string {
  if (startsLike(bytes, textStart)) return bytes.length < textStart.length ? INCOMPLETE : readText(bytes);
  if (!startsLike(bytes, binaryStart)) return 'it does not begin with a header of the PROXY protocol';
  return bytes.length < BINARY_HEAD ? INCOMPLETE : readBinary(bytes);
}

/** As far as both go. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function readText(bytes: Buffer): Preamble | typeof INCOMPLETE | string {
  const end = bytes.indexOf('\n', 0, 'latin1');
  if (end < 0) return bytes.length < MOST_TEXT ? INCOMPLETE : 'its PROXY header is too long';
  if (end >= MOST_TEXT) return 'its PROXY header is too long';
  const line = bytes.toString('latin1', 0, end);
  if (!line.endsWith('\r')) return 'its PROXY header does not end with CR and LF';
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = line
    .slice(0, -1)
    .split(' ');
  const length = end + 1;
  if (family === 'UNKNOWN') return { length, addresses: undefined };
  const isLegal = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined;
  if (isLegal === undefined) return 'its PROXY header is for neither TCP4, TCP6 nor UNKNOWN';
  if (more.length > 0) return 'its PROXY header has too many fields';
  if (!isLegal(source) || !isLegal(destination)) return `its PROXY header has no two ${family} addresses`;
  const ports = [portOf(sourcePort), portOf(destinationPort)] as const;
  if (ports[0] === undefined || ports[1] === undefined) return 'its PROXY header has no two ports';
  return {
    length,
    addresses: {
      client: { address: shortest(source), port: ports[0] },
      server: { address: shortest(destination), port: ports[1] },
    },
  };
}

/** Without the name of an interface, which means nothing here. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function portOf(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port > 65_535 ? undefined : port;
}

function shortest(address: string): string {
  return address.includes(':') ? new NodeAddress({ address, family: 'ipv6' }).address : address;
}

/** With family and protocol: bytes of one address. Others are ignored: UDP, unix sockets. */
const addressBytes = new Map([
  [0x11, 4],
  [0x21, 16],
]);

function readBinary(bytes: Buffer): Preamble | typeof INCOMPLETE | string {
  const command = bytes[12] as number;
  const rest = bytes.readUInt16BE(14);
  if (command >> 4 !== 2) return `its PROXY header has the unknown version ${command >> 4}`;
  if (rest > MOST_BINARY) return 'its PROXY header is too long';
  const length = BINARY_HEAD + rest;
  if (bytes.length < length) return INCOMPLETE;
  const ofConnection = { length, addresses: undefined };
  if ((command & 0xf) === 0) return ofConnection;
  if ((command & 0xf) !== 1) return `its PROXY header has the unknown command ${command & 0xf}`;
  const size = addressBytes.get(bytes[13] as number);
  if (size === undefined || rest < 2 * size + 4) return ofConnection;
  const ports = BINARY_HEAD + 2 * size;
  const mistake = mistakeInExtras(bytes.subarray(0, length), ports + 4);
  if (mistake !== undefined) return mistake;
  return {
    length,
    addresses: {
      client: { address: addressAt(bytes, BINARY_HEAD, size), port: bytes.readUInt16BE(ports) },
      server: { address: addressAt(bytes, BINARY_HEAD + size, size), port: bytes.readUInt16BE(ports + 2) },
    },
  };
}

function addressAt(bytes: Buffer, at: number, size: number): string {
  if (size === 4) return bytes.subarray(at, at + 4).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i).toString(16));
  return shortest(groups.join(':'));
}

const CRC32C = 0x03;
const SSL = 0x20;
/** In front of what SSL contains: a byte of flags, and four of what a verification has come to. */
const SSL_HEAD = 5;

/** Section 2.2: type, two bytes of length, value; again and again. */
function mistakeInExtras(header: Buffer, from: number): string | undefined {
  let at = from;
  while (at < header.length) {
    if (header.length - at < 3) return 'its PROXY header has bytes that belong to nothing';
    const begin = at + 3;
    const end = begin + header.readUInt16BE(at + 1);
    if (end > header.length) return 'its PROXY header has a field that goes beyond it';
    const type = header[at];
    if (type === CRC32C) {
      if (end - begin !== 4) return 'its PROXY header has a checksum that is none';
      const blank = Buffer.from(header).fill(0, begin, end);
      if (crc32c(blank) !== header.readUInt32BE(begin)) return 'its PROXY header has a wrong checksum';
    } else if (type === SSL) {
      if (end - begin < SSL_HEAD) return 'its PROXY header has a field that is too short';
      const mistake = mistakeInExtras(header.subarray(0, end), begin + SSL_HEAD);
      if (mistake !== undefined) return mistake;
    }
    at = end;
  }
  return undefined;
}
