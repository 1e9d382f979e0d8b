/**
 * The objects of one storage that rest: written down as records, the one that came to rest last behind all others.
 */
import type { Ban } from '../ban-list.ts';
import type { Storage } from '../storage.ts';
import type { StoredObject } from '../stored-object.ts';
import {
  banNumber,
  countedBytes,
  keyOf,
  lengthOf,
  readRecord,
  recordBytes,
  tableBytes,
  touchedAt,
  writeRecord,
} from './object-record.ts';
import { RecordLog, UNIT_BYTES } from './record-log.ts';

const MOST_SEGMENT_BYTES = 1024 * 1024;
/** Of a storage smaller than sixteen times that, segments would be most of it. */
const LEAST_SEGMENT_BYTES = 16 * 1024;

export class RestingObjects {
  readonly #log: RecordLog;

  private constructor(log: RecordLog) {
    this.#log = log;
  }

  /** @param capacity bytes of the storage @returns undefined: it is too small for any to rest in */
  static within(capacity: number): RestingObjects | undefined {
    const bytes = Math.min(MOST_SEGMENT_BYTES, Math.floor(capacity / 16 / UNIT_BYTES) * UNIT_BYTES);
    return bytes < LEAST_SEGMENT_BYTES ? undefined : new RestingObjects(new RecordLog(bytes));
  }

  /**
   * Writes an object down.
   *
   * @returns its address; -1: it cannot be written, or is too long
   */
  put(object: StoredObject): number {
    const length = recordBytes(object);
    if (length === 0 || length > this.#log.longest / 4) return -1;
    const address = this.#log.append(length);
    const segment = this.#log.segmentOf(address);
    const counted = Math.ceil(length / UNIT_BYTES) * UNIT_BYTES + tableBytes(object.entry.key);
    writeRecord(segment, this.#log.offsetOf(address), object, counted);
    return address;
  }

  /** The object of a record, in an entry of its own; the record stays. */
  read(address: number, storage: Storage, ban: Ban): StoredObject {
    return readRecord(this.#log.segmentOf(address), this.#log.offsetOf(address), storage, ban);
  }

  drop(address: number): void {
    this.#log.free(address);
  }

  /** The one that came to rest first; -1: none rests. */
  oldest(): number {
    return this.#log.oldest();
  }

  touchedAt(address: number): number {
    return touchedAt(this.#log.segmentOf(address), this.#log.offsetOf(address));
  }

  bytes(address: number): number {
    return countedBytes(this.#log.segmentOf(address), this.#log.offsetOf(address));
  }

  banNumber(address: number): number {
    return banNumber(this.#log.segmentOf(address), this.#log.offsetOf(address));
  }

  key(address: number): string {
    return keyOf(this.#log.segmentOf(address), this.#log.offsetOf(address));
  }

  /**
   * Closes gaps, where they have become large: some records get a place behind all others.
   *
   * @param moved is told the key and the new address of each
   */
  closeGaps(moved: (key: string, address: number) => void): void {
    const log = this.#log;
    const sparse = log.sparsest();
    if (sparse === undefined) return;
    for (const from of log.addressesIn(sparse)) {
      const begin = log.offsetOf(from);
      const length = lengthOf(sparse, begin);
      const to = log.append(length);
      sparse.bytes.copy(log.segmentOf(to).bytes, log.offsetOf(to), begin, begin + length);
      moved(keyOf(sparse, begin), to);
      log.free(from);
    }
  }
}
