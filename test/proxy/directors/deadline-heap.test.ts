import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Dated, DeadlineHeap } from '../../../src/proxy/directors/deadline-heap.ts';

test('has the earliest deadline on top, whatever is added, taken out and put off', () => {
  const operation = fc.record({
    type: fc.constantFrom('add', 'add', 'remove', 'putOff'),
    which: fc.nat(),
    by: fc.nat(50),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const heap = new DeadlineHeap<Dated>();
      const inside: Dated[] = [];
      for (const { type, which, by } of operations) {
        const thing = inside[which % inside.length];
        if (type === 'add' || thing === undefined) {
          const added = { deadline: by, slot: 0 };
          inside.push(added);
          heap.add(added);
        } else if (type === 'remove') {
          inside.splice(inside.indexOf(thing), 1);
          heap.remove(thing);
        } else heap.putOff(thing, thing.deadline + by);
        const earliest = inside.length === 0 ? undefined : Math.min(...inside.map((one) => one.deadline));
        expect(heap.first?.deadline).toBe(earliest);
      }
      while (heap.first !== undefined) {
        const { first } = heap;
        expect(first.deadline).toBe(Math.min(...inside.map((one) => one.deadline)));
        inside.splice(inside.indexOf(first), 1);
        heap.remove(first);
      }
      expect(inside).toEqual([]);
    }),
  );
});
