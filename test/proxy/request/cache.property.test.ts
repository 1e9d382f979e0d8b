/**
 * The cache against a naive model, over random requests, answers, purges, aborts and time. The model keeps nothing
 * in order and forgets nothing: for each version of a body that an origin has sent it knows what was promised of it,
 * and it judges each answer that a client gets by that alone.
 */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { ObjectStore } from '../../../src/proxy/cache/object-store.ts';
import type { FakeExchange } from '../../support/fake-exchange.ts';
import type { FakeFetch } from '../../support/fake-transport.ts';
import { cachingWorld } from '../../support/proxy-world.ts';

const targets = ['/a', '/b'] as const;
const languages = ['en', 'de', undefined] as const;

interface Promise {
  /** Seconds; undefined: it is for one request only. */
  readonly maxAge: number | undefined;
  readonly grace: number;
  readonly varies: boolean;
  readonly hasTag: boolean;
  /** Whether its body comes with its head. */
  readonly isAtOnce: boolean;
}

/** What the model knows of one version of a body. */
interface Version extends Promise {
  readonly target: string;
  /** For whom the origin has sent or confirmed it. */
  readonly fits: ReadonlySet<string | undefined> | 'all';
  /** When its head came first. */
  readonly bornAt: number;
  /** When the origin sent it, or confirmed it last. */
  sentAt: number;
  /** When the request for it was begun. */
  askedAt: number;
  isBroken: boolean;
}

const promise: fc.Arbitrary<Promise> = fc.record({
  maxAge: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 4 }),
  grace: fc.constantFrom(0, 0, 10),
  varies: fc.boolean(),
  hasTag: fc.boolean(),
  isAtOnce: fc.boolean(),
});

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      target: fc.constantFrom(...targets),
      language: fc.constantFrom(...languages),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(), promise }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('more' as const), which: fc.nat(), isLast: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('purge' as const), target: fc.constantFrom(...targets) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.nat({ max: 15 }) }) },
);

interface Client {
  readonly exchange: FakeExchange;
  readonly target: string;
  readonly language: string | undefined;
  readonly askedAt: number;
}

/** Bytes in which all of a run has room. */
const ROOMY = 1_000_000;
/** Milliseconds for which it is remembered that something is not kept, and everybody may ask for it. */
const REMEMBERED_MS = 120_000;

/** What is in the store, and on its way there, added up. */
function bytesIn(store: ObjectStore): number {
  let bytes = 0;
  const { bytes: before } = store.figures();
  for (const { key, objects, fetches, marker } of store.entries()) {
    // Whatever rests is awake in this moment, and takes more.
    const more = store.figures().bytes - before;
    const coming = fetches.flatMap(({ object }) => object ?? []);
    for (const object of [...objects, ...coming]) {
      bytes += object.bytes - more;
      expect(object.bytes - more).toBeGreaterThan(
        key.length + object.written.length + (object.body.text?.length ?? object.body.bytes),
      );
    }
    if (more > 0) expect([objects.length, coming.length, marker]).toEqual([1, 0, undefined]);
    bytes += marker?.bytes ?? 0;
  }
  return bytes;
}

