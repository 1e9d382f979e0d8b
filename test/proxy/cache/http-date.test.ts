import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseHttpDate } from '../../../src/proxy/cache/http-date.ts';

const now = Date.UTC(2026, 0, 1);
const second = fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => seconds * 1_000);
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

test.prop([second])('reads every date in the preferred form', (at) => {
  expect(parseHttpDate(new Date(at).toUTCString(), now)).toBe(at);
});

test.prop([second])('reads every date as asctime writes it', (at) => {
  const [day, date, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  const text = `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
  expect(parseHttpDate(text, now)).toBe(at);
});

const within50Years = fc.integer({ min: now / 1_000 - 49 * 31_536_000, max: now / 1_000 + 49 * 31_536_000 });
test.prop([within50Years])('reads two digits of a year as the one that is nearest', (seconds) => {
  const at = new Date(seconds * 1_000);
  const [, date, month, year = '', time] = at.toUTCString().split(' ');
  const text = `${days[at.getUTCDay()]}, ${date}-${month}-${year.slice(2)} ${time} GMT`;
  expect(parseHttpDate(text, now)).toBe(seconds * 1_000);
});

describe('is no date', () => {
  test.each([
    '0',
    '',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 gmt',
    'sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, 1',
    '1994-11-06T08:49:37Z',
  ])('%s', (text) => {
    expect(parseHttpDate(text, now)).toBeUndefined();
  });
});
