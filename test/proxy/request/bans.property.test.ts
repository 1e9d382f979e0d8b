/**
 * Bans against a naive model, over random requests, answers, bans and time, with the lurker at work. The model holds
 * every version of an answer against every ban that was issued after its fetch had begun, each time that somebody
 * looks for it.
 */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { ObjectStore } from '../../../src/proxy/cache/object-store.ts';
import type { FakeExchange } from '../../support/fake-exchange.ts';
import type { FakeFetch } from '../../support/fake-transport.ts';
import { ProxyWorld } from '../../support/proxy-world.ts';

const targets = ['/a', '/b', '/c'] as const;
const people = ['ann', 'bob'] as const;
const colours = ['red', 'blue', undefined] as const;

interface Ask {
  readonly target: string;
  readonly who: string;
}

interface Ban {
  readonly text: string;
  readonly needsObject: boolean;
  /** @param version undefined: nothing is known of it yet */
  readonly holds: (version: Version | undefined, ask: Ask, at: number) => boolean;
}

const ban: fc.Arbitrary<Ban> = fc.oneof(
  fc.constantFrom(...targets).map((url) => ({
    text: `req.url == ${url}`,
    needsObject: false,
    holds: (_: Version | undefined, ask: Ask) => ask.target === url,
  })),
  fc.constantFrom(...people).map((name) => ({
    text: `req.http.x-who ~ ^${name}$`,
    needsObject: false,
    holds: (_: Version | undefined, ask: Ask) => ask.who === name,
  })),
  fc.constantFrom('red', 'blue').map((name) => ({
    text: `obj.http.x-colour == ${name}`,
    needsObject: true,
    holds: (version: Version | undefined) => version?.colour === name,
  })),
  fc.constantFrom('red', 'blue').map((name) => ({
    text: `obj.http.x-colour != ${name} && obj.status == 200`,
    needsObject: true,
    holds: (version: Version | undefined) => version !== undefined && version.colour !== name,
  })),
  fc
    .record({ url: fc.constantFrom(...targets), name: fc.constantFrom('red', 'blue') })
    .map(({ url, name }) => ({
      text: `req.url ~ ${url} && obj.http.X-Colour !~ ${name}`,
      needsObject: true,
      holds: (version: Version | undefined, ask: Ask) =>
        version?.colour !== undefined && ask.target === url && version.colour !== name,
    })),
  fc.integer({ min: 1, max: 30 }).map((seconds) => ({
    text: `obj.age > ${seconds}s`,
    needsObject: true,
    holds: (version: Version | undefined, _: Ask, at: number) =>
      version !== undefined && at - version.askedAt > seconds * 1_000,
  })),
);

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      target: fc.constantFrom(...targets),
      who: fc.constantFrom(...people),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat(),
      colour: fc.constantFrom(...colours),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('ban' as const), ban }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 15_000 }) }) },
);

interface Version {
  readonly name: string;
  readonly target: string;
  readonly colour: string | undefined;
  readonly bornAt: number;
  /** Its age counts from here, because an answer may be as old as its request. */
  readonly askedAt: number;
  /** Bans up to then have been tested: those that came before the fetch, and what a look has not found to match. */
  testedAt: number;
  isWhole: boolean;
  isBanned: boolean;
}

interface Client extends Ask {
  readonly exchange: FakeExchange;
  readonly askedAt: number;
}

