/** What bans mean for what is on its way, stale, or asked about; and who may issue them. */
import { describe, expect, test } from 'vitest';
import type { HookContext, Hooks } from '../../../src/config/hooks.ts';
import type { FakeExchange } from '../../support/fake-exchange.ts';
import { cachingWorld, type ProxyWorld, worldWith } from '../../support/proxy-world.ts';

const fresh = ['Cache-Control', 'max-age=60'];
const SECOND = 1_000;

const asked = (world: ProxyWorld) => world.transport.fetches.length;
const ban = (world: ProxyWorld, text: string) => world.plane.issueBan(text.split(' '));
/** A hook that issues one. */
const banning =
  (conditions: string | readonly string[]) =>
  ({ ban: issue }: HookContext): undefined => {
    issue(conditions);
  };
const bodyOf = ({ answer }: FakeExchange) => answer?.body;

describe('what is on its way when a ban comes', () => {
  test('is for those who had asked before, and a request that the ban is about asks anew', () => {
    const world = cachingWorld();
    const before = world.request();
    const early = world.transport.latest;
    ban(world, 'req.url == /');
    const after = world.request();
    expect(asked(world)).toBe(2);
    world.transport.latest.answer(200, 'new', fresh);
    early.answer(200, 'old', fresh);
    expect([bodyOf(before), bodyOf(after)]).toEqual(['old', 'new']);
    expect(bodyOf(world.request())).toBe('new');
  });

  test('is waited for while nobody knows whether the ban is about it, and looked for again if it is', () => {
    const world = cachingWorld();
    const leader = world.request();
    const early = world.transport.latest;
    ban(world, 'obj.http.x-lang == en');
    const waiter = world.request();
    expect(asked(world)).toBe(1);
    early.answer(200, 'old', [...fresh, 'X-Lang', 'en']);
    expect(bodyOf(leader)).toBe('old');
    expect(asked(world)).toBe(2);
    world.transport.latest.answer(200, 'new', [...fresh, 'X-Lang', 'en']);
    expect([bodyOf(waiter), bodyOf(world.request())]).toEqual(['new', 'new']);
  });

  test('is kept if the ban is not about it', () => {
    const world = cachingWorld();
    world.request();
    ban(world, 'obj.http.x-lang == en');
    const waiter = world.request();
    world.transport.latest.answer(200, 'hello', [...fresh, 'X-Lang', 'de']);
    expect([bodyOf(waiter), bodyOf(world.request())]).toEqual(['hello', 'hello']);
    expect(asked(world)).toBe(1);
  });

  test('goes on to those who read it, while others fetch anew', () => {
    const world = cachingWorld();
    const reader = world.request();
    const early = world.transport.latest;
    early.head(200, fresh).data('o');
    ban(world, 'obj.status == 200');
    const later = world.request();
    world.transport.latest.answer(200, 'new', fresh);
    early.data('ld').end();
    expect([bodyOf(reader), bodyOf(later), bodyOf(world.request())]).toEqual(['old', 'new', 'new']);
  });

  test('is not confirmed by an answer that it has not changed', () => {
    const world = cachingWorld();
    world.request();
    world.transport.latest.answer(200, 'old', [...fresh, 'ETag', '"1"']);
    world.clock.advance(70 * SECOND);
    const asking = world.request();
    const check = world.transport.latest;
    expect(check.request.fields.get('If-None-Match')).toBe('"1"');
    ban(world, 'req.url == /');
    check.head(304, [...fresh, 'ETag', '"1"']).end();
    // The same request, without the condition.
    expect(world.transport.latest.request.fields.has('If-None-Match')).toBe(false);
    world.transport.latest.answer(200, 'new', fresh);
    expect(bodyOf(asking)).toBe('new');
  });

  test('does not stand in for an answer that fails', () => {
    const world = cachingWorld();
    world.request();
    world.transport.latest.answer(200, 'old', ['Cache-Control', 'max-age=60, stale-if-error=600']);
    world.clock.advance(70 * SECOND);
    const asking = world.request();
    const fetch = world.transport.latest;
    ban(world, 'req.url == /');
    fetch.answer(500, 'oops');
    expect(asking.answer?.status).toBe(500);
  });
});

describe('a ban of a fetch’s own hook', () => {
  const hooks: Hooks = {
    backendResponse({ ban: issue }) {
      issue('obj.http.x-key == k');
      return 'deliver';
    },
  };
  const answer = [...fresh, 'X-Key', 'k'];

  test('is about what was fetched before, also where others issue theirs meanwhile', () => {
    const world = cachingWorld({ hooks });
    world.request({ target: '/a' });
    const a = world.transport.latest;
    world.request({ target: '/b' });
    const b = world.transport.latest;
    ban(world, 'req.url == /c');
    a.answer(200, 'a', answer);
    expect(bodyOf(world.request({ target: '/a' }))).toBe('a');
    ban(world, 'req.url == /d');
    b.answer(200, 'b', answer);
    expect(bodyOf(world.request({ target: '/b' }))).toBe('b');
    expect(asked(world)).toBe(2);
    // The second one is about the first.
    world.request({ target: '/a' });
    expect(asked(world)).toBe(3);
  });

  test('does not shield from those of others', () => {
    const world = cachingWorld({ hooks });
    world.request();
    ban(world, 'req.url == / && obj.http.x-key == k');
    world.transport.latest.answer(200, 'old', answer);
    world.request();
    expect(asked(world)).toBe(2);
  });
});

describe('bans belong to the cache', () => {
  test('whatever config issues them, they hold for all', () => {
    const world = cachingWorld();
    world.request();
    world.transport.latest.answer(200, 'old', fresh);
    const other = world.load({ hooks: { recv: banning(['req.url', '==', '/']) } }, 'other');
    world.use(other);
    world.request({ target: '/other' });
    world.request();
    expect(world.transport.fetches.map(({ request }) => request.path)).toEqual(['/', '/other', '/']);
  });

  test('they are taken where there is none', () => {
    const world = worldWith();
    expect(ban(world, 'req.url == /')).toBe(undefined);
    expect(world.plane.listBans().at(0)).toMatchObject({ text: 'req.url == /', isCompleted: false });
  });

  test('a hook that gets one wrong fails, in the words of the command line', () => {
    const world = cachingWorld({ hooks: { recv: banning('req.nosuch == 1') } });
    expect(world.request().answer?.status).toBe(503);
    const message = 'no ban of "req.nosuch == 1": Unknown or unsupported field "req.nosuch"';
    expect(String(world.hookErrors[0]?.error)).toContain(message);
  });

  test('texts beyond a byte a character are meant as they go over the wire', () => {
    const name = 'Ω';
    const issue = banning(['obj.http.x-name', '==', name]);
    const world = cachingWorld({
      hooks: { recv: (context) => (context.req.url === '/ban' ? issue(context) : undefined) },
    });
    world.request();
    world.transport.latest.answer(200, 'old', [...fresh, 'X-Name', Buffer.from(name).toString('latin1')]);
    world.request({ target: '/ban' });
    world.request();
    expect(asked(world)).toBe(3);
  });
});
