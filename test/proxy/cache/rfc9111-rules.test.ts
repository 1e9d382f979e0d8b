import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Answered, termsByRfc9111 } from '../../../src/proxy/cache/rfc9111-rules.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

const now = Date.UTC(2026, 0, 1);
const nothing = { ttl: 0, grace: 0, keep: 1_000 };

function answered(fields: readonly string[], changes: Partial<Answered> = {}): Answered {
  const of = { method: 'GET', isAuthorized: false, status: 200, sentAt: now, receivedAt: now };
  return { ...of, fields: new Fields([...fields]), ...changes };
}
const terms = (fields: readonly string[], changes?: Partial<Answered>, defaults = nothing) =>
  termsByRfc9111(answered(fields, changes), defaults);
const control = (value: string, ...more: string[]) => ['Cache-Control', value, ...more];
const at = (seconds: number) => new Date(now + seconds * 1_000).toUTCString();

describe('how long it is fresh', () => {
  test('s-maxage before max-age before Expires', () => {
    const fields = ['Expires', at(10), ...control('max-age=20')];
    expect(terms(fields).ttl).toBe(20_000);
    expect(terms([...fields, ...control('s-maxage=30')]).ttl).toBe(30_000);
  });

  test('Expires counts from Date', () => {
    expect(terms(['Date', at(-5), 'Expires', at(10)])).toMatchObject({ ttl: 15_000, origin: now - 5_000 });
  });

  test.each([['0'], ['never'], [at(-1)]])('Expires: %s is past', (value) => {
    expect(terms(['Expires', value])).toMatchObject({ ttl: 0, refusal: 'expired' });
  });

  test('two fields Expires that disagree are past', () => {
    expect(terms(['Expires', at(10), 'Expires', at(20)]).ttl).toBe(0);
  });

  test('its age counts against it: Age, the time on the way, and Date', () => {
    expect(terms(control('max-age=60', 'Age', '10')).origin).toBe(now - 10_000);
    expect(terms(control('max-age=60', 'Age', '10'), { sentAt: now - 2_000 }).origin).toBe(now - 12_000);
    expect(terms(control('max-age=60', 'Age', '10', 'Date', at(-30))).origin).toBe(now - 30_000);
    expect(terms(control('max-age=60', 'Age', 'ten')).origin).toBe(now);
    expect(terms(control('max-age=60', 'Age', '10')).refusal).toBeUndefined();
    expect(terms(control('max-age=60', 'Age', '60')).refusal).toBe('expired');
  });

  test('a default, where statuses allow one and nothing is said', () => {
    const defaults = { ...nothing, ttl: 5_000 };
    expect(terms([], {}, defaults)).toMatchObject({ ttl: 5_000, refusal: undefined });
    expect(terms([], { status: 302 }, defaults)).toMatchObject({ refusal: 'status' });
    expect(terms([])).toMatchObject({ ttl: 0, refusal: 'no-freshness' });
  });
});

describe('is not kept', () => {
  test.each([
    ['no-store', control('max-age=9, no-store'), {}],
    ['private', control('max-age=9, private'), {}],
    ['private', control('max-age=9, private="set-cookie"'), {}],
    ['no-cache', control('max-age=9, no-cache'), {}],
    ['authorization', control('max-age=9'), { isAuthorized: true }],
    ['set-cookie', control('max-age=9', 'Set-Cookie', 'a=b'), {}],
    ['vary-all', control('max-age=9', 'Vary', 'Accept, *'), {}],
    ['partial', control('max-age=9'), { status: 206 }],
    ['status', control('max-age=9'), { status: 304 }],
    ['method', control('max-age=9'), { method: 'POST' }],
    ['no-store', control('max-age=9, must-understand'), { status: 499 }],
  ])('%s: %j %j', (refusal, fields, changes) => {
    expect(terms(fields, changes).refusal).toBe(refusal);
  });
});

