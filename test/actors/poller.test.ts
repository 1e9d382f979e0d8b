/** The poller alone, in simulated time: it is given probes and answers, and asks for one probe at a time. */
import { expect, test } from 'vitest';
import { pollerMachine } from '../../src/actors/poller.ts';
import { recordsOf } from '../../src/actors/probe-window.ts';
import type { ProbeDeclaration } from '../../src/config/declaration.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { type Addresses, identityOf } from '../../src/identity.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { probeOf, probeResult } from '../support/control-world.ts';
import { lintMachine } from '../support/machine-lint.ts';

const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 };
const identity = identityOf('b1', addresses);
const hostHeader = 'example.org';

function startPoller() {
  const poller = startInTime(pollerMachine, { identity, addresses });
  const { actor, clock } = poller;
  return {
    ...poller,
    elect: (name: string, probe: ProbeDeclaration) =>
      actor.send({ type: 'poller.elect', config: configKeyOf(name, 1), probe, hostHeader, at: clock.now() }),
    dismiss: () => actor.send({ type: 'poller.dismiss', at: clock.now() }),
    answer: (happy: boolean, attempt = actor.getSnapshot().context.attempt) =>
      actor.send({ type: 'probe.answered', attempt, result: probeResult(happy), at: clock.now() }),
    state: () => actor.getSnapshot().value,
    context: () => actor.getSnapshot().context,
  };
}

const every = (intervalMs: number, changes: Partial<ProbeDeclaration> = {}) =>
  probeOf({ intervalMs, window: 4, threshold: 2, initial: 0, ...changes });

test('says all that the compiler does not see', () => {
  lintMachine(pollerMachine, [
    'poller.elect',
    'poller.dismiss',
    'poller.retire',
    'actor.restored',
    'probe.answered',
  ]);
});

test('probes at once when first elected, then one interval after the end of each probe', () => {
  const { clock, elect, answer, heard, state } = startPoller();
  elect('a', every(1_000));
  expect(heard()).toEqual([
    { type: 'health.concluded', identity, polled: 'unprobed', passing: false, at: 0 },
  ]);
  clock.advance(0);
  expect(heard()).toMatchObject([{ type: 'probe.wanted', attempt: 1, at: 0, hostHeader, addresses }]);
  clock.advance(700);
  answer(true);
  expect(state()).toBe('scheduled');
  heard();
  clock.advance(999);
  expect(heard()).toEqual([]);
  clock.advance(1);
  expect(heard()).toMatchObject([{ type: 'probe.wanted', attempt: 2, at: 1_700 }]);
});

test('tells every result, and a verdict only when it changes', () => {
  const { clock, elect, answer, heard } = startPoller();
  elect('a', every(1_000));
  const types: string[][] = [];
  for (const happy of [true, true, true, false, false, false]) {
    clock.advance(1_000);
    heard();
    answer(happy);
    types.push(heard().map((one) => (one.type === 'health.concluded' ? one.polled : one.type)));
  }
  expect(types).toEqual([
    ['probe.recorded', 'sick'],
    ['probe.recorded', 'healthy'],
    ['probe.recorded'],
    ['probe.recorded'],
    ['probe.recorded'],
    ['probe.recorded', 'sick'],
  ]);
});

test('re-election keeps the history and applies the new window and threshold at once, without a probe', () => {
  const { clock, elect, answer, heard, context } = startPoller();
  elect('a', every(1_000));
  clock.advance(0);
  answer(true);
  clock.advance(1_000);
  answer(true);
  heard();
  elect('b', every(1_000, { window: 8, threshold: 5 }));
  expect(heard()).toMatchObject([{ type: 'health.concluded', polled: 'sick', passing: false }]);
  expect(recordsOf(context().history)).toHaveLength(2);
  elect('a', every(1_000));
  expect(heard()).toMatchObject([{ type: 'health.concluded', polled: 'healthy', passing: true }]);
});

test('an elected probe with a shorter interval is used as soon as that has passed', () => {
  const { clock, elect, answer, heard } = startPoller();
  elect('a', every(60_000));
  clock.advance(0);
  answer(true);
  clock.advance(400);
  heard();
  elect('b', every(1_000));
  clock.advance(599);
  expect(heard()).toEqual([]);
  clock.advance(1);
  expect(heard()).toMatchObject([{ type: 'probe.wanted', config: 'b@1' }]);
});

test('a probe under way is called off with its election, and a late answer to it counts for nothing', () => {
  const { clock, elect, dismiss, answer, heard, context } = startPoller();
  elect('a', every(1_000));
  clock.advance(0);
  heard();
  dismiss();
  expect(heard()).toMatchObject([{ type: 'probe.unwanted', identity, attempt: 1 }]);
  answer(true, 1);
  elect('b', every(1_000));
  clock.advance(1_000);
  answer(true, 1);
  expect(recordsOf(context().history)).toEqual([]);
  expect(context().attempt).toBe(2);
});

test('after a dismissal the verdict is told anew, from the history kept', () => {
  const { clock, elect, dismiss, answer, heard } = startPoller();
  elect('a', every(1_000));
  for (let i = 0; i < 2; i++) {
    clock.advance(1_000);
    answer(true);
  }
  dismiss();
  heard();
  elect('a', every(1_000));
  expect(heard()).toMatchObject([{ type: 'health.concluded', polled: 'healthy', passing: true }]);
});

test('restored while it waits, it waits for what is left; restored while it probes, one interval', () => {
  const { clock, elect, answer, actor, heard, state } = startPoller();
  elect('a', every(1_000));
  clock.advance(0);
  answer(true);
  clock.advance(600);
  heard();
  actor.send({ type: 'actor.restored', at: clock.now() });
  clock.advance(400);
  expect(heard()).toMatchObject([{ type: 'probe.wanted', at: 1_000 }]);
  clock.advance(50);
  actor.send({ type: 'actor.restored', at: clock.now() });
  expect(state()).toBe('scheduled');
  clock.advance(999);
  expect(heard()).toEqual([]);
  clock.advance(1);
  expect(heard()).toMatchObject([{ type: 'probe.wanted', at: 2_050 }]);
});

test.each(['idle', 'scheduled', 'probing'])('retires from %s and leaves nothing behind', (from) => {
  const { clock, elect, actor, said } = startPoller();
  if (from !== 'idle') elect('a', every(1_000));
  if (from === 'probing') clock.advance(0);
  actor.send({ type: 'poller.retire' });
  expect(actor.getSnapshot().status).toBe('done');
  expect(clock.pending).toBe(0);
  expect(said.some(({ type }) => type === 'probe.unwanted')).toBe(from === 'probing');
});

test('a flood of elections neither starves nor floods probing', () => {
  const { clock, elect, answer, said } = startPoller();
  const starts = () => said.filter(({ type }) => type === 'probe.wanted');
  for (let ms = 0; ms < 8_000; ms++) {
    elect(`config${ms % 7}`, every(1_000, { url: `/${ms % 7}` }));
    elect('again', every(1_000));
    const before = starts().length;
    clock.advance(1);
    if (starts().length > before) answer(true);
  }
  const times = starts().map(({ at }) => at);
  // Each probe is answered 0 to 1 ms after its start.
  expect(times.length).toBeGreaterThanOrEqual(7);
  times.slice(1).forEach((at, i) => {
    expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });
});
