/** The saint list against real actors and against plain maps; full, growing, with objects that collide. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { saintEntryMachine } from '../../src/actors/saint-entry.ts';
import { SaintList, type SaintListOptions, type SaintQuery } from '../../src/compact/saint-list.ts';
import type { Identity } from '../../src/identity.ts';
import { seededRandom } from '../../src/simulation/seeded-random.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { integer, oneOf } from '../support/draw.ts';
import { resolvedBackend } from '../support/resolved-backend.ts';

/** Steps of the long comparison with a plain map; the long form is 1,000,000. */
const operations = Number(process.env['TROUPE_SAINT_OPERATIONS'] ?? 100_000);

const ALL = Number.MAX_SAFE_INTEGER;
const DAY = 86_400_000;
const identities = ['b1', 'b2', 'b3'].map((name) => resolvedBackend(name).identity);
const [b1, b2] = identities as [Identity, Identity];

const hashOf = (name: string | number) => createHash('sha256').update(String(name)).digest('hex');
/** As lists show it. */
const shown = (object: string) => object.slice(0, 24);
/** Hashes whose parts coincide in all ways that the index can confuse. */
const similar = ['00000000', '00000001', 'ffffffff'].flatMap((one) =>
  ['00000000', 'ffffffff'].flatMap((two) =>
    ['00000000', '80000000'].map((three) => `${one}${two}${three}${'0'.repeat(40)}`),
  ),
);
const weakHashes: SaintListOptions[] = [{}, { keyHash: () => -1 }, { keyHash: (word0) => word0 & 3 }];

function listAll(saints: SaintList, now: number, query: SaintQuery = {}) {
  const entries = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const page = saints.list({ ...query, from }, now);
    entries.push(...page.entries);
    from = page.next;
  }
  return entries;
}

describe('one entry', () => {
  const [aa, bb, cc] = [hashOf('aa'), hashOf('bb'), hashOf('cc')];

  test('knows all identities that an object is denied to, until their deadlines', () => {
    const saints = new SaintList();
    expect(saints.deniedFor(aa, 0)).toBeUndefined();
    saints.deny(b1, aa, 100);
    saints.deny(b2, aa, 200);
    expect(saints.deniedFor(aa, 99)).toEqual(new Set([b1, b2]));
    expect(saints.deniedFor(aa, 100)).toEqual(new Set([b2]));
    expect(saints.deniedFor(aa, 200)).toBeUndefined();
    expect(saints.deniedFor(bb, 99)).toBeUndefined();
  });

  test('counts an object listed twice once, with the later deadline', () => {
    const saints = new SaintList();
    expect(saints.deny(b1, aa, 100)).toBe('listed');
    expect(saints.deny(b1, aa, 300)).toBe('known');
    expect(saints.deny(b1, aa, 200)).toBe('known');
    expect(saints.count(b1, 250)).toBe(1);
    expect(listAll(saints, 0)).toEqual([{ identity: b1, object: shown(aa), deadline: 300 }]);
    expect(saints.count(b1, 300)).toBe(0);
  });

  test('what was handed out for a request does not change when the list does', () => {
    const saints = new SaintList();
    saints.deny(b1, aa, 100);
    const one = saints.deniedFor(aa, 0);
    saints.deny(b2, aa, 100);
    const both = saints.deniedFor(aa, 0);
    saints.lift(b1);
    expect(one).toEqual(new Set([b1]));
    expect(both).toEqual(new Set([b1, b2]));
  });

  test('is lifted by the whole hash, by what lists show of it, in either case, and with all others', () => {
    const saints = new SaintList();
    for (const object of [aa, bb, cc]) saints.deny(b1, object, 100);
    saints.deny(b2, aa, 100);
    expect(saints.lift(b1, hashOf('zz'))).toBe(0);
    expect(saints.lift(b1, aa)).toBe(1);
    expect(saints.lift(b1, shown(bb).toUpperCase())).toBe(1);
    expect(saints.lift(b1)).toBe(1);
    expect(saints.identities()).toEqual([b2]);
    saints.forget(b2);
    expect(saints.isEmpty).toBe(true);
    expect(saints.nextDeadline()).toBeUndefined();
  });

  test('is reported when it comes and goes, once for an identity in a sweep, to every listener', () => {
    const saints = new SaintList();
    const heard: [Identity, number][] = [];
    const others: [Identity, number][] = [];
    const leave = saints.onCountChanged((identity, count) => others.push([identity, count]));
    saints.onCountChanged((identity, count) => heard.push([identity, count]));
    saints.deny(b1, aa, 100);
    leave();
    saints.deny(b1, aa, 150);
    saints.deny(b1, bb, 100);
    saints.deny(b1, cc, 900);
    saints.expire(99);
    saints.expire(500);
    saints.lift(b1, cc);
    expect(heard.map(([, count]) => count)).toEqual([1, 2, 3, 1, 0]);
    expect(heard.every(([identity]) => identity === b1)).toBe(true);
    expect(others).toEqual([[b1, 1]]);
  });
});

