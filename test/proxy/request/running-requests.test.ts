/** The list of requests in flight, against a Set. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Running, RunningRequests } from '../../../src/proxy/request/running-requests.ts';

class Request implements Running {
  runningBefore: Running | undefined;
  runningAfter: Running | undefined;
  readonly #list: RunningRequests;

  constructor(list: RunningRequests) {
    this.#list = list;
    list.add(this);
  }

  cut(): void {
    this.#list.remove(this);
  }
}

test('holds what was added and not removed, in any order of both', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat()), { maxLength: 200 }), (steps) => {
      const list = new RunningRequests();
      const model: Request[] = [];
      for (const step of steps) {
        if (step === null || model.length === 0) model.push(new Request(list));
        else {
          const [gone] = model.splice(step % model.length, 1);
          gone?.cut();
          expect(gone?.runningBefore ?? gone?.runningAfter).toBeUndefined();
        }
        expect(list.size).toBe(model.length);
        // Each is linked to the one that was added before it.
        for (const [i, request] of model.entries()) expect(request.runningBefore).toBe(model[i - 1]);
      }
      list.cutAll();
      expect(list.size).toBe(0);
    }),
  );
});
