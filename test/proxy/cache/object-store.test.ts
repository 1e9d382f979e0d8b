/** The store against a list in order of use. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { BanList } from '../../../src/proxy/cache/ban-list.ts';
import type { CacheEntry } from '../../../src/proxy/cache/cache-entry.ts';
import { UncacheableMarker } from '../../../src/proxy/cache/cache-entry.ts';
import { useTime } from '../../../src/proxy/cache/lru-list.ts';
import { ObjectStore } from '../../../src/proxy/cache/object-store.ts';
import type { Storage } from '../../../src/proxy/cache/storage.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f').map((name) => name.repeat(50));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('letGo' as const), which: fc.nat() }) },
);

const { newest } = new BanList(0);

/** Something with a size that is a key's own. */
function nodeFor(entry: CacheEntry, now: number, storage: Storage) {
  const node = new UncacheableMarker(entry, storage, Number.POSITIVE_INFINITY, false, newest);
  node.touchedAt = useTime(now);
  return node;
}

test.prop([fc.array(step, { maxLength: 60 }), fc.integer({ min: 400, max: 2_500 })])(
  'holds its bound, counts what is there or still read, and lets go what was used least recently',
  (steps, capacity) => {
    const store = new ObjectStore(capacity);
    /** The one used last at the end. */
    let model: string[] = [];
    /** One for each who reads. */
    const held: UncacheableMarker[] = [];
    let now = 0;
    for (const one of steps) {
      now += 10_000;
      if (one.do === 'letGo') {
        const [node] = held.splice(one.which % Math.max(1, held.length), 1);
        if (node !== undefined) store.letGo(node);
      } else {
        const { do: what, key: name } = one;
        const there = store.find(name)?.marker;
        expect(there !== undefined).toBe(model.includes(name));
        if (what === 'put' && there === undefined) {
          const node = nodeFor(store.open(name), now, store.next);
          const isHeld = (other: string) =>
            held.some(({ entry, isStored }) => entry.key === other && isStored);
          const owed = new Set(held.filter(({ isStored }) => !isStored)).size;
          let room = Math.floor(capacity / node.bytes) - owed - model.length;
          // Whoever is read is passed over, and counts as used.
          let passedOver = 0;
          while (room < 1 && node.bytes <= capacity) {
            const [oldest] = model;
            if (oldest === undefined || (isHeld(oldest) && ++passedOver > 50)) break;
            model.shift();
            if (isHeld(oldest)) model.push(oldest);
            else room++;
          }
          expect(store.reserve(node.storage, node.bytes)).toBe(room >= 1);
          if (room >= 1) {
            node.entry.marker = node;
            store.insert(node);
            model.push(name);
          } else {
            store.close(node.entry);
          }
        } else if (what === 'use' && there !== undefined) {
          store.touch(there, now);
          model = [...model.filter((other) => other !== name), name];
        } else if (what === 'remove' && there !== undefined) {
          store.remove(there);
          model = model.filter((other) => other !== name);
        } else if (what === 'hold' && there !== undefined) {
          store.hold(there);
          held.push(there);
        }
      }
      const entries = [...store.entries()];
      const nodes = new Set([...held, ...entries.map(({ marker }) => marker)]);
      let sum = 0;
      for (const node of nodes) sum += node?.bytes ?? 0;
      expect(entries.map((entry) => entry.key).sort()).toEqual([...model].sort());
      expect(store.figures()).toMatchObject({ objects: model.length, bytes: sum });
      expect(sum).toBeLessThanOrEqual(capacity);
    }
  },
);

test('what is used again within a second keeps its place in the order', () => {
  const store = new ObjectStore(1_000);
  for (const name of ['old', 'new']) {
    const node = nodeFor(store.open(name), 5_000, store.next);
    store.reserve(node.storage, node.bytes);
    node.entry.marker = node;
    store.insert(node);
  }
  const old = store.find('old')?.marker;
  if (old !== undefined) store.touch(old, 5_900);
  store.reserve(store.next, 400);
  expect([...store.entries()].map(({ key: name }) => name)).toEqual(['new']);
  expect(store.figures().evicted).toBe(1);
});

function put(store: ObjectStore, name: string, wanted?: string): Storage {
  const node = nodeFor(store.open(name), 0, store.storageFor(wanted));
  expect(store.reserve(node.storage, node.bytes)).toBe(true);
  node.entry.marker = node;
  store.insert(node);
  return node.storage;
}

test('objects go to the storage that is named, and to the others in turn', () => {
  const store = new ObjectStore(
    new Map([
      ['small', 1_000],
      ['large', 5_000],
      ['Transient', 2_000],
    ]),
  );
  expect(put(store, 'a').name).toBe('small');
  expect(put(store, 'b').name).toBe('large');
  expect(put(store, 'c', 'Transient').name).toBe('Transient');
  expect(put(store, 'd').name).toBe('small');
  expect(put(store, 'e', 'nobody').name).toBe('large');
  expect(store.figures()).toMatchObject({ objects: 5, capacity: 8_000 });
  const used = [...store.storages.values()].map(({ bytes }) => bytes);
  expect(used.reduce((sum, bytes) => sum + bytes, 0)).toBe(store.figures().bytes);
});

test('who needs place in one storage takes none from another', () => {
  const store = new ObjectStore(
    new Map([
      ['a', 1_000],
      ['b', 1_000],
    ]),
  );
  for (const name of ['a1', 'a2', 'a3', 'a4']) put(store, name, 'a');
  put(store, 'b1', 'b');
  expect([...store.entries()].map(({ key: name }) => name)).toEqual(['a3', 'a4', 'b1']);
});

test('a transient storage that nobody asked for may take as much as the others together', () => {
  const store = new ObjectStore(1_000);
  expect([...store.storages.values()].map(({ name, capacity }) => [name, capacity])).toEqual([
    ['s0', 1_000],
    ['Transient', 1_000],
  ]);
  expect(store.figures().capacity).toBe(1_000);
});

test('no more may give way at a time than are allowed to', () => {
  const store = new ObjectStore(1_000);
  for (const name of ['a', 'b']) put(store, name);
  expect(store.reserve(store.next, 800, 1)).toBe(false);
  expect([...store.entries()].map(({ key: name }) => name)).toEqual(['b']);
  expect(store.reserve(store.next, 800, 0)).toBe(false);
  expect(store.reserve(store.next, 800, 1)).toBe(true);
});