describe('is kept', () => {
  test.each([
    ['to be asked about', control('no-cache', 'ETag', '"a"'), {}],
    ['to be asked about', control('max-age=0', 'Last-Modified', at(-9)), {}],
    ['to be asked about', ['ETag', '"a"'], {}],
    ['although a client has shown who it is', control('public, max-age=9'), { isAuthorized: true }],
    ['although a client has shown who it is', control('must-revalidate, max-age=9'), { isAuthorized: true }],
    ['with a cookie for all', control('s-maxage=9', 'Set-Cookie', 'a=b'), {}],
    ['whatever its status, if it says for how long', control('max-age=9'), { status: 599 }],
    ['by whoever understands it', control('max-age=9, must-understand, no-store'), { status: 200 }],
    ['to be served stale', control('max-age=0, stale-while-revalidate=9'), {}],
  ])('%s: %j', (_, fields, changes) => {
    expect(terms(fields, changes).refusal).toBeUndefined();
  });
});

describe('stale', () => {
  test('only where the origin allows it, or the config', () => {
    expect(terms(control('max-age=9'))).toMatchObject({ grace: 0, staleIfError: 0, mayOutlive: true });
    expect(terms(control('max-age=9'), {}, { ...nothing, grace: 4_000 }).grace).toBe(4_000);
    expect(terms(control('max-age=9, stale-while-revalidate=5, stale-if-error=6'))).toMatchObject({
      grace: 5_000,
      staleIfError: 6_000,
    });
  });

  test.each(['must-revalidate', 'proxy-revalidate', 'no-cache'])('never with %s', (directive) => {
    const fields = control(
      `max-age=9, stale-while-revalidate=5, stale-if-error=6, ${directive}`,
      'ETag',
      '"a"',
    );
    const never = { grace: 0, staleIfError: 0, mayOutlive: false };
    expect(terms(fields, {}, { ...nothing, grace: 4_000 })).toMatchObject(never);
  });

  test('with s-maxage only if the answer itself says so', () => {
    expect(terms(control('s-maxage=9'), {}, { ...nothing, grace: 4_000 })).toMatchObject({
      grace: 0,
      mayOutlive: false,
    });
    expect(terms(control('s-maxage=9, stale-while-revalidate=5')).grace).toBe(5_000);
  });
});

const directive = fc.constantFrom(
  'no-store',
  'No-Cache',
  'private',
  'PUBLIC',
  'must-revalidate',
  'max-age=0',
  'max-age=5',
  's-maxage=7',
  'stale-while-revalidate=3',
  'x="no-store, private"',
  'max-age="4"',
  'max-age=1.5',
);
const arbitraryAnswer = fc.record({
  directives: fc.array(directive, { maxLength: 5 }),
  status: fc.constantFrom(200, 204, 206, 302, 304, 404, 500),
  isAuthorized: fc.boolean(),
  hasTag: fc.boolean(),
  age: fc.option(fc.nat({ max: 10 }), { nil: undefined }),
});

test.prop([arbitraryAnswer])(
  'what must not be stored never is, and nothing is fresh that nobody called fresh',
  (a) => {
    const said = a.directives.map((text) => text.toLowerCase());
    const fields = control(a.directives.join(', '));
    if (a.hasTag) fields.push('ETag', '"a"');
    if (a.age !== undefined) fields.push('Age', String(a.age));
    const found = terms(fields, { status: a.status, isAuthorized: a.isAuthorized });
    const isKept = found.refusal === undefined;
    if (said.includes('no-store') || said.includes('private') || a.status === 206 || a.status === 304) {
      expect(isKept).toBe(false);
    }
    if (said.includes('no-cache')) expect(found.ttl).toBe(0);
    if (!said.some((text) => /^(max-age|s-maxage)=/.test(text))) expect(found.ttl).toBe(0);
    const mayBeShared =
      said.includes('public') || said.includes('s-maxage=7') || said.includes('must-revalidate');
    if (a.isAuthorized && !mayBeShared) expect(isKept).toBe(false);
    expect(found.ttl).toBeLessThanOrEqual(7_000);
    expect(found.origin).toBe(now - (a.age ?? 0) * 1_000);
  },
);
