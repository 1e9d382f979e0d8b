/**
 * A stored object as bytes: what it is made of, its body and its key, so that the engine's heap has nothing of it.
 *
 *   units | lengths of texts | bytes counted | ban | flags | hits | times | key | variant | vary | head | body
 *
 * All texts are of latin1 characters, one a byte; what has others does not come to rest.
 */
import type { Ban } from '../ban-list.ts';
import { CacheEntry } from '../cache-entry.ts';
import { ObjectBody } from '../object-body.ts';
import type { Storage } from '../storage.ts';
import { StoredObject } from '../stored-object.ts';
import { UNITS_AT } from './record-log.ts';

/** Memory that a record lies in, thrice, and the byte at which it begins. */
export interface RecordPlace {
  readonly bytes: Buffer;
  readonly floats: Float64Array;
  readonly ints: Int32Array;
}

// Places of numbers of 32 bits, from the beginning of a record on.
const KEY = UNITS_AT + 1;
const VARIANT = UNITS_AT + 2;
const VARY = UNITS_AT + 3;
const HEAD = UNITS_AT + 4;
const BODY = UNITS_AT + 5;
const COUNTED = UNITS_AT + 6;
const BAN = UNITS_AT + 7;
const FLAGS = UNITS_AT + 8;
const HITS = UNITS_AT + 9;
const TOUCHED_AT = UNITS_AT + 10;
// And of 64.
const ORIGIN = 6;
const FRESH_UNTIL = 7;
const GRACE_UNTIL = 8;
const KEEP_UNTIL = 9;
const STALE_IF_ERROR = 10;
const FETCHED_BY = 11;
/** Bytes in front of the texts. */
const HEADER_BYTES = 96;

const IS_GZIP = 1;
const HAS_VALIDATOR = 2;
const MAY_OUTLIVE = 4;
const IS_ALWAYS_ASKED = 8;

/** Bytes that the table of entries takes for one that rests, beside its key: measured, `npm run bench -- memory`. */
const TABLE_BYTES = 76;

const beyondLatin1 = /[^\0-\xff]/;

/** @returns bytes that a record of it takes; 0: it cannot be written down */
export function recordBytes({ entry, variant, vary, written, body: { text } }: StoredObject): number {
  if (text === undefined || beyondLatin1.test(entry.key) || beyondLatin1.test(written)) return 0;
  if (variant !== '' && beyondLatin1.test(variant)) return 0;
  const varies = vary.length === 0 ? 0 : vary.join(',').length;
  return HEADER_BYTES + entry.key.length + variant.length + varies + written.length + text.length;
}

/** Bytes of the engine's heap that remain of an object while it rests. */
export function tableBytes(key: string): number {
  return TABLE_BYTES + key.length;
}

/** @param offset in bytes @param counted what the store counts it as */
export function writeRecord(
  { bytes, floats, ints }: RecordPlace,
  offset: number,
  object: StoredObject,
  counted: number,
): void {
  const { entry, variant, written, body, isGzip, hasValidator, mayOutlive, isAlwaysAsked } = object;
  const { key } = entry;
  const text = body.text ?? '';
  const vary = object.vary.length === 0 ? '' : object.vary.join(',');
  const int = offset / 4;
  ints[int + KEY] = key.length;
  ints[int + VARIANT] = variant.length;
  ints[int + VARY] = vary.length;
  ints[int + HEAD] = written.length;
  ints[int + BODY] = text.length;
  ints[int + COUNTED] = counted;
  ints[int + BAN] = object.ban.number;
  ints[int + FLAGS] =
    (isGzip ? IS_GZIP : 0) |
    (hasValidator ? HAS_VALIDATOR : 0) |
    (mayOutlive ? MAY_OUTLIVE : 0) |
    (isAlwaysAsked ? IS_ALWAYS_ASKED : 0);
  ints[int + HITS] = object.hits;
  ints[int + TOUCHED_AT] = object.touchedAt;
  const float = offset / 8;
  floats[float + ORIGIN] = object.origin;
  floats[float + FRESH_UNTIL] = object.freshUntil;
  floats[float + GRACE_UNTIL] = object.graceUntil;
  floats[float + KEEP_UNTIL] = object.keepUntil;
  floats[float + STALE_IF_ERROR] = object.staleIfErrorMs;
  floats[float + FETCHED_BY] = object.fetchedBy;
  let at = offset + HEADER_BYTES;
  at += bytes.write(key, at, 'latin1');
  if (variant !== '') at += bytes.write(variant, at, 'latin1');
  if (vary !== '') at += bytes.write(vary, at, 'latin1');
  at += bytes.write(written, at, 'latin1');
  bytes.write(text, at, 'latin1');
}

/** @param ban the one whose number the record has @returns what was written, in an entry of its own */
export function readRecord(place: RecordPlace, offset: number, storage: Storage, ban: Ban): StoredObject {
  const { bytes, floats, ints } = place;
  const int = offset / 4;
  const float = offset / 8;
  const flags = ints[int + FLAGS] as number;
  let at = offset + HEADER_BYTES;
  const text = (length: number): string => {
    const from = at;
    at += length;
    return length === 0 ? '' : bytes.toString('latin1', from, at);
  };
  const key = text(ints[int + KEY] as number);
  const variant = text(ints[int + VARIANT] as number);
  const vary = text(ints[int + VARY] as number);
  const written = text(ints[int + HEAD] as number);
  const body = ObjectBody.ofText(text(ints[int + BODY] as number));
  const entry = new CacheEntry(key);
  if (vary !== '') entry.vary = vary.split(',');
  // HTTP/1.1 200 OK
  const status = Number(written.slice(9, 12));
  const state = {
    vary: entry.vary,
    variant,
    status,
    reason: written.slice(13, written.indexOf('\r\n')),
    written,
    isGzip: (flags & IS_GZIP) !== 0,
    hasValidator: (flags & HAS_VALIDATOR) !== 0,
    origin: floats[float + ORIGIN] as number,
    freshUntil: floats[float + FRESH_UNTIL] as number,
    graceUntil: floats[float + GRACE_UNTIL] as number,
    keepUntil: floats[float + KEEP_UNTIL] as number,
    staleIfErrorMs: floats[float + STALE_IF_ERROR] as number,
    mayOutlive: (flags & MAY_OUTLIVE) !== 0,
    isAlwaysAsked: (flags & IS_ALWAYS_ASKED) !== 0,
  };
  const object = new StoredObject(entry, storage, state, body, ban, touchedAt(place, offset));
  object.length = body.size;
  object.hits = ints[int + HITS] as number;
  object.fetchedBy = floats[float + FETCHED_BY] as number;
  return object;
}

/** What the store counts a record as. */
export function countedBytes({ ints }: RecordPlace, offset: number): number {
  return ints[offset / 4 + COUNTED] as number;
}

/** Number of the newest ban that it was tested against. */
export function banNumber({ ints }: RecordPlace, offset: number): number {
  return ints[offset / 4 + BAN] as number;
}

export function keyOf({ bytes, ints }: RecordPlace, offset: number): string {
  const at = offset + HEADER_BYTES;
  return bytes.toString('latin1', at, at + (ints[offset / 4 + KEY] as number));
}

/** As `useTime` says. */
export function touchedAt({ ints }: RecordPlace, offset: number): number {
  return ints[offset / 4 + TOUCHED_AT] as number;
}

/** Bytes of the record itself. */
export function lengthOf({ ints }: RecordPlace, offset: number): number {
  let length = HEADER_BYTES;
  for (let i = KEY; i <= BODY; i++) length += ints[offset / 4 + i] as number;
  return length;
}
