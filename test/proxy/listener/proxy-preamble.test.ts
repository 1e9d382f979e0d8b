import { fc, test as given } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { INCOMPLETE } from '../../../src/proxy/http1/outcome.ts';
import { crc32c } from '../../../src/proxy/listener/crc32c.ts';
import { readPreamble } from '../../../src/proxy/listener/proxy-preamble.ts';

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** @param command 0x20 for LOCAL, 0x21 for PROXY */
function binary(command: number, family: number, rest: Buffer): Buffer {
  const head = Buffer.from([command, family, rest.length >> 8, rest.length & 0xff]);
  return Buffer.concat([signature, head, rest]);
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ipv4 = hex('01020304 05060708 090a 0b0c');
const ipv6 = hex('0102030405060000000000000d0e0f10 818283848586000000000000 8d8e8f80 090a 0b0c');

test('reads version 1', () => {
  const line = 'PROXY TCP4 1.2.3.4 5.6.7.8 1234 5678\r\n';
  expect(readPreamble(Buffer.from(`${line}GET / HTTP/1.1\r\n`))).toEqual({
    length: line.length,
    addresses: { client: { address: '1.2.3.4', port: 1234 }, server: { address: '5.6.7.8', port: 5678 } },
  });
});

test('reads version 1 with IPv6, in its short form', () => {
  expect(readPreamble(Buffer.from('PROXY TCP6 1:0:0:0:0:0:0:2 5:A::8 1 65535\r\n'))).toMatchObject({
    addresses: { client: { address: '1::2', port: 1 }, server: { address: '5:a::8', port: 65_535 } },
  });
});

test.each(['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n'])(
  'takes the addresses of the connection for %j',
  (line) => {
    expect(readPreamble(Buffer.from(line))).toEqual({ length: line.length, addresses: undefined });
  },
);

test.each([
  'GET / HTTP/1.1\r\n',
  'POST / HTTP/1.1\r\n',
  'XYZ\r\n',
  'PROXY A B C D\r\n',
  'PROXY A B C D E\r\n',
  'PROXY TCP4 B C 1 2\r\n',
  'PROXY TCP4 1.2.3.4 C 1 2\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234 E\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234 65536\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234 -1\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234 5678 9\r\n',
  'PROXY TCP4 1.2.3.4  5.6.7.8 1234 5678\r\n',
  'PROXY TCP4 1:f::2 5:a::8 1234 5678\r\n',
  'PROXY TCP6 1.2.3.4 5.6.7.8 1234 5678\r\n',
  'PROXY TCP6 fe80::1%eth0 5:a::8 1234 5678\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1234 5678\n',
  `PROXY TCP4 1.2.3.4 5.6.7.8 1234 5678${' '.repeat(70)}\r\n`,
  `PROXY UNKNOWN ${'x'.repeat(200)}`,
])('refuses %j', (line) => {
  expect(readPreamble(Buffer.from(line))).toBeTypeOf('string');
});

describe('version 2', () => {
  test('says who talks to whom', () => {
    expect(readPreamble(Buffer.concat([binary(0x21, 0x11, ipv4), Buffer.from('GET')]))).toEqual({
      length: 28,
      addresses: { client: { address: '1.2.3.4', port: 2314 }, server: { address: '5.6.7.8', port: 2828 } },
    });
    expect(readPreamble(binary(0x21, 0x21, ipv6))).toEqual({
      length: 52,
      addresses: {
        client: { address: '102:304:506::d0e:f10', port: 2314 },
        server: { address: '8182:8384:8586::8d8e:8f80', port: 2828 },
      },
    });
  });

  test.each([
    ['its own checks', binary(0x20, 0x00, Buffer.alloc(0))],
    ['its own checks, with addresses', binary(0x20, 0x11, ipv4)],
    ['no family', binary(0x21, 0x00, Buffer.alloc(0))],
    ['an unknown family', binary(0x21, 0x99, Buffer.alloc(3))],
    ['UDP', binary(0x21, 0x12, ipv4)],
    ['addresses that are too short', binary(0x21, 0x11, ipv4.subarray(1))],
    ['IPv6 addresses that are too short', binary(0x21, 0x21, ipv6.subarray(1))],
  ])('leaves the addresses of the connection for %s', (_, bytes) => {
    expect(readPreamble(bytes)).toEqual({ length: bytes.length, addresses: undefined });
  });

  test.each([
    ['another version', binary(0x31, 0x11, ipv4)],
    ['an unknown command', binary(0x22, 0x11, ipv4)],
    ['more than 1024 bytes', binary(0x21, 0x11, Buffer.alloc(1_025))],
    ['bytes that belong to nothing', binary(0x21, 0x11, Buffer.concat([ipv4, hex('ffff')]))],
    ['a field that is too long', binary(0x21, 0x11, Buffer.concat([ipv4, hex('01000200')]))],
    ['a wrong checksum', binary(0x21, 0x11, Buffer.concat([ipv4, hex('030004 00000000')]))],
    ['a checksum of another length', binary(0x21, 0x11, Buffer.concat([ipv4, hex('030003 000000')]))],
    ['an empty field about TLS', binary(0x21, 0x11, Buffer.concat([ipv4, hex('200000')]))],
    ['a bad field within that', binary(0x21, 0x11, Buffer.concat([ipv4, hex('200007 0100000000 0100')]))],
  ])('refuses %s', (_, bytes) => {
    expect(readPreamble(bytes)).toBeTypeOf('string');
  });

  test('is told to be too long as soon as it says how long it is', () => {
    expect(readPreamble(binary(0x21, 0x11, Buffer.alloc(1_025)).subarray(0, 16))).toBeTypeOf('string');
  });

  test('may have fields of all kinds, and a checksum', () => {
    const fields = hex('030004 00000000 0100026832 20000c 0100000000 210004 76312e33 ff0000');
    const bytes = binary(0x21, 0x11, Buffer.concat([ipv4, fields]));
    bytes.writeUInt32BE(crc32c(bytes), 16 + ipv4.length + 3);
    expect(readPreamble(bytes)).toMatchObject({ addresses: { client: { address: '1.2.3.4' } } });
    bytes.writeUInt8(9, 16);
    expect(readPreamble(bytes)).toBe('its PROXY header has a wrong checksum');
  });
});

test('CRC-32C of the digits is as everywhere', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

const whole = fc.oneof(
  fc.constant(Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1234 5678\r\n')),
  fc.constant(Buffer.from('PROXY UNKNOWN\r\n')),
  fc.constant(binary(0x21, 0x11, ipv4)),
  fc.constant(binary(0x21, 0x21, ipv6)),
  fc.constant(binary(0x20, 0x00, Buffer.alloc(0))),
);

given.prop([whole, fc.nat(), fc.uint8Array({ maxLength: 20 })])(
  'wants more of each beginning, and takes no byte of what follows',
  (bytes, at, behind) => {
    expect(readPreamble(bytes.subarray(0, at % bytes.length))).toBe(INCOMPLETE);
    expect(readPreamble(Buffer.concat([bytes, behind]))).toEqual(readPreamble(bytes));
  },
);

/** What is mostly a header, with some bytes changed. */
const changed = fc
  .tuple(whole, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }))
  .map(([bytes, changes]) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy;
  });

given.prop([
  fc.oneof(
    changed,
    fc.uint8Array({ maxLength: 1_200 }).map((bytes) => Buffer.from(bytes)),
  ),
])('never wants more than it may have, and never throws', (bytes) => {
  const read = readPreamble(bytes);
  if (read === INCOMPLETE) expect(bytes.length).toBeLessThan(16 + 1_024);
  else if (typeof read !== 'string') expect(read.length).toBeLessThanOrEqual(bytes.length);
});
