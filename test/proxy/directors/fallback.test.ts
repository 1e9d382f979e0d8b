import { describe, expect, test } from 'vitest';
import { type Current, fallback, followRemoval } from '../../../src/proxy/directors/fallback.ts';
import { fakeMembers, requestFor } from '../../support/fake-members.ts';

const any = requestFor();

/** One pick; `healths` spells the members' health, `+` and `-`. */
function pick(healths: string, current: Current, sticky: boolean, request = any): string | undefined {
  const members = fakeMembers([...healths].map((sign) => ({ healthy: sign === '+' })));
  return fallback(members, current, sticky).pick(request)?.target.name;
}

describe('fallback', () => {
  test('picks the first healthy member each time', () => {
    const current = { position: 0 };
    expect(pick('+++', current, false)).toBe('b0');
    expect(pick('--+', current, false)).toBe('b2');
    expect(pick('-++', current, false)).toBe('b1');
    expect(pick('+++', current, false)).toBe('b0');
    expect(pick('---', current, false)).toBeUndefined();
    expect(pick('', current, false)).toBeUndefined();
  });

  test('passes over what is denied to the request', () => {
    const request = requestFor({ denied: ['b0', 'b2'] });
    expect(pick('++++', { position: 0 }, false, request)).toBe('b1');
    expect(pick('+-+-', { position: 0 }, false, request)).toBeUndefined();
  });
});

describe('sticky fallback', () => {
  test('stays with its member while that is healthy, then goes on round', () => {
    const current = { position: 0 };
    expect(pick('-++', current, true)).toBe('b1');
    expect(pick('+++', current, true)).toBe('b1');
    expect(pick('+-+', current, true)).toBe('b2');
    expect(pick('++-', current, true)).toBe('b0');
  });

  test('returns to its member after none was healthy', () => {
    const current = { position: 1 };
    expect(pick('---', current, true)).toBeUndefined();
    expect(pick('+++', current, true)).toBe('b1');
  });

  test('moves on for everybody when its member is denied to one request, as in varnishd', () => {
    const current = { position: 0 };
    expect(pick('+++', current, true, requestFor({ denied: ['b0'] }))).toBe('b1');
    expect(pick('+++', current, true)).toBe('b1');
  });

  test.each([
    { at: 2, removed: 0, left: 3, after: 1, why: 'keeps its member' },
    { at: 1, removed: 2, left: 3, after: 1, why: 'keeps its member' },
    { at: 1, removed: 1, left: 3, after: 1, why: 'goes to the one after it' },
    { at: 3, removed: 3, left: 3, after: 0, why: 'goes round to the first' },
    { at: 0, removed: 0, left: 0, after: 0, why: 'stays in range of an empty list' },
  ])('$why when member $removed of those around position $at is removed', ({ at, removed, left, after }) => {
    const current = { position: at };
    followRemoval(current, removed, left);
    expect(current.position).toBe(after);
  });
});
