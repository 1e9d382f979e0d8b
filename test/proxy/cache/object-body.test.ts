/** The body against one long list of bytes. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ObjectBody } from '../../../src/proxy/cache/object-body.ts';

const KB = 1024;
const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 * KB }) },
  { weight: 1, arbitrary: fc.integer({ min: 30 * KB, max: 400 * KB }) },
);

let stamp = 0;
/** Bytes that differ from those of other pieces; in a memory of their own that may be larger. */
function pieceOf(length: number, spare: number): Buffer {
  stamp++;
  const piece = Buffer.allocUnsafeSlow(length + spare).subarray(0, length);
  for (let i = 0; i < length; i++) piece[i] = (i + stamp * 7) & 0xff;
  return piece;
}

/** All that a reader gets who begins there. */
function read(body: ObjectBody, from: number): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = from; ; ) {
    const piece = body.from(at);
    if (piece === undefined) return Buffer.concat(pieces);
    expect(piece.length).toBeGreaterThan(0);
    pieces.push(piece);
    at += piece.length;
  }
}

/** Memory behind what readers see. */
function memory(body: ObjectBody, from = 0): number {
  const buffers = new Set<ArrayBufferLike>();
  for (let at = from; ; ) {
    const piece = body.from(at);
    if (piece === undefined) break;
    buffers.add(piece.buffer);
    at += piece.length;
  }
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

test.prop(
  [
    fc.array(fc.record({ length: size, spare: fc.constantFrom(0, 0, 5_000) }), { maxLength: 40 }),
    fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }),
    fc.nat(),
  ],
  { numRuns: 200 },
)('is what came, from every position, and takes what it says', (pieces, announced, where) => {
  const body = new ObjectBody(announced);
  let came = Buffer.alloc(0);
  for (const { length, spare } of pieces) {
    const piece = pieceOf(length, spare);
    const before = body.bytes;
    const cost = body.cost(piece);
    body.add(piece);
    expect(body.bytes).toBe(before + cost);
    came = Buffer.concat([came, piece]);
    // What is all of a small body stays where it is until it becomes text.
    if (announced !== pieces[0]?.length) expect(memory(body)).toBeLessThanOrEqual(body.bytes);
  }
  const from = where % (came.length + 1);
  expect(read(body, from).equals(came.subarray(from))).toBe(true);
  const filling = body.bytes;
  body.complete();
  expect(read(body, 0).equals(came)).toBe(true);
  expect(read(body, from).equals(came.subarray(from))).toBe(true);
  expect(body.bytes).toBeLessThanOrEqual(filling);
  expect(memory(body)).toBeLessThanOrEqual(body.bytes);
  if (came.length <= KB * KB) {
    expect(body.whole?.length).toBe(came.length);
    expect(memory(body)).toBe(came.length);
    expect(body.text).toBe(came.length > 0 && came.length <= 8 * KB ? came.toString('latin1') : undefined);
  }
});

test.prop(
  [fc.array(fc.record({ length: size, read: fc.integer({ min: 0, max: 100 }) }), { maxLength: 30 })],
  {
    numRuns: 100,
  },
)('lets go what all have read, and nothing else', (steps) => {
  const body = new ObjectBody(undefined);
  let came = Buffer.alloc(0);
  let from = 0;
  for (const { length, read: percent } of steps) {
    const piece = pieceOf(length, 0);
    body.add(piece);
    came = Buffer.concat([came, piece]);
    from += Math.floor(((came.length - from) * percent) / 100);
    body.giveUp(from);
    expect(read(body, from).equals(came.subarray(from))).toBe(true);
    // The piece that a reader is in stays, and the last one may have room for more.
    expect(memory(body, from)).toBeLessThanOrEqual(came.length - from + (400 + 64) * KB);
  }
});

describe('bytes that it takes', () => {
  test('a body in pieces of one byte takes less than twice its size', () => {
    const body = new ObjectBody(undefined);
    const byte = Buffer.from('x');
    const length = 300 * KB;
    for (let i = 0; i < length; i++) body.add(byte);
    expect(body.bytes).toBeLessThan(2 * length);
    body.complete();
    expect(body.bytes).toBeLessThan(length + 300);
  });

  test('a body as announced is in its place from the start', () => {
    const body = new ObjectBody(100 * KB);
    for (let i = 0; i < 100; i++) body.add(pieceOf(KB, 0));
    const bytes = body.from(0);
    const { bytes: before } = body;
    body.complete();
    expect(body.whole?.buffer).toBe(bytes?.buffer);
    expect(body.bytes).toBe(before);
  });
});
