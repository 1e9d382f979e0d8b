import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { peerPoolMachine, THREAD_IDLE_MS } from '../../src/actors/peer-pool.ts';
import { leavers, spareThreads, wantedThreads } from '../../src/actors/peer-scaling.ts';
import { lintMachine } from '../support/machine-lint.ts';

test('hears what it declares', () => {
  lintMachine(peerPoolMachine, [
    'peer.threads-set',
    'peer.load',
    'peer.closed',
    'worker.started',
    'worker.died',
    'worker.ended',
    'actor.restored',
  ]);
  expect(THREAD_IDLE_MS).toBe(10_000);
});

const load = fc
  .record({
    min: fc.integer({ min: 1, max: 8 }),
    more: fc.integer({ min: 0, max: 8 }),
    threads: fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 16 }),
    pending: fc.nat({ max: 50 }),
    busy: fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 16 }),
  })
  .map(({ more, ...rest }) => ({ ...rest, max: rest.min + more }));

property.prop([load])('wants a number within the limits, and grows only while operations wait', (one) => {
  const wanted = wantedThreads(one);
  expect(wanted).toBeGreaterThanOrEqual(one.min);
  expect(wanted).toBeLessThanOrEqual(one.max);
  if (one.pending === 0) expect(wanted).toBeLessThanOrEqual(Math.max(one.min, one.threads.length));
});

property.prop([load])(
  'spares none while operations wait, none that is needed, and none below the minimum',
  (one) => {
    const spare = spareThreads(one);
    const busy = one.threads.filter((thread) => one.busy.includes(thread)).length;
    expect(spare).toBeGreaterThanOrEqual(0);
    if (one.pending > 0) expect(spare).toBe(0);
    else if (spare > 0) expect(one.threads.length - spare).toBe(Math.max(one.min, busy));
  },
);

property.prop([load, fc.nat({ max: 16 })])('ends idle threads before busy ones', (one, count) => {
  const ended = leavers(one, count);
  expect(ended).toHaveLength(Math.min(count, one.threads.length));
  const isBusy = (thread: number) => one.busy.includes(thread);
  const staysIdle = one.threads.some((thread) => !ended.includes(thread) && !isBusy(thread));
  if (staysIdle) expect(ended.filter(isBusy)).toEqual([]);
});
