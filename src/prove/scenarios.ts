/**
 * Scenarios made by chance, for one config: requests of words that it names, faults of its origins, orders of
 * operators, in such steps of time as matter to its probes. Everything shrinks towards less: fewer events, one
 * client, one plain URL, a fault that stays.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { ResolvedBackend } from '../config/declaration.ts';
import { isLoopback } from '../simulation/made-up-addresses.ts';
import { hostOf } from '../simulation/network.ts';
import { faultActs } from './faults.ts';
import { pauses } from './pauses.ts';
import { expiries, purges, recoveries, troubles } from './plots.ts';
import { about, pages, requests } from './requests.ts';
import type { Act, Operation, Scenario, ScenarioEvent } from './scenario.ts';
import type { Subject } from './subject.ts';

/** Events of one scenario, at most. */
const MOST_EVENTS = 24;
/** Places whose loss alone is tried, at most: more are tried in the storm. */
const MOST_SINGLE_LOSSES = 16;

export function scenarios(subject: Subject): Arbitrary<Scenario> {
  const places = placesOf(subject.backends);
  const one = places.slice(0, MOST_SINGLE_LOSSES).map((place) => scenariosWith(subject, [place]));
  return fc.oneof(
    // What goes wrong in a calm is the config's own doing,
    { weight: 2, arbitrary: scenariosWith(subject, []) },
    // a director is there to bear the loss of any one member,
    ...(one.length === 0 ? [] : [{ weight: 3, arbitrary: fc.oneof(...one) }]),
    // or any one trouble that nobody puts right,
    ...(places.length === 0 ? [] : [{ weight: 2, arbitrary: troubles(subject, places) }]),
    // what was lost for a moment comes back,
    ...(places.length === 0 ? [] : [{ weight: 1, arbitrary: recoveries(subject, places) }]),
    // what is purged may be kept in several ways,
    ...(subject.dictionary.methods.includes('PURGE') ? [{ weight: 1, arbitrary: purges(subject) }] : []),
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