const identity = fc.constantFrom(...identities);
const object = fc.constantFrom(...similar);
const ttl = fc.oneof(
  fc.constantFrom(-1, 0, 0.25, 8, 1_000, 90 * DAY),
  fc.double({ min: 0, max: 30, noNaN: true }),
  fc.integer({ min: 0, max: 5_000 }),
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('deny' as const), identity, object, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lift' as const), identity, object }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom<'lift-all' | 'retire'>('lift-all', 'retire'), identity }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: ttl }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('sweep' as const), atMost: fc.constantFrom(1, 5, 1_000) }),
  },
);

/** One actor for each entry, as the machine is meant. */
function actorWorld() {
  const clock = new SimulatedClock();
  const actors = new Map<string, ReturnType<typeof startEntry>>();
  const counts = new Map<Identity, number>();
  let lifted = 0;
  function startEntry(identity: Identity, object: string, deadline: number) {
    const { actor, said } = startInTime(
      saintEntryMachine,
      { identity, object, deadline, at: clock.now() },
      clock,
    );
    const count = (change: number) => counts.set(identity, (counts.get(identity) ?? 0) + change);
    const take = (type: string) => {
      if (type === 'saint.listed') count(1);
      else if (type === 'saint.unlisted') count(-1);
      else lifted++;
    };
    for (const { type } of said) take(type);
    actor.on('*', ({ type }) => take(type));
    return actor;
  }
  const isListed = (key: string) => actors.get(key)?.getSnapshot().value === 'listed';
  return {
    clock,
    keyOf: (identity: Identity, object: string) => `${identity} ${object}`,
    deny(identity: Identity, object: string, deadline: number) {
      const key = this.keyOf(identity, object);
      if (isListed(key)) actors.get(key)?.send({ type: 'saint.denied', deadline, at: clock.now() });
      else actors.set(key, startEntry(identity, object, deadline));
      // A delay of 0 is a timer all the same.
      clock.advance(0);
    },
    /** Sends to the entry of one object, or to all of an identity; says how many were lifted by that. */
    send(type: 'saint.lift' | 'backend.retired', identity: Identity, object?: string): number {
      const before = lifted;
      for (const [key, actor] of actors) {
        const isMeant =
          object === undefined ? key.startsWith(`${identity} `) : key === this.keyOf(identity, object);
        if (isMeant && isListed(key)) actor.send({ type });
      }
      return lifted - before;
    },
    deadlineOf: (key: string) =>
      isListed(key) ? actors.get(key)?.getSnapshot().context.deadline : undefined,
    count: (identity: Identity) => counts.get(identity) ?? 0,
  };
}

