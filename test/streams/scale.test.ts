/** A thousand identities in three configs, in simulated time: what is counted is what one config would cause. */
import { expect, test } from 'vitest';
import { recordsOf } from '../../src/actors/probe-window.ts';
import { backendOf, ControlWorld, describeConfig, probeOf } from '../support/control-world.ts';

const IDENTITIES = 1_000;
/** Milliseconds. A probe begins every 1,100: one interval after the end of the last. */
const INTERVAL = 1_000;
const ANSWER = 100;
const PERIOD = INTERVAL + ANSWER;

const names = Array.from({ length: IDENTITIES }, (_, i) => `b${i}`);

function configOf(name: string) {
  const probe = probeOf({ url: `/${name}`, intervalMs: INTERVAL });
  return describeConfig({
    backends: names.map((one) => backendOf(one, 8080, probe)),
    saintmodes: names.slice(0, 100).map((backend) => ({ name: `saint-${backend}`, backend, threshold: 10 })),
    directors: [
      {
        name: 'all',
        policy: { kind: 'random' },
        members: names.map((one, i) => ({ target: i < 100 ? `saint-${one}` : one, weight: 1 })),
      },
    ],
  });
}

test('three configs with the same thousand backends cause the probes of one, and leave nothing behind', async () => {
  const configs = { a: configOf('a'), b: configOf('b'), c: configOf('c') };
  const world = new ControlWorld({ configs, answersAfterMs: ANSWER });
  const { control, clock } = world;
  for (const name of ['a', 'b', 'c'] as const) await world.load(name);
  expect(control.sizes()).toMatchObject({
    backend: IDENTITIES,
    poller: IDENTITIES,
    saintmode: 300,
    director: 3,
  });

  /** Probes begun within so many periods, by URL. */
  const probesIn = (periods: number): Record<string, number> => {
    const before = world.started.length;
    clock.advance(periods * PERIOD);
    const counts: Record<string, number> = {};
    for (const { order } of world.started.slice(before)) {
      counts[order.probe.url] = (counts[order.probe.url] ?? 0) + 1;
    }
    return counts;
  };

  await control.use('a');
  clock.advance(PERIOD - 1);
  expect(probesIn(3)).toEqual({ '/a': 3 * IDENTITIES });
  expect(control.registry.snapshot('director', 'a@1/all')?.value).toBe('healthy');

  await control.use('b');
  world.settle();
  expect(probesIn(2)).toEqual({ '/b': 2 * IDENTITIES });

  await control.discard('a');
  await control.use('c');
  await control.discard('b');
  world.settle();
  expect(control.sizes()).toMatchObject({ backend: IDENTITIES, saintmode: 100, director: 1, config: 1 });
  expect(probesIn(2)).toEqual({ '/c': 2 * IDENTITIES });
  for (const identity of control.registry.ids('poller')) {
    expect(recordsOf(control.registry.snapshot('poller', identity)?.context.history)).toHaveLength(8);
  }

  const stopped = control.stop();
  world.settle();
  await stopped;
  expect(Object.entries(control.sizes()).filter(([, size]) => size > 0)).toEqual([]);
  expect(clock.pending).toBe(0);
  expect(probesIn(5)).toEqual({});
  expect(world.faults).toEqual([]);
});
