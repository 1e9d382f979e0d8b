/**
 * Scenarios with a plot: what chance would seldom put together, because it takes several events at the right time. They
 * are a small part of all; the others are what nobody has thought of.
 */
import fc, { type Arbitrary } from 'fast-check';
import { faultActs } from './faults.ts';
import { inTenths, JUST_AFTER_MS, longestInterval } from './pauses.ts';
import { about, pages, requests } from './requests.ts';
import type { Act, Scenario, ScenarioEvent } from './scenario.ts';
import type { Subject } from './subject.ts';

/** One place has one trouble, which stays; who comes then meets that, and nothing else. */
export function troubles({ backends, dictionary }: Subject, places: readonly string[]): Arbitrary<Scenario> {
  const trouble = faultActs(backends, places, dictionary).map((act): ScenarioEvent => {
    return { afterMs: 0, act: act.kind === 'fault' ? { ...act, forMs: undefined } : act };
  });
  const visit: Arbitrary<ScenarioEvent> = fc.record({
    afterMs: fc.oneof(
      fc.constantFrom(0, 1_000),
      inTenths(longestInterval(backends) * 2),
      fc.constant(65_000),
    ),
    act: requests(dictionary).map((request): Act => ({ kind: 'request', request })),
  });
  return fc.record({
    seed: fc.integer({ min: 0, max: 0xffff }),
    cacheControl: fc.constantFrom(undefined, 'max-age=5'),
    events: fc
      .tuple(trouble, fc.array(visit, { minLength: 1, maxLength: MOST_VISITS }))
      .map(([first, visits]) => [first, ...visits]),
  });
}

/** One page is asked for and purged, by clients that differ, while nothing else happens. */
export function purges({ dictionary }: Subject): Arbitrary<Scenario> {
  const visit: Arbitrary<ScenarioEvent> = fc
    .record({
      afterMs: fc.constantFrom(100, 1_000),
      method: fc.constantFrom('GET', 'PURGE'),
      request: requests(dictionary),
    })
    .map(({ afterMs, method, request }) => {
      return { afterMs, act: { kind: 'request', request: { ...request, method, times: 1, bodyBytes: 0 } } };
    });
  return fc.record({
    seed: fc.integer({ min: 0, max: 0xffff }),
    cacheControl: fc.constantFrom(undefined, 'max-age=60'),
    events: fc
      .tuple(pages(dictionary), fc.array(visit, { minLength: 3, maxLength: 2 * MOST_VISITS }))
      .map(([page, visits]) => visits.map((one) => about(page, one))),
  });
}

/** Some places are gone for a while, all of them at once; then it is calm, and who comes later finds them well. */
export function recoveries(
  { backends, dictionary }: Subject,
  places: readonly string[],
): Arbitrary<Scenario> {
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
export function expiries({ backends, dictionary }: Subject, places: readonly string[]): Arbitrary<Scenario> {
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
