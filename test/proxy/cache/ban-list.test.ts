import { expect, test } from 'vitest';
import { banWords, readBan } from '../../../src/proxy/cache/ban-conditions.ts';
import { BanList, type Bannable, shownBan } from '../../../src/proxy/cache/ban-list.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

const request = { url: '/a', http: new Fields([]) };

function issue(bans: BanList, text: string, dropsEqual = true): void {
  const conditions = readBan(banWords(text));
  if (typeof conditions === 'string') throw new Error(conditions);
  bans.add(conditions, 0, dropsEqual);
}

/** Something stored that was tested against all that there is. */
function stored(bans: BanList): Bannable {
  bans.newest.holders++;
  return { ban: bans.newest };
}

const shown = (bans: BanList) =>
  bans.list().map((ban) => `${ban.holders}${ban.isCompleted ? 'C' : '-'} ${shownBan(ban)}`);

test('what is met moves nowhere, what is not moves to the newest', () => {
  const bans = new BanList(0);
  const [a, b] = [stored(bans), stored(bans)];
  issue(bans, 'req.url == /a');
  issue(bans, 'req.url == /c');
  expect(shown(bans)).toEqual(['0- req.url == /c', '0- req.url == /a', '2C ']);
  expect(bans.takes(a, true, undefined, request)).toBe(true);
  expect(bans.takes(b, true, undefined, { ...request, url: '/b' })).toBe(false);
  expect(b.ban).toBe(bans.newest);
  expect(shown(bans)).toEqual(['1- req.url == /c', '0- req.url == /a', '1C ']);
  // The one that was met is taken out: nothing refers to the old ones any more.
  a.ban.holders--;
  bans.cutTail();
  expect(shown(bans)).toEqual(['1- req.url == /c']);
});

test('an equal one completes the one before, but for what means another moment', () => {
  const bans = new BanList(0);
  const one = stored(bans);
  issue(bans, 'req.url == /a && obj.grace > 1m');
  issue(bans, 'req.url == /b && obj.age > 1m');
  issue(bans, 'req.url == /a && obj.grace > 60s');
  issue(bans, 'req.url == /b && obj.age > 1m');
  expect(shown(bans)).toEqual([
    '0- req.url == /b && obj.age > 1m',
    '0- req.url == /a && obj.grace > 1m',
    '0- req.url == /b && obj.age > 1m',
    '0C ',
    '1C ',
  ]);
  issue(bans, 'req.url == /a && obj.grace > 1m', false);
  expect(shown(bans)[0]).toBe(shown(bans)[2]);
  expect(bans.takes(one, true, undefined, request)).toBe(false);
});

test('of a flood the newer half is kept, and what was last tested before that counts as banned', () => {
  const bans = new BanList(0, 10);
  const [early, late] = [stored(bans), { ban: bans.newest }];
  for (let i = 0; i < 9; i++) {
    if (i === 8) Object.assign(late, stored(bans));
    issue(bans, `req.url == /${i}`);
  }
  expect(bans.list()).toHaveLength(10);
  expect(bans.meets(early.ban, undefined, request)).toBe(false);
  issue(bans, 'req.url == /more');
  expect(bans.list()).toHaveLength(5);
  expect(bans.meets(early.ban, undefined, request)).toBe(true);
  expect(bans.meets(late.ban, undefined, request)).toBe(false);
  // Who still refers to what was let go keeps nothing newer in memory.
  expect(early.ban.newer).toBe(undefined);
});

test('a flood of long ones is bounded by their text', () => {
  const bans = new BanList(0);
  stored(bans);
  for (let i = 0; i < 200; i++) issue(bans, `req.url == /${'x'.repeat(10_000)}${i}`);
  const characters = bans.list().reduce((sum, ban) => sum + shownBan(ban).length, 0);
  expect(characters).toBeLessThanOrEqual(1024 * 1024);
  expect(bans.list().length).toBeGreaterThan(40);
  // One that is longer than all may be is the only one, and holds.
  issue(bans, `req.url != /${'x'.repeat(2_000_000)}`);
  expect(bans.list()).toHaveLength(1);
  issue(bans, 'req.url == /b');
  expect(bans.list().length).toBeLessThanOrEqual(2);
});

test('a long life leaves nothing behind', () => {
  const bans = new BanList(0);
  let one = stored(bans);
  for (let i = 0; i < 50_000; i++) {
    issue(bans, `req.url == /${i % 7}`);
    if (i % 3 !== 0) continue;
    if (bans.takes(one, true, undefined, { ...request, url: '/x' })) {
      one.ban.holders--;
      one = stored(bans);
    }
    expect(bans.list().length).toBeLessThanOrEqual(4);
  }
});
