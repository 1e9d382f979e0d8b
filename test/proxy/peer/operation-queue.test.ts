import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { OperationQueue } from '../../../src/proxy/peer/operation-queue.ts';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant('push' as const) },
  { weight: 2, arbitrary: fc.constant('unshift' as const) },
  { weight: 4, arbitrary: fc.constant('shift' as const) },
);

test.prop([fc.array(step, { maxLength: 200 })])('does what an array does', (steps) => {
  const queue = new OperationQueue<number>();
  const list: number[] = [];
  for (const [index, name] of steps.entries()) {
    if (name === 'push') {
      queue.push(index);
      list.push(index);
    } else if (name === 'unshift') {
      queue.unshift(index);
      list.unshift(index);
    } else {
      expect(queue.shift()).toBe(list.shift());
    }
    expect([queue.length, queue.first]).toEqual([list.length, list[0]]);
  }
});
