import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../src/address-bytes.ts';
import { isInAcl, readAcl } from '../../src/vcl/acl.ts';
import { lex } from '../../src/vcl/lexer.ts';
import { Mistakes } from '../../src/vcl/mistake.ts';
import { parse } from '../../src/vcl/parser.ts';
import { VclSource } from '../../src/vcl/source.ts';

function acl(entries: string, hosts: Readonly<Record<string, readonly string[]>> = {}) {
  const mistakes = new Mistakes();
  const [declaration] = parse(lex(new VclSource('a.vcl', `acl a { ${entries} }`)), mistakes);
  if (declaration?.kind !== 'acl') throw new Error(`no acl: ${entries}`);
  return readAcl(declaration.entries, (host) => hosts[host]);
}

const four = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
  .map(([a, b]) => `10.0.${a}.${b * 64}`);

/** Bits as a text, so that a mask is a beginning. */
function bits(ip: string): string {
  return [...(addressBytes(ip) ?? [])].map((byte) => byte.toString(2).padStart(8, '0')).join('');
}

describe('acl', () => {
  test.prop(
    [
      fc.array(fc.record({ ip: four, mask: fc.integer({ min: 16, max: 32 }), isNegated: fc.boolean() }), {
        maxLength: 8,
      }),
      four,
    ],
    { numRuns: 2_000 },
  )('the entry with the longest mask decides', (given, ip) => {
    const entries = new Map<string, { net: string; isNegated: boolean }>();
    for (const { ip: net, mask, isNegated } of given) {
      const key = bits(net).slice(0, mask);
      if (!entries.has(key)) entries.set(key, { net, isNegated });
    }
    const text = [...entries].map(([key, { isNegated }]) => {
      const bytes = key.padEnd(32, '0').match(/.{8}/g) ?? [];
      const net = bytes.map((byte) => Number.parseInt(byte, 2)).join('.');
      return `${isNegated ? '! ' : ''}"${net}"/${key.length};`;
    });
    const fitting = [...entries]
      .filter(([key]) => bits(ip).startsWith(key))
      .sort(([a], [b]) => b.length - a.length);
    const [longest] = fitting;
    expect(isInAcl(acl(text.join(' ')), ip)).toBe(longest !== undefined && !longest[1].isNegated);
  });

  it('knows both families, and IPv4 in IPv6', () => {
    const list = acl('"192.168.0.0"/16; "2001:db8::"/32; "::1";');
    expect(isInAcl(list, '192.168.3.4')).toBe(true);
    expect(isInAcl(list, '::ffff:192.168.3.4')).toBe(true);
    expect(isInAcl(list, '2001:db8:1::2')).toBe(true);
    expect(isInAcl(list, '::1')).toBe(true);
    expect(isInAcl(list, '::2')).toBe(false);
    expect(isInAcl(list, 'nonsense')).toBe(false);
  });

  it('takes all addresses of a name, and leaves out names in parentheses that mean nothing', () => {
    const list = acl('"here"; ! ("there"); ("nowhere");', { here: ['10.0.0.1', '::5'], there: ['10.0.0.2'] });
    expect(['10.0.0.1', '::5', '10.0.0.2', '10.0.0.3'].map((ip) => isInAcl(list, ip))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('reads short nets as nets', () => {
    const list = acl('"10"; "172.16";');
    expect(['10.9.8.7', '172.16.1.1', '172.17.0.1'].map((ip) => isInAcl(list, ip))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
