import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { SilenceWatch, Watched } from '../../../src/proxy/fetch/silence-watch.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';

class Noted extends Watched {
  readonly id: number;
  readonly clock: SimulatedClock;
  readonly notes: string[];

  constructor(id: number, clock: SimulatedClock, notes: string[]) {
    super();
    this.id = id;
    this.clock = clock;
    this.notes = notes;
  }

  override onSilent(): void {
    this.notes.push(`${this.id} at ${this.clock.now()}`);
  }
}

describe('SilenceWatch', () => {
  const act = fc.oneof(
    fc.record({
      type: fc.constant('watch' as const),
      id: fc.nat(5),
      limit: fc.constantFrom(3, 10, 10, 25, Number.POSITIVE_INFINITY),
    }),
    fc.record({ type: fc.constant('touch' as const), id: fc.nat(5) }),
    fc.record({ type: fc.constant('forget' as const), id: fc.nat(5) }),
    fc.record({ type: fc.constant('wait' as const), ms: fc.nat(12) }),
  );

  test.prop([fc.array(act, { maxLength: 80 })])(
    'tells of each silence exactly as one timer each would',
    (acts) => {
      const clock = new SimulatedClock();
      const notes: string[] = [];
      const watch = new SilenceWatch(clock);
      const all = Array.from({ length: 6 }, (_, id) => new Noted(id, clock, notes));

      // The naive one: a due time each.
      const expected: string[] = [];
      const due = all.map(() => Number.POSITIVE_INFINITY);
      const limits = all.map(() => Number.POSITIVE_INFINITY);
      const letPass = (ms: number): void => {
        const end = clock.now() + ms;
        for (let now = clock.now() + 1; now <= end; now++) {
          for (const [id, at] of due.entries()) {
            if (at !== now) continue;
            expected.push(`${id} at ${now}`);
            due[id] = Number.POSITIVE_INFINITY;
          }
        }
      };

      for (const step of acts) {
        if (step.type === 'wait') {
          letPass(step.ms);
          clock.advance(step.ms);
          continue;
        }
        const watched = all[step.id] as Noted;
        if (step.type === 'watch') {
          limits[step.id] = step.limit;
          due[step.id] = clock.now() + step.limit;
          watch.watch(watched, step.limit);
        } else if (step.type === 'touch') {
          if (due[step.id] !== Number.POSITIVE_INFINITY)
            due[step.id] = clock.now() + (limits[step.id] as number);
          watch.touch(watched);
        } else {
          due[step.id] = Number.POSITIVE_INFINITY;
          watch.forget(watched);
        }
      }
      letPass(50);
      clock.advance(50);
      // Two that fall silent at the same moment are told of in any order.
      expect([...notes].sort()).toEqual(expected.sort());
      expect(clock.pending).toBe(0);
    },
  );

  test('needs one timer for any number with the same limit, and none afterwards', () => {
    const clock = new SimulatedClock();
    const watch = new SilenceWatch(clock);
    const all = Array.from({ length: 1_000 }, (_, id) => new Noted(id, clock, []));
    for (const watched of all) watch.watch(watched, 60_000);
    expect(clock.pending).toBe(1);
    for (const watched of all) watch.forget(watched);
    clock.advance(60_000);
    expect(clock.pending).toBe(0);
    watch.watch(all[0] as Noted, 60_000);
    watch.close();
    expect(clock.pending).toBe(0);
  });

  test('may be told of more from within', () => {
    const clock = new SimulatedClock();
    const notes: string[] = [];
    const watch = new SilenceWatch(clock);
    class Repeating extends Noted {
      override onSilent(): void {
        super.onSilent();
        if (notes.length < 3) watch.watch(this, 10);
      }
    }
    watch.watch(new Repeating(1, clock, notes), 10);
    clock.advance(100);
    expect(notes).toEqual(['1 at 10', '1 at 20', '1 at 30']);
  });
});
