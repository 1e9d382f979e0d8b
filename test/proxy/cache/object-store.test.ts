/** The store against a list in order of use. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { BanList } from '../../../src/proxy/cache/ban-list.ts';
import type { CacheEntry } from '../../../src/proxy/cache/cache-entry.ts';
import { UncacheableMarker } from '../../../src/proxy/cache/cache-entry.ts';
import { ObjectStore } from '../../../src/proxy/cache/object-store.ts';

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
function nodeFor(entry: CacheEntry, now: number) {
  const node = new UncacheableMarker(entry, Number.POSITIVE_INFINITY, false, newest);
  node.touchedAt = now;
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
          const node = nodeFor(store.open(name), now);
          const isHeld = (other: string) =>
            held.some(({ entry, isStored }) => entry.key === other && isStored);
          const owed = new Set(held.filter(({ isStored }) => !isStored)).size;
          let room = Math.floor(capacity / node.bytes) - owed - model.length;
          // Whoever is read is passed over, and counts as used.
          for (let i = 0; i < 60 && room < 1 && node.bytes <= capacity; i++) {
            const oldest = model.shift();
            if (oldest === undefined) break;
            if (isHeld(oldest)) model.push(oldest);
            else room++;
          }
          expect(store.reserve(node.bytes)).toBe(room >= 1);
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
    const node = nodeFor(store.open(name), 5_000);
    store.reserve(node.bytes);
    node.entry.marker = node;
    store.insert(node);
  }
  const old = store.find('old')?.marker;
  if (old !== undefined) store.touch(old, 5_900);
  store.reserve(400);
  expect([...store.entries()].map(({ key: name }) => name)).toEqual(['new']);
  expect(store.figures().evicted).toBe(1);
});
