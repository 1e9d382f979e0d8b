import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { percentEncode } from '../../../src/proxy/peer/percent-encode.ts';

test('leaves letters, digits, dash, dot, underscore and tilde, as curl_easy_escape does', () => {
  const kept = 'ABCXYZabcxyz0189-._~';
  expect(percentEncode(kept)).toBe(kept);
});

test('encodes everything else byte by byte, in upper case', () => {
  expect(percentEncode("Form entry\nsent ä+1!*'()/?&=%")).toBe(
    'Form%20entry%0Asent%20%C3%A4%2B1%21%2A%27%28%29%2F%3F%26%3D%25',
  );
  expect(percentEncode(new Uint8Array([0, 0x7f, 0x80, 0xff]))).toBe('%00%7F%80%FF');
  expect(percentEncode('')).toBe('');
});

property.prop([fc.uint8Array()])('gives the bytes back when it is decoded', (bytes) => {
  const text = percentEncode(bytes);
  expect(text).toMatch(/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
  const decoded = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  expect(Buffer.from(decoded, 'latin1')).toEqual(Buffer.from(bytes));
});
