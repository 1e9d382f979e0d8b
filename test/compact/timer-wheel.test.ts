/** The timer wheel against a plain list of deadlines. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NONE, RecordPool } from '../../src/compact/record-pool.ts';
import { TimerWheel } from '../../src/compact/timer-wheel.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

function createWheel() {
  const pool = new RecordPool();
  const due: number[] = [];
  const wheel = new TimerWheel(pool, (record) => due.push(record));
  const add = (time: number) => {
    const record = pool.take();
    pool.setTime(record, time);
    wheel.add(record);
    return record;
  };
  return { wheel, add, due: () => due.splice(0) };
}

const ALL = Number.MAX_SAFE_INTEGER;

test.each([0.25, 1, 7.999, 8, 511, 512, 33 * SECOND, 3_600 * SECOND, DAY, 100 * DAY, 40 * 365 * DAY])(
  'hands out what is due in %d ms then, and not before',
  (ms) => {
    for (const start of [0, 0.5, 7.75, 123_456_789.125]) {
      const { wheel, add, due } = createWheel();
      wheel.advance(start, ALL);
      const record = add(start + ms);
      for (let now = wheel.nextDue; now < start + ms; now = wheel.nextDue) wheel.advance(now, ALL);
      expect(due()).toEqual([]);
      expect(wheel.nextDue).toBe(start + ms);
      wheel.advance(start + ms, ALL);
      expect(due()).toEqual([record]);
      expect(wheel.nextDue).toBe(Number.POSITIVE_INFINITY);
    }
  },
);

test('what never ends is never due, and can be taken out', () => {
  const { wheel, add, due } = createWheel();
  const record = add(Number.POSITIVE_INFINITY);
  for (const now of [SECOND, DAY, 1_000 * 365 * DAY]) wheel.advance(now, 1_000);
  expect(due()).toEqual([]);
  wheel.remove(record);
  expect(wheel.nextDue).toBe(Number.POSITIVE_INFINITY);
  expect(wheel.soonest()).toBe(NONE);
});

test('a turn touches no more records than it may, and the next goes on', () => {
  const { wheel, add, due } = createWheel();
  for (let i = 0; i < 1_000; i++) add(10 * SECOND + (i % 7));
  let turns = 0;
  let handed = 0;
  for (; handed < 1_000; turns++) {
    expect(wheel.advance(11 * SECOND, 64)).toBeLessThanOrEqual(64);
    const now = due().length;
    expect(now).toBeLessThanOrEqual(64);
    handed += now;
  }
  expect(turns).toBe(Math.ceil(1_000 / 64));
});

test('of thousands in one tick, those that the heap has no room for are due at the end of the tick', () => {
  const { wheel, add, due } = createWheel();
  for (let i = 0; i < 10_000; i++) add(100 + (i % 80) / 20);
  wheel.advance(96, ALL);
  expect(due()).toEqual([]);
  wheel.advance(103.99, ALL);
  expect(due()).toHaveLength(4_096);
  wheel.advance(104, ALL);
  expect(due()).toHaveLength(10_000 - 4_096);
  expect(wheel.nextDue).toBe(Number.POSITIVE_INFINITY);
});

const time = fc.oneof(
  fc.double({ min: -5, max: 20, noNaN: true }),
  fc.integer({ min: 0, max: 3_000 }),
  fc.integer({ min: 0, max: 60 * SECOND }),
  fc.integer({ min: 0, max: 30 * DAY }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), in: time }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: time, atMost: fc.constantFrom(1, 3, ALL) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('to-next' as const) }) },
);

test('hands out exactly what a plain list has due, in any order of adding, removing and jumps of time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { wheel, add, due } = createWheel();
      const waiting = new Map<number, number>();
      /** By record: how far its deadline was from where the wheel stood. */
      const spans = new Map<number, number>();
      let now = 0;
      let stands = 0;
      const advance = (atMost: number) => {
        const touched = wheel.advance(now, atMost);
        for (const record of due()) {
          expect(waiting.get(record)).toBeLessThanOrEqual(now);
          waiting.delete(record);
        }
        if (touched === atMost) return;
        stands = now;
        for (const deadline of waiting.values()) expect(deadline).toBeGreaterThan(now);
      };
      for (const one of steps) {
        if (one.do === 'add') {
          const record = add(now + one.in);
          waiting.set(record, now + one.in);
          spans.set(record, now + one.in - stands);
        } else if (one.do === 'remove') {
          const record = [...waiting.keys()][one.which % Math.max(1, waiting.size)];
          if (record !== undefined) wheel.remove(record);
          if (record !== undefined) waiting.delete(record);
        } else if (one.do === 'pass') {
          now += Math.max(0, one.ms);
          advance(one.atMost);
        } else if (waiting.size > 0) {
          now = Math.max(now, wheel.nextDue);
          advance(ALL);
        }
        const [first, earliest = Number.POSITIVE_INFINITY] =
          [...waiting].toSorted(([, a], [, b]) => a - b)[0] ?? [];
        expect(wheel.nextDue).toBeLessThanOrEqual(earliest);
        if (first === undefined) expect(wheel.soonest()).toBe(NONE);
        else {
          const soonest = waiting.get(wheel.soonest());
          const span = Math.max(0, spans.get(first) as number);
          expect(soonest, 'no later than the width of a list').toBeLessThanOrEqual(earliest + span * 1.1 + 8);
        }
      }
      now += 400 * DAY;
      advance(ALL);
      expect(waiting.size).toBe(0);
      expect(wheel.nextDue).toBe(Number.POSITIVE_INFINITY);
    }),
    { numRuns: 200 },
  );
});
