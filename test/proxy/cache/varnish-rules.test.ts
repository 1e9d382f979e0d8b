import { describe, expect, test } from 'vitest';
import { builtinBackendResponse, termsByVarnish } from '../../../src/proxy/cache/varnish-rules.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

const now = Date.UTC(2026, 0, 1);
const defaults = { ttl: 120_000, grace: 10_000, keep: 0 };
const at = (seconds: number) => new Date(now + seconds * 1_000).toUTCString();

function terms(fields: readonly string[], status = 200) {
  const answered = { method: 'GET', isAuthorized: false, status, sentAt: now, receivedAt: now };
  return termsByVarnish({ ...answered, fields: new Fields([...fields]) }, defaults);
}
function builtin(fields: readonly string[], status = 200) {
  return builtinBackendResponse(terms(fields, status), new Fields([...fields]));
}

test.each([
  [[], 200, 120_000],
  [[], 302, -1_000],
  [[], 500, -1_000],
  [['Cache-Control', 'max-age=5'], 200, 5_000],
  [['Cache-Control', 'max-age=5'], 302, 5_000],
  [['Cache-Control', 'max-age=5'], 500, -1_000],
  [['Cache-Control', 'max-age=5, s-maxage=7'], 200, 7_000],
  [['Cache-Control', 'max-age=5.9'], 200, 5_000],
  [['Cache-Control', 'max-age=-5'], 200, 0],
  [['Expires', at(30)], 200, 30_000],
  [['Expires', at(-30)], 200, 0],
  [['Expires', at(30), 'Date', at(40)], 200, 0],
  [['Expires', at(30), 'Date', at(-60)], 200, 90_000],
  [['Expires', '0'], 200, 120_000],
])('%j with status %i: %i ms', (fields, status, ttl) => {
  expect(terms(fields, status)).toMatchObject({ ttl, grace: 10_000 });
});

test('its age counts', () => {
  expect(terms(['Age', '7', 'Cache-Control', 'max-age=5'])).toMatchObject({
    ttl: 5_000,
    origin: now - 7_000,
  });
});

test('stale-while-revalidate is its grace', () => {
  expect(terms(['Cache-Control', 'stale-while-revalidate=3']).grace).toBe(3_000);
});

describe('the built-in vcl_backend_response', () => {
  test.each([
    [['Set-Cookie', 'a=b'], 'set-cookie'],
    [['Cache-Control', 'max-age=5, Private'], 'private'],
    [['Cache-Control', 'no-cache'], 'no-cache'],
    [['Cache-Control', 'no-store'], 'no-store'],
    [['Surrogate-Control', 'no-store'], 'no-store'],
    [['Vary', '*'], 'vary-all'],
    [['Cache-Control', 'max-age=0'], 'expired'],
  ])('%j is remembered as uncacheable for two minutes', (fields, refusal) => {
    expect(builtin(fields)).toMatchObject({ refusal, ttl: 120_000 });
  });

  test('Surrogate-Control overrules Cache-Control', () => {
    expect(builtin(['Surrogate-Control', 'max-age=9', 'Cache-Control', 'no-store']).refusal).toBeUndefined();
  });
});