test.prop(
  [
    fc.array(step, { minLength: 1, maxLength: 90 }),
    fc.record({
      lurkerAgeMs: fc.constantFrom(0, 5_000, 60_000),
      lurkerBatch: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ dropsEqual: fc.boolean(), lurkerSleepMs: fc.constantFrom(0, 10) }),
  ],
  { numRuns: 400 },
)(
  'what a ban matches that came after its fetch began is never served, and nothing else is lost',
  (steps, ages, habits) => {
    const world = new ProxyWorld({ cacheBytes: 1_000_000, banSettings: { ...ages, ...habits } });
    world.run();
    const { store } = world.plane as unknown as { readonly store: ObjectStore };
    const bans: { readonly at: number; readonly ban: Ban }[] = [];
    const versions = new Map<string, Version>();
    const clients: Client[] = [];
    const begun = new Set<FakeExchange>();
    const askedAt = new Map<FakeFetch, number>();
    const heads = new Map<FakeFetch, Version>();
    /** Fetches that were found to be banned before they had an answer. */
    const doomed = new Set<FakeFetch>();
    const now = () => world.clock.now();
    const open = () => world.transport.fetches.filter(({ isOver }) => !isOver);

    const isMet = (version: Version | undefined, since: number, before: number, ask: Ask) =>
      bans.some(
        ({ at, ban: one }) =>
          at > since &&
          at < before &&
          (version !== undefined || !one.needsObject) &&
          one.holds(version, ask, at),
      );

    const judge = (client: Client) => {
      const { answer } = client.exchange;
      if (answer === undefined || begun.has(client.exchange)) return;
      begun.add(client.exchange);
      expect(answer.status).toBe(200);
      const version = versions.get(answer.fields.get('X-Version') ?? '');
      expect(version?.target).toBe(client.target);
      if (version === undefined || version.bornAt > client.askedAt) {
        // Who has waited for it: bans that came before he asked count, those that came later may.
        if (version !== undefined) {
          expect(isMet(version, version.testedAt, client.askedAt, client), 'banned on its way').toBe(false);
        }
        return;
      }
      expect(version.isBanned, `${version.name} is banned`).toBe(false);
    };

    const request = (ask: Ask) => {
      const asked = world.transport.fetches.length;
      let expected: Version | undefined;
      for (const version of versions.values()) {
        if (version.target !== ask.target || version.isBanned) continue;
        version.isBanned = isMet(version, version.testedAt, now(), ask);
        if (version.isBanned) continue;
        // What is not whole yet is found, too, but stays where it is in the list.
        if (version.isWhole) version.testedAt = now();
        expected = version;
      }
      for (const fetch of open()) {
        const since = askedAt.get(fetch) ?? 0;
        if (fetch.request.path !== ask.target || heads.has(fetch)) continue;
        if (isMet(undefined, since, now(), ask)) doomed.add(fetch);
      }
      const fields = ['Host', 'example.com', 'X-Who', ask.who, 'X-Client', String(clients.length)];
      const exchange = world.request({ target: ask.target, fields });
      clients.push({ ...ask, exchange, askedAt: now() });
      for (const fetch of world.transport.fetches.slice(asked)) askedAt.set(fetch, now());
      if (expected === undefined) return;
      expect(world.transport.fetches.length, `${expected.name} is there`).toBe(asked);
      expect(exchange.answer?.fields.get('X-Version')).toBe(expected.name);
    };

    const answer = (fetch: FakeFetch, colour: string | undefined) => {
      if (heads.has(fetch)) return;
      const name = `v${versions.size + 1}`;
      const target = fetch.request.path;
      const testedAt = askedAt.get(fetch) ?? 0;
      const times = { askedAt: testedAt, testedAt, bornAt: now() };
      const isBanned = doomed.has(fetch);
      const version = { name, target, colour, ...times, isWhole: false, isBanned };
      versions.set(name, version);
      heads.set(fetch, version);
      const fields = ['Cache-Control', 'max-age=36000', 'X-Version', name];
      const before = world.transport.fetches.length;
      // Whoever waits may find that it is banned for him, and then it is for everybody; who has begun a fetch gets it.
      const leaders = new Set(open().map((one) => one.request.fields.get('X-Client')));
      const waiting = clients.filter(
        ({ exchange, target: one }, id) =>
          exchange.answer === undefined && one === target && !leaders.has(String(id)),
      );
      fetch.head(200, [...fields, ...(colour === undefined ? [] : ['X-Colour', colour])]);
      fetch.data('hello');
      if (waiting.some((client) => isMet(version, testedAt, Number.POSITIVE_INFINITY, client))) {
        version.isBanned = true;
      }
      for (const again of world.transport.fetches.slice(before)) askedAt.set(again, now());
    };

    const end = (fetch: FakeFetch) => {
      const version = heads.get(fetch);
      if (version === undefined) return;
      fetch.data(' world').end();
      version.isWhole = true;
    };

    const check = () => {
      for (const client of clients) judge(client);
      let holders = 0;
      for (const { objects, fetches } of store.entries()) holders += objects.length + fetches.length;
      const listed = world.plane.listBans();
      expect(listed.reduce((sum, one) => sum + one.holders, 0)).toBe(holders);
    };

    for (const one of steps) {
      world.clock.advance(1);
      const fetches = open();
      const fetch = 'which' in one ? fetches[one.which % Math.max(1, fetches.length)] : undefined;
      switch (one.do) {
        case 'request':
          request(one);
          break;
        case 'answer':
          if (fetch !== undefined) answer(fetch, one.colour);
          break;
        case 'end':
          if (fetch !== undefined) end(fetch);
          break;
        case 'ban':
          bans.push({ at: now(), ban: one.ban });
          expect(world.plane.issueBan(one.ban.text.split(' '))).toBe(undefined);
          break;
        case 'list':
          world.plane.listBans();
          break;
        case 'pass':
          world.clock.advance(one.ms);
          break;
        default:
          one satisfies never;
      }
      check();
    }

    for (let round = 0; round < 50 && open().length > 0; round++) {
      world.clock.advance(1);
      for (const fetch of open()) {
        answer(fetch, 'red');
        end(fetch);
      }
      check();
    }
    for (const { exchange } of clients) expect(exchange.isOver).toBe(true);
    // In the end the lurker has tested what can be tested without a request.
    if (habits.lurkerSleepMs === 0) return;
    world.clock.advance(200_000);
    const waits = world.plane
      .listBans()
      .filter(({ isCompleted, text }) => !isCompleted && !text.includes('req.'));
    // The newest one is never tested by what was fetched since, so it may be the end of the list.
    expect(waits.filter(({ at }) => at !== world.plane.listBans()[0]?.at)).toEqual([]);
  },
);
