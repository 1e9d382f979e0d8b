/**
 * Scenarios made by chance, for one config: requests of words that it names, faults of its origins, orders of
 * operators, in such steps of time as matter to its probes. Everything shrinks towards less: fewer events, one
 * client, one plain URL, a fault that stays.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { ResolvedBackend } from '../config/declaration.ts';
import type { Fault } from '../simulation/fault.ts';
import { isLoopback } from '../simulation/made-up-addresses.ts';
import { hostOf } from '../simulation/network.ts';
import type { Dictionary } from './dictionary.ts';
import type { Act, ClientRequest, Operation, Scenario, ScenarioEvent } from './scenario.ts';

/** Events of one scenario, at most. */
const MOST_EVENTS = 24;
/** Places whose loss alone is tried, at most: more are tried in the storm. */
const MOST_SINGLE_LOSSES = 16;
/** Clients at the same time, at most: more than a limit that was set by mistake, fewer than a real one. */
const MOST_AT_ONCE = 32;

export interface Subject {
  readonly backends: readonly ResolvedBackend[];
  readonly dictionary: Dictionary;
}

export function scenarios(subject: Subject): Arbitrary<Scenario> {
  const places = placesOf(subject.backends);
  const one = places.slice(0, MOST_SINGLE_LOSSES).map((place) => scenariosWith(subject, [place]));
  return fc.oneof(
    // What goes wrong in a calm is the config's own doing,
    { weight: 2, arbitrary: scenariosWith(subject, []) },
    // a director is there to bear the loss of any one member,
    ...(one.length === 0 ? [] : [{ weight: 3, arbitrary: fc.oneof(...one) }]),
    // what was lost for a moment comes back,
    ...(places.length === 0 ? [] : [{ weight: 1, arbitrary: recoveries(subject, places) }]),
    // what is kept runs out while a server is away,
    ...(places.length === 0 || subject.dictionary.durationsMs.length === 0
      ? []
      : [{ weight: 1, arbitrary: expiries(subject, places) }]),
    // and what is known, stored and denied is tried by everything at once.
    ...(places.length === 0 ? [] : [{ weight: 4, arbitrary: scenariosWith(subject, places) }]),
  );
}

/** Names of the backends, and addresses of hosts that several of them are on. */
function placesOf(backends: readonly ResolvedBackend[]): string[] {
  const hosts = [...new Set(backends.map(({ addresses }) => hostOf(addresses) ?? '127.0.0.1'))];
  const shared = hosts.filter(
    (host) => !isLoopback(host) && backends.filter(({ addresses }) => hostOf(addresses) === host).length > 1,
  );
  return [...backends.map(({ name }) => name), ...shared];
}

/** @param places that may suffer faults */
function scenariosWith(subject: Subject, places: readonly string[]): Arbitrary<Scenario> {
  const event: Arbitrary<ScenarioEvent> = fc.record({
    afterMs: pauses(subject),
    act: acts(subject, places),
  });
  return fc
    .record({
      seed: fc.integer({ min: 0, max: 0xffff }),
      cacheControl: fc.constantFrom(undefined, 'max-age=5', 'max-age=60'),
      page: fc.option(pages(subject.dictionary), { nil: undefined, freq: 1 }),
      events: fc.array(event, { minLength: 1, maxLength: MOST_EVENTS, size: 'max' }),
    })
    .map(({ seed, cacheControl, page, events }) => {
      return {
        seed,
        cacheControl,
        events: page === undefined ? events : events.map((one) => about(page, one)),
      };
    });
}

interface Page {
  readonly url: string;
  readonly host: string;
}

/** An event that is about that page: what is kept, purged, denied or broken is often met again there only. */
function about({ url, host }: Page, { afterMs, act }: ScenarioEvent): ScenarioEvent {
  if (act.kind === 'request') return { afterMs, act: { ...act, request: { ...act.request, url, host } } };
  if (act.kind === 'fault' && 'url' in act.fault) {
    return { afterMs, act: { ...act, fault: { ...act.fault, url: url.replace(/\?.*/, '') } } };
  }
  return { afterMs, act };
}

