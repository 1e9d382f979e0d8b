import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseDuration } from '../src/duration.ts';

const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 };
const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
const blank = fc.constantFrom('', ' ', '  ', '\t');

describe('parseDuration', () => {
  test.each([
    ['500ms', 500],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1y', 31_536_000_000],
    ['0s', 0],
    [' 5 s ', 5_000],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    's',
    '5',
    '5 sec',
    '5S',
    '5Ms',
    '-5s',
    '+5s',
    '1e3s',
    '1.s',
    '.5s',
    '1,5s',
    '5s5s',
    'Infinitys',
    'NaNs',
    '0x10s',
    '५s',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -1,
    -Number.MIN_VALUE,
    undefined,
    null,
    true,
    5n,
    {},
    [],
    ['5s'],
    () => 5,
    new Date(5),
  ])('refuses %o', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  test.prop([fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })])(
    'takes any such number as milliseconds',
    (ms) => {
      expect(parseDuration(ms)).toBe(ms);
    },
  );

  test.prop([fc.nat(), fc.option(fc.nat({ max: 999 })), unit, blank, blank, blank])(
    'multiplies by the unit, wherever the blanks are',
    (whole, fraction, name, before, between, after) => {
      const number = fraction === null ? `${whole}` : `${whole}.${fraction}`;
      expect(parseDuration(before + number + between + name + after)).toBe(Number(number) * units[name]);
    },
  );

  test.prop([
    fc.oneof(
      fc.anything(),
      fc.string(),
      fc.tuple(fc.string(), unit).map((parts) => parts.join('')),
    ),
  ])('gives a finite number from 0, or undefined, and never throws', (value) => {
    const ms = parseDuration(value);
    if (ms !== undefined) expect(ms >= 0 && Number.isFinite(ms)).toBe(true);
  });
});
