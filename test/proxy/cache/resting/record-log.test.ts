/** The log against a list of what was appended and not let go. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { RecordLog, UNIT_BYTES } from '../../../../src/proxy/cache/resting/record-log.ts';

const SEGMENT_BYTES = 16 * UNIT_BYTES;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 4, max: SEGMENT_BYTES }) }) },
  { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 4, max: 3 * UNIT_BYTES }) }) },
  { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
  { weight: 3, arbitrary: fc.constant({ free: 0 }) },
);

interface Appended {
  readonly address: number;
  readonly length: number;
  readonly mark: number;
}

test.prop([fc.array(step, { maxLength: 200 })])(
  'keeps what is there in order and apart, and says where its largest gaps are',
  (steps) => {
    const log = new RecordLog(SEGMENT_BYTES);
    const model: Appended[] = [];
    let mark = 0;
    /** All of a record behind its first number, which is the log's. */
    const bytesOf = ({ address, length }: Appended) => {
      const begin = log.offsetOf(address);
      return log.segmentOf(address).bytes.subarray(begin + 4, begin + length);
    };
    for (const one of steps) {
      if ('append' in one) {
        const appended = { address: log.append(one.append), length: one.append, mark: ++mark % 256 };
        bytesOf(appended).fill(appended.mark);
        model.push(appended);
      } else {
        const [freed] = model.splice(one.free % Math.max(1, model.length), 1);
        if (freed !== undefined) log.free(freed.address);
      }
      expect(log.oldest()).toBe(model[0]?.address ?? -1);
      for (const appended of model) {
        expect(bytesOf(appended).every((byte) => byte === appended.mark)).toBe(true);
      }
      const sparse = log.sparsest();
      if (sparse === undefined) continue;
      const inIt = model.filter(({ address }) => log.segmentOf(address) === sparse);
      expect(log.addressesIn(sparse)).toEqual(inIt.map(({ address }) => address));
      expect(inIt.length).toBeLessThan(16);
    }
  },
);

test('memory of which a part was let go is used again, whatever the order', () => {
  const log = new RecordLog(SEGMENT_BYTES);
  const left: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    left.push(log.append(100));
    // One in eight stays for long.
    if (i % 8 !== 0) log.free(left.splice(left.length > 8 ? -8 : 0, 1)[0] ?? 0);
    for (let sparse = log.sparsest(); sparse !== undefined; sparse = log.sparsest()) {
      for (const address of log.addressesIn(sparse)) {
        left.splice(left.indexOf(address), 1);
        log.free(address);
        left.push(log.append(100));
      }
    }
  }
  const segments = new Set(left.map((address) => log.segmentOf(address))).size;
  expect(segments * SEGMENT_BYTES).toBeLessThan(1.4 * left.length * 2 * UNIT_BYTES + 8 * SEGMENT_BYTES);
});
