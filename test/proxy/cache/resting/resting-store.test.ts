/** What rests outside the engine's heap is found as it was, and takes its turn in giving way. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { BanList } from '../../../../src/proxy/cache/ban-list.ts';
import { UncacheableMarker } from '../../../../src/proxy/cache/cache-entry.ts';
import { keepMarker, keepObject } from '../../../../src/proxy/cache/keep.ts';
import { useTime } from '../../../../src/proxy/cache/lru-list.ts';
import { ObjectBody } from '../../../../src/proxy/cache/object-body.ts';
import { ObjectStore } from '../../../../src/proxy/cache/object-store.ts';
import { describeObject, StoredObject } from '../../../../src/proxy/cache/stored-object.ts';
import { Fields } from '../../../../src/proxy/http/fields.ts';

const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});
const ms = fc.integer({ min: 0, max: 10_000_000 });

const content = fc.record({
  status: fc.constantFrom(200, 203, 404, 503),
  reason: fc.constantFrom('OK', 'Not there', '', 'Überall'),
  fields: fc.array(
    fc.tuple(fc.constantFrom('ETag', 'Content-Encoding', 'X-One'), fc.constantFrom('"a"', 'gzip', 'é')),
  ),
  origin: ms,
  ttl: ms,
  grace: ms,
  keep: ms,
  staleIfError: ms,
  mayOutlive: fc.boolean(),
  vary: fc.constantFrom([] as readonly string[], ['accept-language'], ['cookie', 'origin']),
  variant: latin1,
  body: fc.oneof(
    latin1,
    fc.integer({ min: 0, max: 8_192 }).map((length) => 'x'.repeat(length)),
  ),
  fetchedBy: fc.nat(),
  hits: fc.nat({ max: 1_000 }),
});
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'ü'].map(
  (name) => `/${name.repeat(30)}\0example.com\0`,
);
const name = fc.constantFrom(...names);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put' as const), name, content }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ban' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('walk' as const) }) },
);

/** The least that anything can rest in. */
const SMALL = 16 * 16 * 1024;

function objectOf(store: ObjectStore, key: string, given: Content, bans: BanList, now: number): StoredObject {
  const { status, reason, fields, body, fetchedBy, hits, vary, variant, ...times } = given;
  const head = { status, reason, fields: new Fields(fields.flat()) };
  const state = describeObject(head, { ...times, refusal: undefined }, vary, variant, now);
  const object = new StoredObject(
    store.open(key),
    store.storageFor(undefined),
    state,
    ObjectBody.ofText(body),
    bans.newest,
    useTime(now),
  );
  object.fetchedBy = fetchedBy;
  object.hits = hits;
  object.length = body.length;
  return object;
}

/** All that anybody can see of an object. */
function shown(object: StoredObject): unknown {
  const { status, reason, written, isGzip, hasValidator, staleIfErrorMs, mayOutlive, isAlwaysAsked } = object;
  const { vary, variant, origin, freshUntil, graceUntil, keepUntil, fetchedBy, hits, length, ban } = object;
  const { text, size, state } = object.body;
  return [
    [
      object.entry.key,
      status,
      reason,
      written,
      isGzip,
      hasValidator,
      staleIfErrorMs,
      mayOutlive,
      isAlwaysAsked,
    ],
    [vary, variant, origin, freshUntil, graceUntil, keepUntil, fetchedBy, hits, length, ban.number],
    [text, size, state],
  ];
}

