import { expect, test } from 'vitest';
import { parseStorage, parseStorages } from '../../src/cli/storage.ts';

test.each([
  ['malloc', undefined],
  ['default', undefined],
  ['malloc,256m', 256 * 2 ** 20],
  ['s0=malloc,1.5G', 1.5 * 2 ** 30],
  ['default,100MB', 100 * 2 ** 20],
  ['malloc,4096', 4096],
  ['malloc,0', 0],
  ['file,/tmp/x,1g', '-s file,/tmp/x,1g: Troupe stores in memory only; write -s malloc,SIZE.'],
  ['malloc,big', '-s malloc,big: "big" is no size; write bytes, or a unit: 256m, 1.5g.'],
])('-s %s', (text, expected) => {
  expect(parseStorage(text)).toBe(expected);
});

test('several have room for all of them together', () => {
  expect(parseStorages(['malloc,1m', 's1=malloc,2m', 'Transient=malloc,1g'])).toBe(3 * 1024 * 1024);
  expect(parseStorages([])).toBeUndefined();
  expect(parseStorages(['malloc', 'file,/tmp/x,1m'])).toMatch(
    /^-s file,\/tmp\/x,1m: Troupe stores in memory only/,
  );
});
