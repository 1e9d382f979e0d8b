import { fc, test as given } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { readPreamble } from '../src/proxy/listener/proxy-preamble.ts';
import { type ProxyVersion, proxyHeader } from '../src/proxy-header.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const version = fc.constantFrom<ProxyVersion>(1, 2);

/** As it is written in short: without runs of zeros. */
const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));

const pair = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(ipv6, ipv6));

given.prop([version, pair, port, port])('is read as it was written', (v, [from, to], fromPort, toPort) => {
  const client = { address: from, port: fromPort };
  const server = { address: to, port: toPort };
  const bytes = proxyHeader(v, client, server);
  expect(readPreamble(bytes)).toEqual({ length: bytes.length, addresses: { client, server } });
});

given.prop([version, fc.ipV4(), ipv6, port])(
  'says that nothing is known where there is no pair',
  (v, four, six, p) => {
    const none = { address: '', port: 0 };
    for (const [client, server] of [
      [none, none],
      [{ address: four, port: p }, none],
      [
        { address: four, port: p },
        { address: six, port: p },
      ],
    ] as const) {
      const bytes = proxyHeader(v, client, server);
      expect(readPreamble(bytes)).toEqual({ length: bytes.length, addresses: undefined });
    }
  },
);

test('is what the protocol says, byte for byte', () => {
  const client = { address: '192.0.2.1', port: 4_660 };
  const server = { address: '198.51.100.2', port: 443 };
  expect(proxyHeader(1, client, server).toString()).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n');
  expect(proxyHeader(2, client, server).toString('hex')).toBe(
    '0d0a0d0a000d0a515549540a' + '2111000c' + 'c0000201c6336402' + '123401bb',
  );
});