test.prop([fc.array(step, { maxLength: 120 }), fc.constantFrom(1, 12, 40)])(
  'is found as it was put in, and those used least recently give way',
  (steps, share) => {
    const store = new ObjectStore(SMALL);
    const bans = new BanList(0);
    // So that there is less room than for all.
    const filler = SMALL - Math.floor(SMALL / share);
    if (share > 1) expect(store.reserve(store.next, filler)).toBe(true);
    const reserved = share > 1 ? filler : 0;
    /** What is there, the one used last at the end. */
    const model = new Map<string, unknown>();
    let now = 0;
    for (const one of steps) {
      now += 10_000;
      if (one.do === 'put') {
        for (const object of store.find(one.name)?.objects ?? []) store.remove(object);
        model.delete(one.name);
        const object = objectOf(store, one.name, one.content, bans, now);
        const known = new Set(model.keys());
        if (store.reserve(object.storage, object.bytes)) {
          keepObject(store, object);
          model.set(one.name, shown(object));
          store.rest(object);
        } else store.close(object.entry);
        // The oldest first, and no more than had to.
        const there = new Set(store.keys());
        const gone = [...known].filter((key) => !there.has(key));
        expect(gone).toEqual([...known].slice(0, gone.length));
        for (const key of gone) model.delete(key);
      } else if (one.do === 'use') {
        const known = [...model.keys()];
        const [object] = store.find(one.name)?.objects ?? [];
        // Awake, it takes more, and others may have given way.
        for (const key of known) if (key !== one.name && !store.keys().includes(key)) model.delete(key);
        expect(object !== undefined).toBe(model.has(one.name));
        if (object === undefined) continue;
        expect(shown(object)).toEqual(model.get(one.name));
        store.touch(object, now);
        object.hits++;
        model.delete(one.name);
        model.set(one.name, shown(object));
      } else if (one.do === 'remove') {
        for (const object of store.find(one.name)?.objects ?? []) store.remove(object);
        for (const key of model.keys()) if (!store.keys().includes(key)) model.delete(key);
        expect(store.keys().includes(one.name)).toBe(false);
      } else if (one.do === 'ban') {
        bans.add([], now, true);
      } else {
        for (const { key, objects } of store.entries()) {
          const [only] = objects;
          if (only !== undefined) expect(shown(only)).toEqual(model.get(key));
        }
        for (const key of model.keys()) if (!store.keys().includes(key)) model.delete(key);
      }
      expect([...store.keys()].sort()).toEqual([...model.keys()].sort());
      const { bytes, objects } = store.figures();
      expect(objects).toBe(model.size);
      expect(bytes).toBeLessThanOrEqual(SMALL);
    }
    let holders = 0;
    for (const ban of bans.list()) holders += ban.holders;
    expect(holders).toBe(model.size);
    for (const key of store.keys()) {
      const entry = store.find(key);
      for (const object of entry?.objects ?? []) store.remove(object);
    }
    expect(store.figures()).toMatchObject({ objects: 0, bytes: reserved });
    for (const ban of bans.list()) expect(ban.holders).toBe(0);
  },
);

const plain: Content = {
  status: 200,
  reason: 'OK',
  fields: [['ETag', '"a"']],
  origin: 0,
  ttl: 1_000,
  grace: 0,
  keep: 0,
  staleIfError: 0,
  mayOutlive: false,
  vary: [],
  variant: '',
  body: 'x'.repeat(1_000),
  fetchedBy: 7,
  hits: 0,
};

function put(store: ObjectStore, key: string, now: number, given: Content = plain): StoredObject {
  const object = objectOf(store, key, given, new BanList(0), now);
  expect(store.reserve(object.storage, object.bytes)).toBe(true);
  keepObject(store, object);
  store.rest(object);
  return object;
}

test('what rests is another object when it is found, and the same one for as long as it is used', () => {
  const store = new ObjectStore(SMALL);
  const object = put(store, 'key', 0);
  const [found] = store.find('key')?.objects ?? [];
  expect(found).not.toBe(object);
  expect(found?.isStored).toBe(true);
  expect(store.find('key')?.objects[0]).toBe(found);
});

test('of what is used only so much is awake as may be', () => {
  const store = new ObjectStore(SMALL, { awake: 5_000, all: 1e9 });
  for (let i = 0; i < 20; i++) put(store, `key ${i}`, 0);
  const found = Array.from({ length: 20 }, (_, i) => store.find(`key ${i}`)?.objects[0]);
  expect(found.filter((object) => object?.isStored).length).toBeLessThanOrEqual(3);
  expect(found.at(-1)?.isStored).toBe(true);
  for (let i = 0; i < 20; i++) expect(store.find(`key ${i}`)?.objects[0]?.body.text).toBe(plain.body);
});

test('what cannot rest gives way, the oldest first, when it takes too much of the heap', () => {
  const store = new ObjectStore(SMALL, { awake: 1e9, all: 20_000 });
  const keys = Array.from({ length: 40 }, (_, i) => `ключ ${i}`);
  keys.forEach((key, i) => {
    put(store, key, i * 10_000);
  });
  const { length } = store.keys();
  expect(length).toBeGreaterThan(5);
  expect(length).toBeLessThan(20_000 / plain.body.length);
  expect(store.keys()).toEqual(keys.slice(-length));
  const others = Array.from({ length: 40 }, (_, i) => `key ${i}`);
  for (const key of others) put(store, key, 1_000_000);
  expect(store.keys().filter((key) => others.includes(key))).toEqual(others);
});

