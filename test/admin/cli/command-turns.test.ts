import { expect, test } from 'vitest';
import { CommandTurns } from '../../../src/admin/cli/command-turns.ts';
import { Newcomers } from '../../../src/admin/cli/newcomers.ts';
import type { Clock } from '../../../src/clock.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';

/** Time that passes while something runs, too. */
class BusyClock implements Clock {
  readonly #clock = new SimulatedClock();
  #spent = 0;

  now = () => this.#clock.now() + this.#spent;
  wallNow = () => this.#clock.wallNow() + this.#spent;
  after = (ms: number, fire: () => void) => this.#clock.after(ms, fire);

  /** Something has taken so many milliseconds. */
  spend(ms: number): void {
    this.#spent += ms;
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }
}

/** How many commands of `ms` each are run in a span, if there is always another one. */
function flooded(ms: number, spanMs: number): number {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock);
  let ran = 0;
  const turn = () => {
    ran++;
    clock.spend(ms);
    turns.add(turn);
  };
  turns.add(turn);
  clock.advance(spanMs);
  turns.close();
  return ran;
}

test('a flood of commands gets a hundredth of the time, and a reserve at first', () => {
  const spent = flooded(0.05, 60_000) * 0.05;
  expect(spent).toBeGreaterThan(900);
  expect(spent).toBeLessThan(1_100);
});

test('a command that takes long is paid for by those that follow', () => {
  expect(flooded(500, 120_000)).toBeLessThanOrEqual(4);
});

test('a few commands wait for nothing, each connection in its turn', () => {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock);
  const ran: string[] = [];
  for (const name of ['a', 'b', 'a', 'c']) turns.add(() => ran.push(name));
  clock.advance(0);
  expect(ran).toEqual(['a', 'b', 'a', 'c']);
  turns.close();
});

test('a hundred connections come at once, then twenty a second', () => {
  const newcomers = new Newcomers(0);
  const pauses = Array.from({ length: 100 }, () => newcomers.take(0));
  expect(pauses.slice(0, 99)).toEqual(new Array(99).fill(0));
  expect(pauses[99]).toBe(50);
  expect(newcomers.take(50)).toBe(50);
  expect(newcomers.take(10_000)).toBe(0);
});