test.each(weakHashes)('at each step the list shows what one actor for each entry would (%o)', (options) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = actorWorld();
      const { clock } = world;
      const saints = new SaintList(options);
      for (const one of steps) {
        if (one.do === 'deny') {
          const deadline = clock.now() + one.ttl;
          saints.deny(one.identity, one.object, deadline);
          world.deny(one.identity, one.object, deadline);
        } else if (one.do === 'lift') {
          saints.expire(clock.now(), ALL);
          expect(saints.lift(one.identity, one.object)).toBe(
            world.send('saint.lift', one.identity, one.object),
          );
        } else if (one.do === 'lift-all') {
          saints.expire(clock.now(), ALL);
          expect(saints.lift(one.identity)).toBe(world.send('saint.lift', one.identity));
        } else if (one.do === 'retire') {
          saints.forget(one.identity);
          world.send('backend.retired', one.identity);
        } else if (one.do === 'pass') clock.advance(Math.max(0, one.ms));
        else if (one.do === 'sweep') saints.expire(clock.now(), one.atMost);

        const now = clock.now();
        for (const which of similar) {
          const denied = identities.filter((who) => world.deadlineOf(world.keyOf(who, which)) !== undefined);
          expect(saints.deniedFor(which, now)).toEqual(denied.length === 0 ? undefined : new Set(denied));
        }
        for (const entry of listAll(saints, now)) {
          const whole = similar.find((which) => shown(which) === entry.object) as string;
          expect(entry.deadline).toBe(world.deadlineOf(world.keyOf(entry.identity, whole)));
        }
        for (const who of identities) {
          expect(saints.count(who, now)).toBe(world.count(who));
          expect(listAll(saints, now, { identity: who })).toHaveLength(world.count(who));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test.each(weakHashes.slice(0, 1))(
  `agrees with a plain map over ${operations} operations`,
  (options) => {
    const saints = new SaintList(options);
    const reported = new Map<Identity, number>();
    saints.onCountChanged((identity, count) => reported.set(identity, count));
    const random = seededRandom(4711);
    const who = Array.from({ length: 12 }, (_, i) => resolvedBackend(`b${i}`).identity) as [
      Identity,
      ...Identity[],
    ];
    const objects = Array.from({ length: Math.ceil(operations / 5) }, (_, i) => hashOf(i)) as [
      string,
      ...string[],
    ];
    const plain = new Map<Identity, Map<string, number>>(who.map((one) => [one, new Map()]));
    const of = (one: Identity) => plain.get(one) as Map<string, number>;
    let now = 0;

    const sweepPlain = () => {
      for (const entries of plain.values()) {
        for (const [key, deadline] of entries) if (deadline <= now) entries.delete(key);
      }
    };
    const compareAll = () => {
      saints.expire(now, ALL);
      sweepPlain();
      expect(saints.size).toBe(who.reduce((sum, one) => sum + of(one).size, 0));
      for (const one of who) {
        expect(saints.count(one, now)).toBe(of(one).size);
        expect(reported.get(one) ?? 0).toBe(of(one).size);
      }
      const listed = new Map(
        listAll(saints, now).map((entry) => [`${entry.identity} ${entry.object}`, entry.deadline]),
      );
      expect(listed.size).toBe(saints.size);
      for (const one of who) {
        for (const [object, deadline] of of(one)) {
          if (listed.get(`${one} ${shown(object)}`) !== deadline)
            expect(listed.get(`${one} ${shown(object)}`)).toBe(deadline);
        }
      }
    };

    for (let i = 0; i < operations; i++) {
      const one = oneOf(random, who);
      const object = oneOf(random, objects);
      const dice = random();
      if (dice < 0.6) {
        const deadline = now + oneOf(random, [5, 400, 20_000, 3_600_000, 30 * DAY]) * random();
        saints.deny(one, object, deadline);
        of(one).set(object, Math.max(deadline, of(one).get(object) ?? 0));
      } else if (dice < 0.9) {
        const denied = who.filter((each) => (of(each).get(object) ?? Number.NEGATIVE_INFINITY) > now);
        const found = saints.deniedFor(object, now);
        // `expect` a hundred thousand times would take longer than all the rest.
        const agrees = (found?.size ?? 0) === denied.length && denied.every((each) => found?.has(each));
        if (!agrees) expect(found).toEqual(new Set(denied));
      } else if (dice < 0.94) {
        const deadline = of(one).get(object);
        const lifted = saints.lift(one, object);
        // Past its deadline it may have been swept or not.
        if (deadline === undefined || deadline > now) expect(lifted).toBe(deadline === undefined ? 0 : 1);
        of(one).delete(object);
      } else if (dice < 0.99) {
        now += oneOf(random, [1, 30, 2_000]) * random();
        saints.expire(now, integer(random, 1, 300));
      } else if (dice < 0.99 + 20 / operations) {
        now += oneOf(random, [3_600_000, 3 * DAY]) * random();
        if (dice < 0.99 + 5 / operations) {
          saints.lift(one);
          of(one).clear();
        }
        compareAll();
      }
    }
    compareAll();
    now += 31 * DAY;
    compareAll();
    expect(saints.isEmpty).toBe(true);
  },
  120_000,
);

describe('full', () => {
  const capacity = 50;
  const full = () => {
    const saints = new SaintList({ capacity });
    for (let i = 0; i < capacity; i++) expect(saints.deny(b1, hashOf(i), 1_000 + i)).toBe('listed');
    return saints;
  };

  test('the entry that ends soonest gives way, and is counted', () => {
    const saints = full();
    expect(saints.deny(b2, hashOf('new'), 60_000)).toBe('displaced');
    expect(saints.figures()).toEqual({ listed: capacity, displaced: 1, refused: 0 });
    expect(saints.count(b1, 0)).toBe(capacity - 1);
    expect(saints.deniedFor(hashOf('new'), 0)).toEqual(new Set([b2]));
  });

  test('that may be the new one: it is refused, and counted', () => {
    const saints = full();
    expect(saints.deny(b2, hashOf('new'), 999)).toBe('refused');
    expect(saints.figures()).toEqual({ listed: capacity, displaced: 0, refused: 1 });
    expect(saints.deniedFor(hashOf('new'), 0)).toBeUndefined();
  });

  test('what is listed already can be prolonged', () => {
    const saints = full();
    expect(saints.deny(b1, hashOf(0), 9_000)).toBe('known');
    expect(saints.deniedFor(hashOf(0), 8_999)).toEqual(new Set([b1]));
    expect(saints.figures().displaced).toBe(0);
  });

  test('what was lifted makes room, although nothing has swept', () => {
    const saints = full();
    saints.deny(b2, hashOf('b2'), 60_000);
    expect(saints.lift(b1)).toBe(capacity - 1);
    for (let i = 0; i < capacity - 1; i++) expect(saints.deny(b2, hashOf(i), 500)).toBe('listed');
    expect(saints.figures().displaced).toBe(1);
  });

  test('it never holds more, and keeps those that end late, whatever comes', () => {
    const denial = fc.record({ identity, object: fc.nat(400), ttl: fc.nat(100_000) });
    fc.assert(
      fc.property(fc.array(denial, { minLength: 100, maxLength: 400 }), (denials) => {
        const saints = new SaintList({ capacity });
        const latest = new Map<string, number>();
        for (const one of denials) {
          saints.deny(one.identity, hashOf(one.object), one.ttl);
          const key = `${one.identity} ${shown(hashOf(one.object))}`;
          latest.set(key, Math.max(one.ttl, latest.get(key) ?? 0));
          expect(saints.size).toBeLessThanOrEqual(capacity);
        }
        const kept = listAll(saints, -1);
        expect(kept).toHaveLength(Math.min(capacity, latest.size));
        // Less a list's width, the 50 that end last are those that were kept.
        const bound = [...latest.values()].toSorted((a, b) => b - a)[capacity - 1] ?? 0;
        for (const { deadline } of kept) expect(deadline).toBeGreaterThanOrEqual(bound - 32_768);
      }),
      { numRuns: 30 },
    );
  });
});

describe('many', () => {
  const COUNT = 60_000;
  const objects = Array.from({ length: COUNT }, (_, i) => hashOf(i));
  const filled = () => {
    const saints = new SaintList();
    for (const [i, object] of objects.entries())
      saints.deny(i % 2 === 0 ? b1 : b2, object, 10_000 + (i % 1_000));
    return saints;
  };

  test('are all found while the list grows and after it has shrunk', () => {
    const saints = filled();
    for (const [i, object] of objects.entries()) {
      if (saints.deniedFor(object, 0)?.has(i % 2 === 0 ? b1 : b2) !== true) expect.fail(`${i} is not found`);
    }
    for (let i = 100; i < COUNT; i++) saints.lift(i % 2 === 0 ? b1 : b2, objects[i]);
    expect(saints.size).toBe(100);
    for (let i = 0; i < 200; i++)
      expect(saints.deniedFor(objects[i] as string, 0) !== undefined).toBe(i < 100);
  });

  test('are shown page by page, none twice, whatever goes meanwhile', () => {
    const saints = filled();
    const seen = new Set<string>();
    let pages = 0;
    for (let from: number | undefined = 0; from !== undefined; pages++) {
      const page = saints.list({ from, limit: 500 }, 0);
      expect(page.entries.length).toBeLessThanOrEqual(500);
      for (const { object } of page.entries) {
        expect(seen.has(object)).toBe(false);
        seen.add(object);
      }
      const gone = page.entries[0];
      if (gone !== undefined) saints.lift(gone.identity, gone.object);
      from = page.next;
    }
    expect(seen.size).toBe(COUNT);
    expect(pages).toBeGreaterThanOrEqual(COUNT / 500);
  });

  test('of a backend that is let go are gone at once, and their memory is found in later turns', () => {
    const saints = filled();
    const heard: number[] = [];
    saints.onCountChanged((identity, count) => {
      if (identity === b1) heard.push(count);
    });
    expect(saints.lift(b1)).toBe(COUNT / 2);
    expect(heard).toEqual([0]);
    expect([saints.size, saints.count(b1, 0)]).toEqual([COUNT / 2, 0]);
    expect(saints.deniedFor(objects[0] as string, 0)).toBeUndefined();
    expect(listAll(saints, 0, { identity: b1 })).toEqual([]);
    // Listed anew it is a list of its own, and the search for what was let go does not touch it.
    saints.deny(b1, objects[2] as string, 5_000);
    expect(saints.nextDeadline()).toBe(Number.NEGATIVE_INFINITY);
    let turns = 0;
    for (; saints.nextDeadline() === Number.NEGATIVE_INFINITY; turns++) saints.expire(0, 1_000);
    expect(turns).toBeGreaterThan(COUNT / 2 / 1_000);
    expect(saints.count(b1, 0)).toBe(1);
    expect(saints.deniedFor(objects[2] as string, 0)).toEqual(new Set([b1]));
    saints.expire(20_000, ALL);
    expect([saints.size, saints.nextDeadline()]).toEqual([0, undefined]);
  });

  test('that are due at once are swept a share at a time, and each reader sweeps little', () => {
    const saints = filled();
    const now = 11_000;
    expect(saints.deniedFor(objects[0] as string, now)).toBeUndefined();
    saints.expire(now);
    expect(saints.size).toBeGreaterThan(COUNT - 100);
    let turns = 0;
    for (; saints.size > 0; turns++) saints.expire(now, 2_048);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(COUNT / 2_048));
    expect(saints.nextDeadline()).toBeUndefined();
  });
});
