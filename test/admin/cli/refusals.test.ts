import { expect, test } from 'vitest';
import { Refusals } from '../../../src/admin/cli/refusals.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';

function told(clock: SimulatedClock): { refusals: Refusals; lines: string[] } {
  const lines: string[] = [];
  const refusals = new Refusals(clock, ({ address }, count) =>
    lines.push(`${clock.now()} ms: ${count}, the last ${address}`),
  );
  return { refusals, lines };
}

const from = (address: string) => ({ address, port: 40_000 });

test('each of a few is told at once', () => {
  const clock = new SimulatedClock();
  const { refusals, lines } = told(clock);
  refusals.add(from('192.0.2.1'));
  clock.advance(5);
  refusals.add(from('192.0.2.2'));
  expect(lines).toEqual(['0 ms: 1, the last 192.0.2.1', '5 ms: 1, the last 192.0.2.2']);
});

test('of thousands, each is counted, in a line a second', () => {
  const clock = new SimulatedClock();
  const { refusals, lines } = told(clock);
  for (let each = 0; each < 3_000; each++) {
    refusals.add(from('192.0.2.3'));
    clock.advance(1);
  }
  clock.advance(60_000);
  expect(lines.length).toBeLessThanOrEqual(10 + 3 + 1);
  const counted = lines.map((line) => Number(/ms: (\d+)/.exec(line)?.[1]));
  expect(counted.reduce((sum, count) => sum + count)).toBe(3_000);
  expect(clock.pending).toBe(0);
});

test('what was not told when the port closes is told then', () => {
  const clock = new SimulatedClock();
  const { refusals, lines } = told(clock);
  for (let each = 0; each < 12; each++) refusals.add(from('192.0.2.4'));
  refusals.close();
  expect(lines.at(-1)).toBe('0 ms: 2, the last 192.0.2.4');
  expect(clock.pending).toBe(0);
});
