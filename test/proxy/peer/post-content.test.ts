/** vmod_peer, queue_req_body: whatever a hook gives as content is sent as it was at the call, or refused there. */
import { expect, test } from 'vitest';
import { postContentOf } from '../../../src/proxy/peer/post-content.ts';

test('text is taken as it is, and no content is none', () => {
  expect(postContentOf('a b')).toBe('a b');
  expect(postContentOf('')).toBe('');
  expect(postContentOf(undefined)).toBeUndefined();
});

test.each([
  ['a Buffer', Buffer.from('abc')],
  ['a large Buffer', Buffer.from('abc'.repeat(10_000))],
  ['a part of an array', new Uint8Array([0, 97, 98, 99, 0]).subarray(1, 4)],
  ['shared memory', new Uint8Array(new SharedArrayBuffer(3)).fill(97)],
])('%s is copied into memory of its own, which a thread may take away', (_, given) => {
  const before = [...given];
  const content = postContentOf(given) as Uint8Array;
  given[0] = 0;
  expect([...content]).toEqual(before);
  structuredClone(content, { transfer: [content.buffer as ArrayBuffer] });
  expect(content.length).toBe(0);
  expect(given.length).toBe(before.length);
});

test.each([
  ['null', null],
  ['42', 42],
  ['an object', new ArrayBuffer(3)],
  ['an object', new Uint16Array([1_000])],
  ['a function', () => 1],
])('%s is refused, before a thread stumbles over it', (shown, given) => {
  expect(() => postContentOf(given)).toThrow(TypeError);
  expect(() => postContentOf(given)).toThrow(`must be a string or a Uint8Array, but is ${shown}`);
});
