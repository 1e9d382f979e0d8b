/** The lurker in a data plane with a simulated clock: `ban.list` tells what it has done. */
import { expect, test } from 'vitest';
import type { BanSettings } from '../../../src/proxy/cache/ban-settings.ts';
import { ProxyWorld } from '../../support/proxy-world.ts';

const MINUTE = 60_000;

class LurkedWorld {
  readonly world: ProxyWorld;

  constructor(settings: Partial<BanSettings> = {}) {
    this.world = new ProxyWorld({ cacheBytes: 10_000_000, banSettings: settings });
    this.world.run();
  }

  /** Stores an object with the field X-Url. */
  store(...targets: readonly string[]): void {
    for (const target of targets) {
      this.world.request({ target });
      this.answer(target);
    }
  }

  answer(target: string): void {
    const fields = ['Cache-Control', 'max-age=36000', 'X-Url', target];
    this.world.transport.latest.answer(200, 'hello', fields);
  }

  ban(...texts: readonly string[]): void {
    for (const text of texts) expect(this.world.plane.issueBan(text.split(' '))).toBe(undefined);
  }

  list(): string[] {
    return this.world.plane
      .listBans()
      .map(({ holders, isCompleted, text }) => `${holders}${isCompleted ? 'C' : '-'} ${text}`);
  }

  get objects(): number | undefined {
    return this.world.plane.figures().cache?.objects;
  }
}

test('takes out what a ban of age matches, although nobody looks for it', () => {
  const lurked = new LurkedWorld();
  lurked.store('/a', '/b', '/c');
  lurked.ban('obj.http.x-url == /a', 'obj.http.x-url == /nothing');
  lurked.world.clock.advance(MINUTE - 1);
  expect(lurked.objects).toBe(3);
  lurked.world.clock.advance(1);
  expect(lurked.objects).toBe(2);
  expect(lurked.list()).toEqual(['2C ']);
});

test('a ban that asks about requests holds objects below it, and those above it are completed all the same', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 0 });
  lurked.store('/a', '/b');
  lurked.ban('obj.http.x-url == /x');
  lurked.store('/c');
  lurked.ban('req.http.kill == yes');
  lurked.store('/d');
  lurked.ban('obj.http.x-url == /b', 'obj.http.x-url == /d');
  lurked.world.clock.advance(1_000);
  expect(lurked.objects).toBe(2);
  // /a and /c wait below the one in the middle.
  expect(lurked.list()).toEqual(['0C ', '0C ', '0- req.http.kill == yes', '2C ']);
  expect(lurked.list()).toHaveLength(4);
  lurked.world.request({ target: '/a' });
  lurked.world.request({ target: '/c', fields: ['Host', 'example.com', 'Kill', 'yes'] });
  expect(lurked.objects).toBe(1);
  expect(lurked.list().at(0)).toBe('2C ');
});

test('works in small turns', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 0, lurkerBatch: 2, lurkerSleepMs: 10 });
  const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
  lurked.store(...targets);
  lurked.ban('obj.status == 200');
  const left: (number | undefined)[] = [];
  for (let turn = 0; turn < 5; turn++) {
    lurked.world.clock.advance(turn === 0 ? 0 : 10);
    left.push(lurked.objects);
  }
  expect(left).toEqual([49, 48, 47, 46, 45]);
  lurked.world.clock.advance(1_000);
  expect(lurked.objects).toBe(0);
});

test('what has not been tested against more bans than ban_cutoff goes untested', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 1_000, cutoff: 2 });
  lurked.store('/old');
  lurked.ban('req.http.a == 1', 'req.http.a == 2');
  lurked.store('/new');
  lurked.ban('obj.http.x-url == /nothing');
  lurked.world.clock.advance(2_000);
  expect(lurked.objects).toBe(1);
  lurked.store('/old');
  expect(lurked.world.transport.fetches).toHaveLength(3);
});

test('waits for a fetch that began before, and may bring what is banned', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 0 });
  lurked.store('/a');
  lurked.world.request({ target: '/b' });
  lurked.ban('obj.http.x-url == /b');
  lurked.world.clock.advance(5_000);
  expect(lurked.list()[0]).toBe('1- obj.http.x-url == /b');
  // What it brings is still tested, although nobody looks for it.
  lurked.answer('/b');
  expect(lurked.objects).toBe(2);
  lurked.world.clock.advance(5_000);
  expect(lurked.objects).toBe(1);
  expect(lurked.list()).toEqual(['1C ']);
});

test('tests what is still on its way, and takes it from those who come later only', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 0 });
  const reader = lurked.world.request({ target: '/a' });
  const fetch = lurked.world.transport.latest;
  fetch.head(200, ['Cache-Control', 'max-age=60', 'X-Url', '/a']).data('hello');
  lurked.ban('obj.http.x-url == /a');
  lurked.world.clock.advance(1_000);
  expect(lurked.list()).toEqual(['0C ']);
  fetch.data(' world').end();
  expect(reader.answer?.body).toBe('hello world');
  expect(lurked.objects).toBe(0);
});

test('rests while ban_lurker_sleep is 0, and goes on when it is set', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: 0, lurkerSleepMs: 0 });
  lurked.store('/a');
  lurked.ban('obj.status == 200');
  lurked.world.clock.advance(10 * MINUTE);
  expect(lurked.objects).toBe(1);
  lurked.world.plane.adjust({}, {}, { lurkerSleepMs: 10 }, {});
  lurked.world.clock.advance(10);
  expect(lurked.objects).toBe(0);
});

test('sets no timer while no ban waits for it, nor without a config', () => {
  const lurked = new LurkedWorld({ lurkerAgeMs: MINUTE });
  const key = lurked.world.load({}, 'other');
  lurked.ban('req.url == /a');
  lurked.world.clock.advance(0);
  expect(lurked.world.clock.fireNext()).toBe(false);
  lurked.ban('obj.status == 200');
  lurked.world.plane.end(key);
  expect(lurked.world.clock.fireNext()).toBe(true);
  expect(lurked.world.clock.fireNext()).toBe(false);
});
