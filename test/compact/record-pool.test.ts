/** Records are told apart, keep what is in them, and give their memory back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordPool } from '../../src/compact/record-pool.ts';

const SEGMENT = 16_384;

test('no record is handed out twice, and each keeps what was written into it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -40, max: 60 }), { maxLength: 40 }), (changes) => {
      const pool = new RecordPool();
      const taken = new Map<number, number>();
      let written = 0;
      for (const change of changes) {
        for (let i = 0; i < change; i++) {
          const record = pool.take();
          expect(taken.has(record)).toBe(false);
          written++;
          pool.setWord(record, 0, -written);
          pool.setTime(record, written / 2);
          taken.set(record, written);
        }
        for (const record of [...taken.keys()].slice(0, Math.max(0, -change))) {
          pool.free(record);
          taken.delete(record);
        }
        expect(pool.size).toBe(taken.size);
        for (const [record, value] of taken) {
          expect(record).toBeLessThan(pool.limit);
          expect([pool.word(record, 0), pool.time(record)]).toEqual([-value, value / 2]);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('segments without a record are given back, passed over, and taken anew', () => {
  const pool = new RecordPool();
  const records = Array.from({ length: 3 * SEGMENT }, () => pool.take());
  expect(pool.limit).toBe(3 * SEGMENT);
  const kept = records.filter((record) => record >= 2 * SEGMENT);
  for (const record of records) if (record < 2 * SEGMENT) pool.free(record);
  expect(pool.size).toBe(SEGMENT);
  const present = [0, SEGMENT, 2 * SEGMENT].filter((first) => pool.skipAbsent(first) === first);
  // One stays, so that a list that comes and goes does not make one each time.
  expect(present).toHaveLength(2);
  expect(pool.skipAbsent(pool.limit)).toBe(pool.limit);
  const again = new Set(Array.from({ length: 2 * SEGMENT }, () => pool.take()));
  expect(again.size).toBe(2 * SEGMENT);
  for (const record of kept) expect(again.has(record)).toBe(false);
  expect(pool.limit).toBe(3 * SEGMENT);
});