/** Some places are gone for a while, all of them at once; then it is calm, and who comes later finds them well. */
function recoveries({ backends, dictionary }: Subject, places: readonly string[]): Arbitrary<Scenario> {
  const interval = longestInterval(backends);
  const some: Arbitrary<readonly string[]> = fc.subarray([...places], { minLength: 1 });
  const loss = fc.record({
    lost: fc.oneof(fc.constant(places), some),
    forMs: inTenths(interval * 2),
  });
  const visit: Arbitrary<ScenarioEvent> = fc.record({
    afterMs: fc.oneof(inTenths(interval * 2), fc.constantFrom(65_000, QUIET_MS)),
    act: requests(dictionary).map((request): Act => ({ kind: 'request', request })),
  });
  return fc
    .record({
      seed: fc.integer({ min: 0, max: 0xffff }),
      cacheControl: fc.constantFrom(undefined, 'max-age=5'),
      loss,
      visits: fc.array(visit, { minLength: 1, maxLength: MOST_VISITS }),
    })
    .map(({ seed, cacheControl, loss: { lost, forMs }, visits }) => ({
      seed,
      cacheControl,
      events: [
        ...lost.map(
          (at): ScenarioEvent => ({
            afterMs: 0,
            act: { kind: 'fault', at, fault: { kind: 'refuses' }, forMs },
          }),
        ),
        ...visits,
      ],
    }));
}

/** A page is asked for; a server goes down shortly before what was kept of it has run out, and somebody asks again. */
function expiries({ backends, dictionary }: Subject, places: readonly string[]): Arbitrary<Scenario> {
  const { durationsMs } = dictionary;
  const request = requests(dictionary).map((one): Act => {
    return { kind: 'request', request: { ...one, method: 'GET', bodyBytes: 0, times: 1 } };
  });
  return fc
    .record({
      seed: fc.integer({ min: 0, max: 0xffff }),
      request,
      at: fc.constantFrom(...places),
      lifeMs: fc.constantFrom(...durationsMs),
      // Such as a grace after a ttl.
      moreMs: fc.constantFrom(0, ...durationsMs),
      beforeMs: inTenths(longestInterval(backends)),
    })
    .map(({ seed, request: act, at, lifeMs, moreMs, beforeMs }) => {
      const end = lifeMs + moreMs;
      const lost = Math.min(beforeMs, end);
      const fault: Act = { kind: 'fault', at, fault: { kind: 'refuses' }, forMs: undefined };
      return {
        seed,
        cacheControl: undefined,
        events: [
          { afterMs: 0, act },
          { afterMs: end - lost, act: fault },
          { afterMs: lost + JUST_AFTER_MS, act },
        ],
      };
    });
}

/** Milliseconds in which whatever was lost for a moment should be back. */
const QUIET_MS = 6 * 60_000;
const MOST_VISITS = 4;

/** Milliseconds between two probes of whoever is probed least often. */
function longestInterval(backends: readonly ResolvedBackend[]): number {
  return Math.max(1_000, ...backends.map(({ probe }) => probe?.intervalMs ?? 0));
}

/**
 * Steps of time: none, less than a probe takes, about an interval, enough for a verdict, and a moment longer than what
 * the config says that something lasts.
 */
function pauses({ backends, dictionary: { durationsMs } }: Subject): Arbitrary<number> {
  const probes = backends.flatMap(({ probe }) => (probe === undefined ? [] : [probe]));
  const interval = Math.max(500, ...probes.map(({ intervalMs }) => intervalMs));
  const verdict = Math.max(
    1_000,
    ...probes.map(({ intervalMs, timeoutMs, window }) => (intervalMs + timeoutMs) * window),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 50, 200, 1_000) },
    { weight: 3, arbitrary: inTenths(interval * 2) },
    { weight: 2, arbitrary: inTenths(Math.min(verdict, 120_000)) },
    { weight: 1, arbitrary: fc.constantFrom(6_000, 16_000, 65_000) },
    ...(durationsMs.length === 0
      ? []
      : [{ weight: 2, arbitrary: fc.constantFrom(...durationsMs.map((ms) => ms + JUST_AFTER_MS)) }]),
  );
}

/** Milliseconds. */
const JUST_AFTER_MS = 100;

/** Times up to a bound, in tenths of seconds, so that stories are easy to read. */
function inTenths(most: number): Arbitrary<number> {
  return fc.integer({ min: 0, max: Math.ceil(most / 100) }).map((tenths) => tenths * 100);
}

function acts({ backends, dictionary }: Subject, places: readonly string[]): Arbitrary<Act> {
  const request = requests(dictionary).map((one): Act => ({ kind: 'request', request: one }));
  const kinds = [{ weight: 10, arbitrary: request }];
  if (places.length > 0) kinds.push({ weight: 5, arbitrary: faultActs(backends, places, dictionary) });
  kinds.push({
    weight: 2,
    // An order about health is a loss, and there is none in a calm.
    arbitrary: operations(places.length === 0 ? [] : backends).map((operation) => ({
      kind: 'operate',
      operation,
    })),
  });
  return fc.oneof(...kinds);
}