test('what rests takes some of the heap, too, and gives way where that is too much', () => {
  const store = new ObjectStore(16 * SMALL, { awake: 1e9, all: 50_000 });
  const keys = Array.from({ length: 2_000 }, (_, i) => `key ${i}`);
  keys.forEach((key, i) => {
    put(store, key, i * 10_000, { ...plain, body: '' });
  });
  const { length } = store.keys();
  expect(length).toBeGreaterThan(300);
  expect(length).toBeLessThan(700);
  expect(store.keys()).toEqual(keys.slice(-length));
  expect(store.find(keys.at(-length) ?? '')?.objects.length).toBe(1);
});

test('notes that are over go as others come', () => {
  const store = new ObjectStore(1_000_000);
  const bans = new BanList(0);
  for (let i = 0; i < 1_000; i++) {
    const now = i * 1_000;
    const marker = new UncacheableMarker(
      store.open(`key ${i}`),
      store.next,
      now + 10_000,
      false,
      bans.newest,
    );
    keepMarker(store, marker, Number.POSITIVE_INFINITY, now);
    expect(store.find(`key ${i}`)?.marker).toBe(marker);
    expect(store.find(`key ${i - 9}`)?.marker !== undefined).toBe(i >= 9);
  }
  expect(store.figures().objects).toBe(10);
});

test('what is read, has other variants, is fetched anew, or has other letters than latin1 does not rest', () => {
  const store = new ObjectStore(SMALL);
  const own = (object: StoredObject) => store.find(object.entry.key)?.objects.includes(object);
  expect(own(put(store, 'key', 0))).toBe(false);
  expect(own(put(store, 'schlüssel', 0))).toBe(false);
  expect(own(put(store, 'ключ', 0))).toBe(true);
  const [first] = store.find('key')?.objects ?? [];
  put(store, 'key', 0, { ...plain, vary: ['cookie'], variant: 'a' });
  expect(store.find('key')?.objects.length).toBe(2);
  expect(store.find('key')?.objects[0]).toBe(first);
  const [other] = store.find('schlüssel')?.objects ?? [];
  if (other === undefined) throw new Error('gone');
  store.hold(other);
  store.rest(other);
  expect(own(other)).toBe(true);
  store.letGo(other);
  store.rest(other);
  expect(own(other)).toBe(false);
});

test('a store with a few that are used among many that go needs no more memory than it counts', () => {
  const store = new ObjectStore(4 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 30_000; i++) {
    put(store, `key ${i}`, i * 10_000);
    // Now and then one wakes, and leaves a gap.
    if (i % 3 === 0) store.find(`key ${i}`);
  }
  expect(store.figures().bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * 1024 * 1024);
});

test('what rests, what is awake and what is too large to rest give way in the order of their use', () => {
  const store = new ObjectStore(SMALL);
  const large = new Uint8Array(10_000);
  const putLarge = (key: string, now: number) => {
    const object = objectOf(store, key, plain, new BanList(0), now);
    const body = new ObjectBody(large.length);
    body.add(large);
    body.complete();
    const heavy = new StoredObject(object.entry, object.storage, object, body, object.ban, useTime(now));
    expect(store.reserve(heavy.storage, heavy.bytes)).toBe(true);
    keepObject(store, heavy);
    store.rest(heavy);
  };
  const kinds = [
    (key: string, now: number) => putLarge(key, now),
    (key: string, now: number) => void put(store, key, now),
    (key: string, now: number) => {
      put(store, key, now);
      store.find(key);
    },
  ];
  const order: string[] = [];
  for (let i = 0; i < 12; i++) {
    order.push(`key ${i}`);
    kinds[i % 3]?.(`key ${i}`, i * 10_000);
  }
  while (order.length > 0) {
    expect(store.reserve(store.next, 1_000)).toBe(true);
    const there = new Set(store.keys());
    while (order[0] !== undefined && !there.has(order[0])) order.shift();
    expect([...there].sort()).toEqual([...order].sort());
  }
});
