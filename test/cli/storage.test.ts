import { expect, test } from 'vitest';
import { parseStorages, type Storages } from '../../src/cli/storage.ts';

const MB = 2 ** 20;

function bytesOf(storages: Storages | string): [string, number][] {
  if (typeof storages === 'string') throw new Error(storages);
  return [...(storages.bytes ?? [])];
}

test.each([
  ['malloc', 's0', 100 * MB],
  ['default', 's0', 100 * MB],
  ['malloc,256m', 's0', 256 * MB],
  ['s0=malloc,1.5G', 's0', 1.5 * 2 ** 30],
  ['default,100MB', 's0', 100 * MB],
  ['big-one=malloc,4096', 'big-one', 4_096],
  ['malloc,0', 's0', 0],
])('-s %s', (text, name, bytes) => {
  expect(bytesOf(parseStorages([text]))).toEqual([[name, bytes]]);
});

test.each([
  ['malloc,big', '-s malloc,big: "big" is no size; write bytes, or a unit: 256m, 1.5g.'],
  ['file,/tmp/x,big', '-s file,/tmp/x,big: "big" is no size; write bytes, or a unit: 256m, 1.5g.'],
  ['mse,/tmp/x', '-s mse,/tmp/x: Troupe stores in memory only; write -s malloc,SIZE.'],
  ['1=malloc', '-s 1=malloc: "1" is no name of a storage; it has letters, digits, - and _.'],
])('-s %s is refused', (text, sentence) => {
  expect(parseStorages([text])).toBe(sentence);
});

test('several are kept apart, by the names that varnishd gives them', () => {
  const texts = ['malloc,1m', 'big=malloc,3m', 'malloc,2m', 'Transient=malloc,4m'];
  expect(bytesOf(parseStorages(texts))).toEqual([
    ['s0', MB],
    ['big', 3 * MB],
    ['s1', 2 * MB],
    ['Transient', 4 * MB],
  ]);
  expect(parseStorages([])).toEqual({ bytes: undefined, notes: [] });
  expect(parseStorages(['a=malloc', 'a=malloc'])).toBe('-s a=malloc: there are two storages of the name a.');
});

test('beside a transient one there is one for everything else', () => {
  expect(bytesOf(parseStorages(['Transient=malloc,1m']))).toEqual([
    ['Transient', MB],
    ['s0', 100 * MB],
  ]);
});

test('a file is memory of its size, of half of the machine at most, and that is said', () => {
  expect(parseStorages(['file,/var/lib/x.bin,10m'], 1_000 * MB)).toEqual({
    bytes: new Map([['s0', 10 * MB]]),
    notes: ['-s file,/var/lib/x.bin,10m: the cache is in memory, of which this takes 10 MB.'],
  });
  expect(parseStorages(['a=file,/x,50g'], 1_000 * MB)).toEqual({
    bytes: new Map([['a', 500 * MB]]),
    notes: [
      '-s a=file,/x,50g: the cache is in memory, of which this takes 500 MB, which is half of what the machine has.',
    ],
  });
});
