/** The simulated clock against a list that is sorted anew before each timer. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';

interface NaiveTimer {
  readonly due: number;
  readonly order: number;
  readonly name: string;
}

/** Keeps its timers in a list; a timer's name says what it sets in turn: `3+10` sets `10` after 10 ms. */
class NaiveClock {
  now = 0;
  timers: NaiveTimer[] = [];
  readonly fired: [name: string, at: number][] = [];
  #order = 0;

  after(ms: number, name: string): void {
    this.timers.push({ due: this.now + Math.max(0, ms), order: this.#order++, name });
  }

  cancel(name: string): void {
    this.timers = this.timers.filter((one) => one.name !== name);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.timers.sort((a, b) => a.due - b.due || a.order - b.order);
      const next = this.timers[0];
      if (next === undefined || next.due > end) break;
      this.timers.shift();
      this.now = next.due;
      this.fired.push([next.name, this.now]);
      const [, child] = next.name.split('+');
      if (child !== undefined) this.after(Number(child), `${next.name.split('+')[0]}'`);
    }
    this.now = end;
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ set: fc.integer({ min: -2, max: 30 }), next: fc.option(fc.nat(20)) }),
    },
    { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ pass: fc.nat(25) }) },
  ),
  { maxLength: 60 },
);

test('fires what is due, each at its own time, first set first fired, timers set meanwhile among them', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const clock = new SimulatedClock();
      const naive = new NaiveClock();
      const fired: [string, number][] = [];
      const cancels: [string, () => void][] = [];
      const set = (ms: number, name: string): void => {
        const cancel = clock.after(ms, () => {
          fired.push([name, clock.now()]);
          const [first, child] = name.split('+');
          if (child !== undefined) set(Number(child), `${first}'`);
        });
        cancels.push([name, cancel]);
      };
      sequence.forEach((step, i) => {
        if ('set' in step) {
          const name = step.next === null ? `${i}` : `${i}+${step.next}`;
          set(step.set, name);
          naive.after(step.set, name);
        } else if ('cancel' in step) {
          const [name, cancel] = cancels[step.cancel] ?? [];
          cancel?.();
          if (name !== undefined) naive.cancel(name);
        } else {
          clock.advance(step.pass);
          naive.advance(step.pass);
        }
        expect(fired).toEqual(naive.fired);
        expect(clock.now()).toBe(naive.now);
        expect(clock.pending).toBe(naive.timers.length);
      });
    }),
  );
});

test('a timer never fires before the call that sets it returns', () => {
  const clock = new SimulatedClock();
  let fired = false;
  clock.after(0, () => {
    fired = true;
  });
  expect(fired).toBe(false);
  clock.advance(0);
  expect(fired).toBe(true);
});

test('follows a timer that sets itself anew through the whole span', () => {
  const clock = new SimulatedClock(1_000);
  const at: number[] = [];
  const tick = () => {
    at.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  clock.advance(45);
  expect(at).toEqual([1_010, 1_020, 1_030, 1_040]);
  expect(clock.now()).toBe(1_045);
});

test('fires the next timer alone, but none beyond the limit', () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  clock.after(5, () => fired.push('first'));
  clock.after(5, () => fired.push('second'));
  expect(clock.fireNext(4)).toBe(false);
  expect(clock.now()).toBe(0);
  expect(clock.fireNext(5)).toBe(true);
  expect(fired).toEqual(['first']);
  expect(clock.fireNext()).toBe(true);
  expect(clock.fireNext()).toBe(false);
});

test('never goes back, even if a timer itself lets time pass', () => {
  const clock = new SimulatedClock();
  clock.after(5, () => clock.advance(100));
  clock.advance(10);
  expect(clock.now()).toBe(105);
});

test('wall time runs with it', () => {
  const clock = new SimulatedClock(50, 1_000_000);
  clock.advance(25);
  expect(clock.wallNow()).toBe(1_000_025);
});
