/** Timers: many on one of the clock's, against a list that is sorted anew each time. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { Timers } from '../../src/streams/timers.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('set' as const), ms: fc.nat(20), sets: fc.option(fc.nat(5)) }),
    fc.record({ do: fc.constant('cancel' as const), which: fc.nat(40) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(10) }),
  ),
  { maxLength: 80 },
);

interface Waiting {
  readonly id: number;
  readonly due: number;
  readonly sets: number | null;
}

/** What fires until `end`, first due first, first set first. */
function fireNaively(waiting: Waiting[], end: number, fired: string[], next: () => number): void {
  for (;;) {
    waiting.sort((a, b) => a.due - b.due || a.id - b.id);
    const [first] = waiting;
    if (first === undefined || first.due > end) return;
    waiting.shift();
    fired.push(`${first.id} at ${first.due}`);
    if (first.sets !== null) waiting.push({ id: next(), due: first.due + first.sets, sets: null });
  }
}

test.prop([steps])(
  'each fires at its time and in its order, unless cancelled; the clock has one for all',
  (sequence) => {
    const clock = new SimulatedClock();
    const timers = new Timers(clock);
    const cancels: (() => void)[] = [];
    const fired: string[] = [];
    const set = (ms: number, sets: number | null): void => {
      const id = cancels.length;
      cancels.push(
        timers.after(ms, () => {
          fired.push(`${id} at ${clock.now()}`);
          if (sets !== null) set(sets, null);
        }),
      );
    };
    let waiting: Waiting[] = [];
    let named = 0;
    const expected: string[] = [];
    for (const step of sequence) {
      if (step.do === 'set') {
        set(step.ms, step.sets);
        waiting.push({ id: named++, due: clock.now() + step.ms, sets: step.sets });
      } else if (step.do === 'cancel') {
        cancels[step.which]?.();
        waiting = waiting.filter(({ id }) => id !== step.which);
      } else {
        clock.advance(step.ms);
        fireNaively(waiting, clock.now(), expected, () => named++);
      }
      expect(fired).toEqual(expected);
      expect(timers.size).toBe(waiting.length);
      expect(clock.pending).toBe(waiting.length > 0 ? 1 : 0);
    }
    timers.close();
    expect(clock.pending).toBe(0);
  },
);

test('many that are due at once are spread over turns, each no longer than its share', () => {
  const simulated = new SimulatedClock();
  let spent = 0;
  const turns: number[] = [];
  /** Time passes with work, too. */
  const clock: Clock = {
    now: () => simulated.now() + spent,
    wallNow: () => simulated.wallNow(),
    after: (ms, fire) =>
      simulated.after(ms, () => {
        const before = fired;
        fire();
        turns.push(fired - before);
      }),
  };
  let fired = 0;
  const timers = new Timers(clock);
  for (let i = 0; i < 100; i++) {
    timers.after(10, () => {
      fired++;
      spent += 0.25;
    });
  }
  simulated.advance(10);
  expect(fired).toBe(100);
  expect(Math.max(...turns)).toBe(4);
});

test('one that cancels another in the same turn keeps it from firing', () => {
  const clock = new SimulatedClock();
  const timers = new Timers(clock);
  const fired: string[] = [];
  let cancel = () => {};
  timers.after(5, () => {
    fired.push('first');
    cancel();
  });
  cancel = timers.after(5, () => fired.push('second'));
  clock.advance(5);
  expect(fired).toEqual(['first']);
  expect(clock.pending).toBe(0);
});
