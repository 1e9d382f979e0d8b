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
function flooded(ms: number, spanMs: number, busyness = 1): number {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock, () => busyness);
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

test('a flood of commands gets a fiftieth of the time, and little more at first', () => {
  expect(flooded(0.05, 5_000) * 0.05).toBeLessThan(155);
  const spent = flooded(0.05, 60_000) * 0.05;
  expect(spent).toBeGreaterThan(1_150);
  expect(spent).toBeLessThan(1_300);
});

test('the busier the loop is, the less is left for commands', () => {
  const shares = [0.2, 0.3, 0.5, 0.9].map((busyness) => (flooded(0.05, 10_000, busyness) * 0.05) / 10_000);
  expect(shares[0]).toBeLessThan(0.11);
  expect(shares[1]).toBeLessThan(0.055);
  expect(shares[2]).toBeLessThan(0.03);
  expect(shares[3]).toBe(shares[2]);
});

test('a loop that is idle charges nothing', () => {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock, () => 0.1);
  const ran: number[] = [];
  for (let each = 0; each < 100; each++) {
    turns.add(() => clock.spend(50));
    clock.advance(0);
  }
  turns.add(() => ran.push(1));
  clock.advance(0);
  expect(ran).toEqual([1]);
  turns.close();
});

test('what is charged is paid for by the commands that follow', () => {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock, () => 1);
  const ran: number[] = [];
  turns.charge(70);
  turns.add(() => ran.push(clock.now()));
  clock.advance(900);
  expect(ran).toEqual([]);
  clock.advance(200);
  expect(ran).toHaveLength(1);
  turns.close();
});

test('a command that takes long is paid for by those that follow', () => {
  expect(flooded(500, 120_000)).toBeLessThanOrEqual(5);
});

test('a few commands wait for nothing, each connection in its turn', () => {
  const clock = new BusyClock();
  const turns = new CommandTurns(clock, () => 1);
  const ran: string[] = [];
  for (const name of ['a', 'b', 'a', 'c']) turns.add(() => ran.push(name));
  clock.advance(0);
  expect(ran).toEqual(['a', 'b', 'a', 'c']);
  turns.close();
});

test('many connections come at once, then ten every half second', () => {
  const newcomers = new Newcomers(0);
  const pauses = Array.from({ length: 128 }, () => newcomers.take(0));
  expect(pauses.slice(0, 127)).toEqual(new Array(127).fill(0));
  expect(pauses[127]).toBe(500);
  const next = Array.from({ length: 10 }, () => newcomers.take(500));
  expect(next.slice(0, 9)).toEqual(new Array(9).fill(0));
  expect(next[9]).toBe(500);
  expect(newcomers.take(60_000)).toBe(0);
});

test('operators come as often as they like', () => {
  const newcomers = new Newcomers(0);
  for (let each = 0; each < 1_000; each++) {
    expect(newcomers.take(0)).toBe(0);
    newcomers.giveBack();
  }
});
