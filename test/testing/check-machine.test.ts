/** Checking a machine as a user does: what is found, how it is told, and that a right machine passes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { checkMachine, given } from '../../src/testing/index.ts';
import { coins as events, turnstile } from '../support/turnstile.ts';

test('what holds is checked at each moment of each run, and all of the machine is reached', () => {
  const { coverage, runs } = checkMachine(turnstile, {
    events,
    invariants: {
      'nobody passes for less than 100 cents': ({ snapshot: { context } }) =>
        context.paid >= 100 * context.passed,
    },
  });
  expect(runs).toBeGreaterThan(100);
  expect(coverage.missed).toEqual([]);
  coverage.assertComplete();
});

/** What `check` throws. */
function failureOf(check: () => unknown): Error {
  try {
    check();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It found nothing.');
}

test('what does not hold is shrunk, told as a story, and found again by seed and path', () => {
  const check = (parameters: object) =>
    failureOf(() =>
      checkMachine(turnstile, {
        events,
        parameters,
        tries: 0,
        invariants: {
          'credit is never above 250 cents': ({ snapshot }) => snapshot.context.credit <= 250,
          'nobody passes': ({ emitted }) => emitted.length === 0,
        },
      }),
    );
  const { message } = check({ seed: 7, numRuns: 1_000 });
  expect(message).toMatch(/^turnstile: Does not hold: (credit is never above 250 cents|nobody passes)\n/);
  const [, story = '', report = ''] = message.split('\n\n');
  const lines = story.split('\n');
  expect(lines[0]).toMatch(/^0 ms {2}\(start\) +locked$/);
  expect(lines[1]).toMatch(/^0 ms {2}coin\.inserted \{"cents":\d+\} +locked( → unlocked)?$/);
  // Too much needs two or three coins, passing two or three steps.
  expect(lines.length).toBeLessThanOrEqual(4);
  expect(report).toMatch(/^Property failed after \d+ tests\n\{ seed: 7, path: "[\d:]+"/);

  const [, path = ''] = /path: "([\d:]+)"/.exec(report) ?? [];
  const again = check({ seed: 7, path, endOnFailure: true });
  expect(again.message.split('\n\n')[1]).toBe(story);
});

test('a payload may depend on the moment', () => {
  checkMachine(turnstile, {
    events: {
      'coin.inserted': given(fc.constantFrom(10, 100), (cents, { snapshot, now }) =>
        snapshot.context.credit > 300 || now < 0 ? undefined : { cents },
      ),
    },
    invariants: { 'credit stays below 401': ({ snapshot }) => snapshot.context.credit <= 400 },
  });
});

test('the observer of a run has a memory, and goes on from its end; what happens then is told, too', () => {
  const { message } = failureOf(() =>
    checkMachine(turnstile, {
      events,
      weights: { 'coin.returned': 0, 'arm.pushed': 0 },
      tries: 0,
      parameters: { numRuns: 1_000 },
      observe: () => {
        let coins = 0;
        return {
          at: ({ event }) => {
            if (event?.type === 'coin.inserted') coins++;
          },
          atEnd: (last, machine) => {
            const [later] = machine.advance(last, last.now + 5_000);
            return coins === 0 || later?.snapshot.context.credit !== 0;
          },
        };
      },
    }),
  );
  expect(message).toContain('Does not hold: what the observer checks at the end');
  expect(message).toMatch(/\n5000 ms {2}after patience +unlocked → locked\n/);
});

test('the shortest ways to each state and transition are tried before what is drawn', () => {
  const { coverage, runs } = checkMachine(turnstile, { events, parameters: { numRuns: 1 }, maxSteps: 0 });
  coverage.assertComplete();
  expect(runs).toBeGreaterThan(2);
});

const order = setup({
  types: { events: {} as { type: 'order.placed' } },
  actors: { charge: fromPromise(() => new Promise<string>(() => {})) },
}).createMachine({
  id: 'order',
  initial: 'open',
  states: {
    open: { on: { 'order.placed': 'paying' } },
    paying: { invoke: { src: 'charge', onDone: 'paid' } },
    paid: { type: 'final' },
  },
});

test('a machine that fails for want of input says so', () => {
  const needy = setup({
    types: { context: {} as { name: string }, input: {} as { name: string } },
  }).createMachine({ context: ({ input }) => ({ name: input.name }) });
  // As in a test that is not typed.
  const untyped = { input: undefined } as never;
  const check = () => checkMachine(needy, untyped);
  expect(check).toThrow(
    /nothing handles this error: Cannot read properties of undefined.*\nIt was started without input/,
  );
});

test('an actor that fails, and whose failure nothing handles, is found', () => {
  const plan = { replies: { charge: { output: fc.string(), error: fc.constant(new Error('declined')) } } };
  const { message } = failureOf(() => checkMachine(order, plan));
  expect(message).toContain('The machine failed, and nothing handles this error: ');
  expect(message).toMatch(/\n0 ms {2}charge failed new Error\("declined"\) +paying\n/);
  expect(message).toContain('charge error new Error("declined")');
});

test('an actor may be done, fail, or tell how it is', () => {
  const { coverage } = checkMachine(
    setup({ actors: { charge: fromPromise(() => new Promise<string>(() => {})) } }).createMachine({
      id: 'watched',
      initial: 'paying',
      states: {
        paying: {
          invoke: {
            src: 'charge',
            onSnapshot: { guard: ({ event }) => event.snapshot.status === 'active', target: 'charging' },
            onError: 'charging',
          },
        },
        charging: { invoke: { src: 'charge', onDone: 'paid', onError: 'paying' } },
        paid: {},
      },
    }),
    {
      replies: {
        charge: {
          output: fc.string(),
          error: fc.constant(new Error('declined')),
          snapshot: fc.record({ status: fc.constantFrom('active', 'done') }),
        },
      },
    },
  );
  coverage.assertComplete();
});

test('what depends on an actor that never answers is not reached, and named', () => {
  const { coverage } = checkMachine(order, {});
  expect(coverage.missed).toEqual(['paid', 'paying: charge done → paid']);
});

test('an event that never happens is never sent; weights of 0 do the same', () => {
  for (const never of [{ events: { 'order.placed': false as const } }, { weights: { 'order.placed': 0 } }]) {
    expect(checkMachine(order, never).coverage.states.get('paying')).toBe(0);
  }
});

test('what throws in the machine itself is told with its story', () => {
  const machine = setup({ types: { events: {} as { type: 'go' } } }).createMachine({
    id: 'fragile',
    initial: 'whole',
    states: {
      whole: {
        on: {
          go: {
            guard: () => {
              throw new Error('a guard that throws');
            },
            target: 'whole',
          },
        },
      },
    },
  });
  const { message } = failureOf(() => checkMachine(machine, {}));
  expect(message).toMatch(/^fragile: go: .*a guard that throws/s);
  expect(message).toMatch(/\n0 ms {2}\(start\) {2}whole\n/);
});

test('a check that returns a promise is refused: it could never fail', () => {
  const { message } = failureOf(() =>
    checkMachine(turnstile, { events, invariants: { 'nobody waits': async () => false } }),
  );
  expect(message).toContain('It returned a promise, which nothing waits for');
});

test('preconditions and reporters of fast-check do what they do elsewhere', () => {
  const seen: { failed: boolean; numRuns: number; numSkips: number }[] = [];
  checkMachine(turnstile, {
    events,
    tries: 0,
    parameters: { numRuns: 20, reporter: (details) => void seen.push(details) },
    invariants: { 'only what happens in the first seconds is of interest': ({ now }) => fc.pre(now < 5_000) },
  });
  expect(seen).toMatchObject([{ failed: false, numRuns: 20 }]);
  expect(seen[0]?.numSkips).toBeGreaterThan(0);
});
