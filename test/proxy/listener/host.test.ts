import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { isLegalHost } from '../../../src/proxy/listener/host.ts';

test.prop([fc.webAuthority({ withPort: true, withIPv4: true, withIPv6: true })])(
  'the authorities of URLs are legal hosts',
  (authority) => {
    expect(isLegalHost(authority)).toBe(true);
    // The same one again, which is remembered.
    expect(isLegalHost(authority)).toBe(true);
  },
);

test.prop([fc.string({ unit: 'binary-ascii', maxLength: 20 })])(
  'a legal host goes into a URL as it is, and no empty one is legal',
  (text) => {
    if (!isLegalHost(text)) return;
    expect(text).toMatch(/^[\w.~!$&'()*+;=%:[\]-]+$/);
    expect(text).not.toBe('');
  },
);

test.each(['', ':80', 'a,b', 'a:65536', '[::1%lo]', '[1.2.3.4]', 'a b', 'a@b', 'a%2'])(
  '%j is none',
  (text) => {
    expect(isLegalHost(text)).toBe(false);
  },
);
