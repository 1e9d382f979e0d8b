import { EMPTY } from 'rxjs';
import { expect, test } from 'vitest';
import type { Operated } from '../../../src/admin/http/operated.ts';
import { TransitionRecord } from '../../../src/admin/http/transition-record.ts';
import { backendOf, ControlWorld, describeConfig, probeOf } from '../../support/control-world.ts';

const backends = [backendOf('b1', 8_000, probeOf({ intervalMs: 100 }))];

function operatedIn(world: ControlWorld): Operated {
  const unused = () => {
    throw new Error('not asked for here');
  };
  return {
    control: world.control,
    clock: world.clock,
    stats: unused,
    failedRequests: unused,
    load: unused,
    use: unused,
    discard: unused,
    setState: unused,
    purge: unused,
    ban: unused,
    keepTimes: unused,
    failedRequests$: EMPTY,
    isClosing: false,
  };
}

test('keeps the last eight steps of each actor, however many there were', async () => {
  const world = new ControlWorld({ configs: { a: describeConfig({ backends }) }, answersAfterMs: 1 });
  const record = new TransitionRecord(operatedIn(world));
  await world.load('a');
  world.clock.advance(10_000);
  const steps = record.of('poller', 'b1(127.0.0.1:8000,)');
  expect(steps).toHaveLength(8);
  expect(steps.map(({ event }) => event)).toEqual([
    ...['timer.fired', 'probe.answered', 'timer.fired', 'probe.answered'],
    ...['timer.fired', 'probe.answered', 'timer.fired', 'probe.answered'],
  ]);
  expect(steps.at(-1)).toMatchObject({ before: 'probing', after: 'scheduled' });
  expect(record.of('poller', 'nobody')).toEqual([]);
  record.close();
  world.control.close();
});

test('nothing is kept of actors that ended, in the long run, nor listened for once it is closed', async () => {
  const count = 3_000;
  const names = Array.from({ length: count }, (_, i) => `c${i}`);
  const configs = Object.fromEntries(names.map((name) => [name, describeConfig({ backends })]));
  const world = new ControlWorld({ configs, answersAfterMs: 1 });
  const record = new TransitionRecord(operatedIn(world));
  for (const name of names) {
    await world.load(name);
    await world.control.discard(name);
    world.settle();
  }
  // 1,024 more than there were at the last look.
  expect(record.size).toBeLessThan(1_100);
  record.close();
  expect(record.size).toBe(0);
  world.control.close();
});
