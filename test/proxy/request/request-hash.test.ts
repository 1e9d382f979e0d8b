import { createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { RequestHash } from '../../../src/proxy/request/request-hash.ts';

const bytesOf = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding);

test.prop([fc.array(fc.string({ unit: 'binary-ascii' }))])(
  'is SHA-256 over each argument and a zero byte',
  (parts) => {
    const naive = createHash('sha256');
    for (const part of parts) naive.update(bytesOf(part, 'latin1')).update(Buffer.from([0]));
    const hash = new RequestHash();
    for (const part of parts) hash.add(part);
    if (parts.length === 0) return;
    const digest = naive.digest();
    expect(hash.hex()).toBe(digest.toString('hex'));
    expect(Buffer.from(hash.bytes())).toEqual(digest);
  },
);

test('bytes of a header count as they were received, other text as UTF-8', () => {
  const received = createHash('sha256')
    .update(Buffer.from([0x2f, 0xe9, 0]))
    .digest('hex');
  expect(new RequestHash(['/\u00e9']).hex()).toBe(received);
  const utf8 = createHash('sha256').update(bytesOf('/€\0', 'utf8')).digest('hex');
  expect(new RequestHash(['/€']).hex()).toBe(utf8);
});

test('data added after a look changes the hash', () => {
  const hash = new RequestHash(['a']);
  const before = hash.hex();
  hash.add('b');
  expect(hash.hex()).toBe(new RequestHash(['a', 'b']).hex());
  expect(hash.hex()).not.toBe(before);
  expect(Buffer.from(hash.bytes()).toString('hex')).toBe(hash.hex());
});