function pages({ urls, hosts }: Dictionary): Arbitrary<Page> {
  const url = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('/', '/a', '/b') },
    ...(urls.length === 0 ? [] : [{ weight: 5, arbitrary: urlsOf(urls) }]),
  );
  const host = fc.oneof(
    { weight: 6, arbitrary: fc.constant('example.com') },
    ...(hosts.length === 0 ? [] : [{ weight: 6, arbitrary: fc.constantFrom(...hosts) }]),
    { weight: 1, arbitrary: fc.constant('Example.COM') },
  );
  return fc.record({ url, host });
}

function requests(dictionary: Dictionary): Arbitrary<ClientRequest> {
  const { methods, fields, likelyFields, clients } = dictionary;
  const method = fc.oneof(
    { weight: 12, arbitrary: fc.constant('GET') },
    { weight: 1, arbitrary: fc.constant('HEAD') },
    { weight: 2, arbitrary: fc.constant('POST') },
    ...(methods.length === 0 ? [] : [{ weight: 4, arbitrary: fc.constantFrom(...methods) }]),
  );
  const none: readonly string[] = [];
  const pair = (from: Dictionary['fields']) => fc.constantFrom(...from).map(([name, value]) => [name, value]);
  const field = fc.oneof(
    { weight: 4, arbitrary: fc.constant(none) },
    ...(likelyFields.length === 0 ? [] : [{ weight: 3, arbitrary: pair(likelyFields) }]),
    ...(fields.length === 0 ? [] : [{ weight: 1, arbitrary: pair(fields) }]),
  );
  const times = fc.oneof(
    { weight: 8, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: MOST_AT_ONCE }) },
  );
  const client = fc.oneof(
    { weight: 3, arbitrary: fc.constant('198.51.100.7') },
    ...(clients.length === 0 ? [] : [{ weight: 3, arbitrary: fc.constantFrom(...clients) }]),
  );
  const page = pages(dictionary);
  return fc.record({ method, page, fields: field, client, times }).map(({ page: { url, host }, ...one }) => ({
    ...one,
    url,
    host,
    bodyBytes: one.method === 'POST' ? 16 : 0,
  }));
}

/** A path that is named, or one below it. */
function urlsOf(urls: readonly string[]): Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...urls),
      fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.constantFrom('/x', '?q=1')),
    )
    .map(([url, more]) => (url.endsWith('/') && more.startsWith('/') ? url + more.slice(1) : url + more));
}

function faultActs(
  backends: readonly ResolvedBackend[],
  places: readonly string[],
  { urls }: Dictionary,
): Arbitrary<Act> {
  const at = fc.constantFrom(...places);
  const interval = longestInterval(backends);
  const url = fc.constantFrom('/', '/a', ...urls);
  const fault: Arbitrary<Fault> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault>({ kind: 'refuses' }) },
    { weight: 2, arbitrary: fc.constant<Fault>({ kind: 'fails', status: 503 }) },
    { weight: 3, arbitrary: url.map((one): Fault => ({ kind: 'fails', status: 500, url: one })) },
    { weight: 2, arbitrary: fc.constantFrom(100, 1_500, 8_000).map((ms): Fault => ({ kind: 'slow', ms })) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'resets' }) },
    { weight: 1, arbitrary: url.map((one): Fault => ({ kind: 'resets', url: one })) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'hangs' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'vanishes' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'cuts' }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'flaps', periodMs: interval }) },
  );
  const forMs = fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: inTenths(interval * 10) },
  );
  return fc.record({ kind: fc.constant('fault' as const), at, fault, forMs });
}

function operations(backends: readonly ResolvedBackend[]): Arbitrary<Operation> {
  const names = backends.map(({ name }) => name);
  const command = fc.constantFrom<Operation>(
    { command: 'reload' },
    { command: 'load' },
    { command: 'use' },
    { command: 'discard' },
  );
  if (names.length === 0) return command;
  const setHealth = fc.record({
    command: fc.constant('set-health' as const),
    backend: fc.constantFrom(...names),
    health: fc.constantFrom('sick' as const, 'healthy' as const, 'auto' as const, 'drain' as const),
  });
  return fc.oneof({ weight: 3, arbitrary: command }, { weight: 2, arbitrary: setHealth });
}
