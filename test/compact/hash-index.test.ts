/** The index against a plain map, with hashes that collide. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashIndex } from '../../src/compact/hash-index.ts';
import { NONE } from '../../src/compact/record-pool.ts';

function foundBy(index: HashIndex, hash: number): number[] {
  const found: number[] = [];
  for (let record = index.first(hash); record !== NONE; record = index.next()) found.push(record);
  return found.toSorted((a, b) => a - b);
}

/** Few values, so that they collide: the same hash, the same place, places at the end of a table. */
const hash = fc.oneof(
  fc.constantFrom(0, 1, 7, 8, 15, -1, -8, 0x7fffffff, -0x80000000),
  fc.integer({ min: 0, max: 40 }),
  fc.integer(),
);

test('finds all records of a hash and no others, whatever was added and removed', () => {
  const steps = fc.array(fc.record({ hash, remove: fc.boolean(), which: fc.nat() }), {
    minLength: 20,
    maxLength: 400,
  });
  fc.assert(
    fc.property(steps, (sequence) => {
      const index = new HashIndex();
      const plain = new Map<number, number>();
      for (const [record, step] of sequence.entries()) {
        const some = [...plain.keys()];
        const gone = some[step.which % Math.max(1, some.length)];
        if (step.remove && gone !== undefined) {
          index.remove(plain.get(gone) as number, gone);
          plain.delete(gone);
        } else {
          index.add(step.hash, record);
          plain.set(record, step.hash);
        }
      }
      const hashes = new Set([...sequence.map((one) => one.hash), 12345]);
      for (const one of hashes) {
        const expected = [...plain].flatMap(([record, of]) => (of === one ? [record] : []));
        expect(foundBy(index, one)).toEqual(expected);
      }
    }),
  );
});

test('a hundred thousand that come and go leave nothing behind that others must pass', () => {
  const index = new HashIndex();
  const spread = (record: number) => Math.imul(record, 0x9e3779b1);
  for (let round = 0; round < 3; round++) {
    for (let record = 0; record < 100_000; record++) index.add(spread(record), record);
    for (let record = 0; record < 100_000; record += 7)
      expect(foundBy(index, spread(record))).toEqual([record]);
    for (let record = 0; record < 100_000; record++) index.remove(spread(record), record);
    for (let record = 0; record < 100_000; record += 7) expect(index.first(spread(record))).toBe(NONE);
  }
});
