/**
 * The shortest way to each state and each transition of a machine, found by `xstate/graph` in simulated time: a timer
 * fires when it is due, and only if it was set. Payloads are samples of the plan's arbitraries.
 *
 * Two situations are taken for the same if the same states are active, the same timers set and the same actors
 * running, whatever the context; so the search ends, and may miss what depends on the context alone.
 */
import fc from 'fast-check';
import { type AnyMachineSnapshot, type AnyStateMachine, fromTransition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import type { MachinePlan } from './machine-plan.ts';
import { MachineInTime, type Moment } from './moment.ts';
import { inputs, type Step, stepKinds, type Timeline, take } from './timeline.ts';

/** Samples of each event's payload, and of the machine's input. */
const SAMPLES = 8;
/** Steps that are tried for each input, at most. */
const DEFAULT_TRIES = 3_000;

interface Situation<Machine extends AnyStateMachine> {
  readonly moment: Moment<Machine>;
  /** What the last step reached. */
  readonly reached: readonly string[];
}

/** Different values that an arbitrary gives, always the same ones. */
function samplesOf<T>(arbitrary: fc.Arbitrary<T>): readonly T[] {
  const drawn = fc.sample(arbitrary, { seed: 1, numRuns: SAMPLES });
  return [...new Map(drawn.map((one) => [fc.stringify(one), one])).values()];
}

/**
 * By the name of each state and transition that was found: the shortest timeline that reaches it in its last step.
 *
 * @param tries how many steps are tried for each input; a machine with many events needs more
 */
export function shortestPaths<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
  { tries = DEFAULT_TRIES }: { readonly tries?: number } = {},
): ReadonlyMap<string, Timeline<Machine>> {
  const inTime = new MachineInTime(machine);
  const steps = stepKinds(machine, plan).flatMap(({ weight, arbitrary }) =>
    weight > 0 ? samplesOf(arbitrary) : [],
  );
  const events = steps.map((step, index) => ({ type: String(index), step }));
  const found = new Map<string, Timeline<Machine>>();
  for (const input of samplesOf(inputs(plan))) {
    const first = inTime.start(input);
    const begin: Situation<Machine> = { moment: first, reached: [...first.entered, ...first.taken] };
    let left = tries;
    const logic = fromTransition((before: Situation<Machine>, { step }: (typeof events)[number]) => {
      left--;
      return next(inTime, before, step);
    }, begin);
    const paths = getShortestPaths(logic, {
      // All are tried of a situation or none: the search is breadth first, so what it finds stays shortest.
      events: ({ context }) => (left > 0 && !inTime.isOver(context.moment) ? events : []),
      serializeState: ({ context }) => keyOf(context),
      serializeEvent: ({ type }) => type,
    });
    for (const { state, steps: taken } of paths) {
      // The first is XState's own, by which the logic starts.
      const timeline: Timeline<Machine> = { input, steps: taken.slice(1).map(({ event }) => event.step) };
      for (const name of state.context.reached) {
        const known = found.get(name);
        if (known === undefined || known.steps.length > timeline.steps.length) found.set(name, timeline);
      }
    }
  }
  return found;
}

function next<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  before: Situation<Machine>,
  step: Step<Machine>,
): Situation<Machine> {
  const moments = take(machine, before.moment, step);
  const moment = moments.at(-1);
  if (moment === undefined) return before;
  return { moment, reached: moments.flatMap(({ entered, taken }) => [...entered, ...taken]) };
}

function keyOf<Machine extends AnyStateMachine>({ moment, reached }: Situation<Machine>): string {
  const { value, status } = moment.snapshot as AnyMachineSnapshot;
  const timers = moment.timers.map(({ event }: { event: { type: string } }) => event.type);
  return JSON.stringify([status, value, timers, moment.running, reached]);
}