test.prop(
  [
    fc.array(step, { minLength: 1, maxLength: 80 }),
    fc.array(fc.boolean(), { minLength: 1 }),
    fc.constantFrom(2_500, 9_000, ROOMY),
  ],
  { numRuns: 400 },
)(
  'serves nothing stale beyond what was allowed, of no other variant, nothing purged, and forgets nobody',
  (steps, slowness, capacity) => {
    const world = cachingWorld({}, capacity);
    const { store } = world.plane as unknown as { readonly store: ObjectStore };
    const versions = new Map<string, Version>();
    const purgedAt = new Map<string, number>();
    const clients: Client[] = [];
    const judged = new Set<FakeExchange>();
    const heads = new Map<FakeFetch, Version>();
    // Each step has an instant of its own, so that "before" and "after" are what they say.
    let now = 0;
    const pass = (ms: number) => {
      world.clock.advance(ms);
      now += ms;
    };

    const open = () => world.transport.fetches.filter(({ isOver }) => !isOver);
    const languageOf = (fetch: FakeFetch) => fetch.request.fields.get('Accept-Language');
    const tagOf = (fetch: FakeFetch) => fetch.request.fields.get('If-None-Match');
    const askedAt = new Map<FakeFetch, number>();
    const renewedTags = new Set<string | undefined>();

    const judge = ({ exchange, target }: Client) => {
      const { answer } = exchange;
      if (judged.has(exchange) || answer === undefined || answer.state === 'under way') return;
      judged.add(exchange);
      if (answer.status !== 200) return;
      const name = answer.fields.get('X-Version') ?? '';
      const version = versions.get(name);
      expect(version, name).toBeDefined();
      if (version === undefined) return;
      expect(version.target).toBe(target);
      const whole = `${name}:${'x'.repeat(40)}`;
      if (answer.state === 'cut') expect(whole.startsWith(answer.body)).toBe(true);
      else expect(answer.body).toBe(version.isBroken ? 'never whole' : whole);
    };

    /** At the instant in which an answer has begun. */
    const judgeBegun = (client: Client) => {
      const { answer } = client.exchange;
      if (answer === undefined || answer.status !== 200) return;
      const version = versions.get(answer.fields.get('X-Version') ?? '');
      if (version === undefined) return;
      expect(version.fits === 'all' || version.fits.has(client.language), 'variant').toBe(true);
      const isOwn = version.askedAt >= client.askedAt || version.sentAt >= client.askedAt;
      const age = now - version.sentAt;
      const allowed = ((version.maxAge ?? 0) + version.grace) * 1_000;
      const isDisconnected = failedAt === now;
      if (!isOwn && !isDisconnected) expect(age, 'stale').toBeLessThan(allowed);
      // Whoever asked after a purge gets nothing that was asked for before it.
      const purged = purgedAt.get(client.target) ?? -1;
      if (client.askedAt > purged) expect(version.askedAt, 'purged').toBeGreaterThanOrEqual(purged);
      // And nobody at all gets what was there when it was purged, even if its origin says that it has not changed.
      expect(version.bornAt, 'purged before').toBeGreaterThan(purged);
    };
    let failedAt = -1;
    const begun = new Set<FakeExchange>();

    const check = () => {
      for (const fetch of world.transport.fetches) if (!askedAt.has(fetch)) askedAt.set(fetch, now);
      for (const client of clients) {
        if (client.exchange.answer !== undefined && !begun.has(client.exchange)) {
          begun.add(client.exchange);
          judgeBegun(client);
        }
        judge(client);
        expect(client.exchange.breaches).toEqual([]);
      }
      const bytes = store.figures().bytes;
      expect(bytes).toBeLessThanOrEqual(capacity);
      // More counts only while somebody reads what was taken out.
      const isRead = clients.some(
        ({ exchange }) => exchange.answer?.state === 'under way' && !exchange.isOver,
      );
      const counted = bytesIn(store);
      if (isRead) expect(bytes).toBeGreaterThanOrEqual(counted);
      else expect(bytes).toBe(counted);
    };

    /** When each object was last known to be for one request only, or to be stale from the start. */
    const notKeptAt = new Map<string, number>();
    /** How many ask for the same, of whom no answer has come; what was purged meanwhile does not count. */
    const asking = (target: string, language: string | undefined) =>
      open().filter(
        (fetch) =>
          !heads.has(fetch) &&
          fetch.request.path === target &&
          languageOf(fetch) === language &&
          (askedAt.get(fetch) ?? now) > (purgedAt.get(target) ?? -1),
      ).length;

    let number = 0;
    const more = (fetch: FakeFetch, isLast: boolean) => {
      if (!heads.has(fetch) || fetch.isOver) return;
      if (!isLast) return;
      fetch.data('x'.repeat(25)).data('x'.repeat(15)).end();
    };
    const answer = (fetch: FakeFetch, given: Promise) => {
      if (heads.has(fetch)) return;
      const target = fetch.request.path;
      const delay = now - (askedAt.get(fetch) ?? now);
      if ((given.maxAge ?? 0) * 1_000 <= delay) notKeptAt.set(target, now);
      const tag = tagOf(fetch);
      const before = tag === undefined ? undefined : versions.get(tag.slice(1, -1));
      const fieldsOf = (varies: boolean) => [
        'Cache-Control',
        given.maxAge === undefined
          ? 'private'
          : `max-age=${given.maxAge}, stale-while-revalidate=${given.grace}`,
        ...(varies ? ['Vary', 'Accept-Language'] : []),
      ];
      // Half of those that are asked about have not changed.
      if (before !== undefined && number++ % 2 === 0) {
        const asker = languageOf(fetch);
        const own = before.fits === 'all' ? [] : before.fits;
        // An origin may begin to say that it chooses, but only once, where that is kept, and not deny it in another
        // answer about the same at the time.
        const isOnly = open().every((other) => other === fetch || heads.has(other) || tagOf(other) !== tag);
        const mayBegin = isOnly && given.maxAge !== undefined && !renewedTags.has(tag);
        const saysSo = given.varies && (before.varies || mayBegin);
        renewedTags.add(tag);
        const varies = before.varies || saysSo;
        const fits = varies ? new Set([...own, asker]) : 'all';
        const times = { sentAt: now, askedAt: askedAt.get(fetch) ?? now };
        const renewed: Version = { ...before, ...given, varies, fits, ...times, isBroken: false };
        const name = tag?.slice(1, -1) ?? '';
        versions.set(name, renewed);
        heads.set(fetch, renewed);
        fetch.head(304, [...fieldsOf(saysSo), 'ETag', tag ?? '']).end();
        // Of what was purged meanwhile the whole is asked for, still on behalf of those who asked before.
        if (times.askedAt <= (purgedAt.get(target) ?? -1)) {
          for (const other of world.transport.fetches)
            if (!askedAt.has(other)) askedAt.set(other, times.askedAt);
        }
        return;
      }
      const name = `v${++number}`;
      const times = { sentAt: now, askedAt: askedAt.get(fetch) ?? now };
      const fits = given.varies ? new Set([languageOf(fetch)]) : 'all';
      const version: Version = { ...given, target, fits, ...times, bornAt: now, isBroken: false };
      versions.set(name, version);
      heads.set(fetch, version);
      const tagged = given.hasTag ? ['ETag', `"${name}"`] : [];
      const told = [...fieldsOf(given.varies), 'X-Version', name, ...tagged];
      if (given.isAtOnce) fetch.answer(200, `${name}:${'x'.repeat(40)}`, told);
      else fetch.head(200, told).data(`${name}:`);
    };
    steps.forEach((one, i) => {
      pass(1);
      const fetches = open();
      const fetch = 'which' in one ? fetches[one.which % Math.max(1, fetches.length)] : undefined;
      switch (one.do) {
        case 'request': {
          const { target, language } = one;
          const fields = [
            'Host',
            'example.com',
            ...(language === undefined ? [] : ['Accept-Language', language]),
          ];
          const exchange = world.request({ target, fields });
          exchange.takesMore = slowness[i % slowness.length] ?? true;
          clients.push({ exchange, target, language, askedAt: now });
          const isKnown = now - (notKeptAt.get(target) ?? Number.NEGATIVE_INFINITY) <= REMEMBERED_MS;
          if (capacity === ROOMY && !isKnown) {
            expect(asking(target, language), 'fetches of one object').toBeLessThanOrEqual(1);
          }
          break;
        }
        case 'answer':
          if (fetch !== undefined) answer(fetch, one.promise);
          break;
        case 'more':
          if (fetch !== undefined) more(fetch, one.isLast);
          break;
        case 'fail':
          failedAt = now;
          if (fetch !== undefined) {
            const version = heads.get(fetch);
            if (version !== undefined) version.isBroken = true;
            fetch.fail();
          }
          break;
        case 'abort':
          clients[one.which % Math.max(1, clients.length)]?.exchange.abort();
          break;
        case 'drain':
          clients[one.which % Math.max(1, clients.length)]?.exchange.drain();
          break;
        case 'purge':
          purgedAt.set(one.target, now);
          world.plane.purge([one.target, 'example.com']);
          break;
        case 'pass':
          pass(one.seconds * 1_000);
          break;
      }
      check();
    });

    // At the end everything is answered, and everybody reads.
    for (let round = 0; round < 200 && open().length > 0; round++) {
      pass(1);
      for (const fetch of open()) {
        answer(fetch, { maxAge: 5, grace: 0, varies: false, hasTag: false, isAtOnce: false });
        more(fetch, true);
      }
      check();
    }
    for (const { exchange } of clients) exchange.drain();
    check();
    for (const { exchange } of clients) expect(exchange.isOver).toBe(true);
    expect(world.plane.figures().traffic.inFlight).toBe(0);
    // What was counted is what was there.
    for (const target of targets) world.plane.purge([target, 'example.com']);
    expect(world.plane.figures().cache).toMatchObject({ objects: 0, bytes: 0 });
  },
);
