/**
 * Invariants that no config can break, because Troupe sees to them, are shown on runs that are doctored afterwards: each
 * finds what was done to the run, and none of the others does.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveBackends } from '../../src/config/resolve-hosts.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { backend, defineConfig } from '../../src/index.ts';
import { invariant } from '../../src/prove/invariant.ts';
import { builtInInvariants } from '../../src/prove/invariants/built-in.ts';
import { loaderFor } from '../../src/prove/load-for-proof.ts';
import type { Run } from '../../src/prove/run.ts';
import { runScenario } from '../../src/prove/run-scenario.ts';
import type { ClientRequest, ScenarioEvent } from '../../src/prove/scenario.ts';
import { madeUpAddresses } from '../../src/simulation/made-up-addresses.ts';

const file = fileURLToPath(new URL('../../examples/prove/last-resort.fixed.vcl', import.meta.url));

const request: ClientRequest = {
  method: 'GET',
  url: '/',
  host: 'example.com',
  fields: [],
  client: '198.51.100.7',
  times: 1,
  bodyBytes: 0,
};

const get = (afterMs: number): ScenarioEvent => ({ afterMs, act: { kind: 'request', request } });

let run: Run;
beforeAll(async () => {
  const events: ScenarioEvent[] = [
    get(0),
    { afterMs: 1_000, act: { kind: 'fault', at: 'shop', fault: { kind: 'refuses' }, forMs: 20_000 } },
    get(10_000),
    get(20_000),
  ];
  run = await runScenario({ seed: 1, cacheControl: undefined, events }, await loaderFor(file));
});

/** Names of the invariants that a run breaks. */
function brokenBy(doctored: Run): string[] {
  return builtInInvariants.filter((one) => one.judge(doctored).finding !== undefined).map(({ name }) => name);
}

test('holds of a run in which a server is lost and comes back', () => {
  expect(brokenBy(run)).toEqual([]);
  expect(run.requests.map(({ status, written }) => [status, written?.backend])).toEqual([
    [200, 'shop'],
    [200, 'static_copy'],
    [200, 'shop'],
  ]);
});

test('a probe that is under way at the start ends like any other', async () => {
  const probe = { url: '/', interval: '100ms', timeout: '2s', window: 4, threshold: 2 } as const;
  const config = defineConfig({ backends: { quick: backend({ host: '10.0.0.1', probe }) } });
  const load = async () => ({ config, backends: await resolveBackends(config.backends, madeUpAddresses()) });
  const quick = await runScenario({ seed: 1, cacheControl: undefined, events: [get(1_000)] }, load);
  expect(quick.probes.filter(({ at }) => at < 0)).not.toHaveLength(0);
  expect(quick.probes.slice(0, -1).filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
  expect(brokenBy(quick)).toEqual([]);
});

test('a backend that an operator has ordered sick and well again at once was not there for who asked in between', async () => {
  const app = backend({ host: '10.0.0.1' });
  const config = defineConfig({ backends: { app }, recv: () => 'pass' });
  const load = async () => ({ config, backends: await resolveBackends(config.backends, madeUpAddresses()) });
  const order = (health: 'sick' | 'auto'): ScenarioEvent => ({
    afterMs: 0,
    act: { kind: 'operate', operation: { command: 'set-health', backend: 'app', health } },
  });
  const events = [order('sick'), get(0), order('auto')];
  const ordered = await runScenario({ seed: 1, cacheControl: undefined, events }, load);
  expect(ordered.requests.map(({ status }) => status)).toEqual([503]);
  expect(brokenBy(ordered)).toEqual([]);
});

describe('a poller too many', () => {
  const name = 'a backend is polled by one poller, as often as its probe says';

  test('that probes while a probe is under way', () => {
    const [first] = run.probes;
    if (first === undefined) throw new Error('nothing was probed');
    const second = { ...first, endedAt: undefined, isHappy: undefined };
    expect(brokenBy({ ...run, probes: [second, ...run.probes] })).toEqual([name]);
  });

  test('that probes before the interval is over', () => {
    const at = run.probes.findIndex(({ identity }) => identity.startsWith('static_copy'));
    const early = run.probes[at];
    if (early?.endedAt === undefined) throw new Error('nothing was probed');
    const again = { ...early, at: early.endedAt + 10, endedAt: early.endedAt + 16 };
    expect(brokenBy({ ...run, probes: run.probes.toSpliced(at + 1, 0, again) })).toEqual([name]);
  });

  test('with a probe that the config does not have', () => {
    const probes = run.probes.map((one) => ({ ...one, probe: { ...one.probe, url: '/other' } }));
    expect(brokenBy({ ...run, probes })).toEqual([name]);
  });
});

test('a backend that turns sick while its probes are good flaps faster than its window allows', () => {
  const health = run.health.findLast(({ identity }) => identity.startsWith('static_copy'))?.after;
  const identity = run.description.backends.find(({ name }) => name === 'static_copy')?.identity;
  if (health === undefined || identity === undefined) throw new Error('nothing is known of static_copy');
  const at = run.endedAt - 1;
  const flapped = {
    at,
    identity,
    before: health,
    after: { ...health, passing: false, polled: 'sick' as const },
  };
  expect(brokenBy({ ...run, health: [...run.health, flapped] })).toEqual([
    'health changes no faster than the window of the probe allows',
  ]);
});

test('copies of a config may have probes that differ, each for as long as it is in use', async () => {
  const [description] = run.descriptions.values();
  const [first] = run.probes;
  if (description === undefined || first === undefined) throw new Error('nothing was loaded');
  const other = { ...first.probe, url: '/other', window: 2, threshold: 1 };
  const copy = {
    ...description,
    backends: description.backends.map((one) => ({ ...one, probe: other })),
  };
  const at = run.endedAt + 10_000;
  const late = { ...first, at, endedAt: at + 6 };
  const doctored = {
    ...run,
    descriptions: new Map([...run.descriptions, [configKeyOf('v1', 2), copy]]),
    commands: [{ at: at - 5_000, what: 'use v1', refusal: undefined }],
  };
  expect(brokenBy({ ...doctored, probes: [...run.probes, { ...late, probe: other }] })).toEqual([]);
  expect(brokenBy({ ...doctored, probes: [...run.probes, late] })).toEqual([
    'a backend is polled by one poller, as often as its probe says',
  ]);
});

test('an actor that fails is a mistake of Troupe itself', () => {
  const breaches = [{ at: 5, what: 'backend b1: Error: no' }];
  expect(brokenBy({ ...run, breaches })).toEqual(['Troupe itself makes no mistake']);
});

test('an operation that has not ended at the end waits for ever', () => {
  expect(brokenBy({ ...run, peersPending: 1 })).toEqual([
    'every accepted operation of a peer ends, and causes no others without end',
  ]);
});

describe("a user's own invariant", () => {
  test.each([
    ['true', true, undefined],
    ['nothing', undefined, undefined],
    ['false', false, 'it does not hold that it holds'],
    ['a sentence', 'it was seen', 'it was seen'],
    ['a finding', { at: 3, message: 'at three' }, 'at three'],
  ] as const)('that returns %s', (_what, objection, message) => {
    expect(invariant('it holds', () => objection).judge(run).finding?.message).toBe(message);
  });
});
