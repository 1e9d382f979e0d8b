/**
 * The shortest way to each state and each transition of a machine, found by `xstate/graph` in simulated time: a timer
 * fires when it is due, and only if it was set. Payloads are samples of the plan's arbitraries.
 *
 * At first, two situations are taken for the same if the same states are active, the same timers set and the same actors
 * running, whatever the context: so the search comes far. What it has not found then is looked for once more, with
 * the context told apart, which does not come as far.
 */
import fc from 'fast-check';
import { type AnyMachineSnapshot, type AnyStateMachine, fromTransition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { chartOf } from './chart.ts';
import type { MachinePlan } from './machine-plan.ts';
import { MachineInTime, type Moment } from './moment.ts';
import { inputs, type Step, stepKinds, type Timeline, take, untilDue } from './timeline.ts';

/** Values that are drawn of each arbitrary, and how many of them are used: half the simplest, half all sorts. */
const DRAWN = 200;
const USED = 8;
const USED_INPUTS = 4;
/** Steps that are tried in one search, at most. */
const DEFAULT_TRIES = 3_000;

interface Situation<Machine extends AnyStateMachine> {
  readonly moment: Moment<Machine>;
  /** What the last step reached. */
  readonly reached: readonly string[];
  /** Whether the last step has thrown. */
  readonly isBroken?: boolean;
}

/** Different values that an arbitrary gives, always the same ones, the simplest first. */
function samplesOf<T>(arbitrary: fc.Arbitrary<T>, used = USED): readonly T[] {
  const drawn = fc.sample(arbitrary, { seed: 1, numRuns: DRAWN });
  const byText = [...new Map(drawn.map((one) => [fc.stringify(one), one]))];
  const values = byText.toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)).map(([, one]) => one);
  if (values.length <= used) return values;
  const rest = values.slice(used / 2);
  const spread = Array.from(
    { length: USED / 2 },
    (_, i) => Math.floor(((i + 1) * rest.length) / (USED / 2)) - 1,
  );
  return [...values.slice(0, used / 2), ...rest.filter((_, index) => spread.includes(index))];
}

/**
 * By the name of each state and transition that was found: the shortest timeline that reaches it in its last step.
 *
 * @param tries how many steps are tried; a machine with many events needs more
 */
export function shortestPaths<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
  { tries = DEFAULT_TRIES }: { readonly tries?: number } = {},
): ReadonlyMap<string, Timeline<Machine>> {
  return searchPaths(machine, plan, tries).found;
}

/** As `shortestPaths`, and with it a timeline in whose last step something was thrown, if there is one. */
export function searchPaths<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
  tries = DEFAULT_TRIES,
): {
  readonly found: ReadonlyMap<string, Timeline<Machine>>;
  readonly broken: Timeline<Machine> | undefined;
} {
  const inTime = new MachineInTime(machine);
  const steps: Step<Machine>[] = stepKinds(machine, plan).flatMap(({ arbitrary }) => samplesOf(arbitrary));
  const events = [untilDue<Machine>(), ...steps].map((step, index) => ({ type: String(index), step }));
  const found = new Map<string, Timeline<Machine>>();
  const starts = samplesOf(inputs(plan), USED_INPUTS);
  const { states, transitions } = chartOf(machine);
  for (const key of [keyOf, keyWithContext]) {
    if (found.size === states.length + transitions.length) break;
    for (const input of starts) {
      const first = attempt(() => inTime.start(input));
      if (first === undefined) return { found, broken: { input, steps: [] } };
      const begin: Situation<Machine> = { moment: first, reached: [...first.entered, ...first.taken] };
      let left = tries / starts.length;
      const logic = fromTransition((before: Situation<Machine>, { step }: (typeof events)[number]) => {
        left--;
        return next(inTime, before, step);
      }, begin);
      const paths = getShortestPaths(logic, {
        // All are tried of a situation or none: the search is breadth first, so what it finds stays shortest.
        events: ({ context }) =>
          left > 0 && !context.isBroken && !inTime.isOver(context.moment) ? events : [],
        serializeState: ({ context }) => key(context),
        serializeEvent: ({ type }) => type,
      });
      for (const { state, steps: taken } of paths) {
        // The first is XState's own, by which the logic starts.
        const timeline: Timeline<Machine> = { input, steps: taken.slice(1).map(({ event }) => event.step) };
        if (state.context.isBroken) return { found, broken: timeline };
        for (const name of state.context.reached) {
          const known = found.get(name);
          if (known === undefined || known.steps.length > timeline.steps.length) found.set(name, timeline);
        }
      }
    }
  }
  return { found, broken: undefined };
}

/** What is thrown here is thrown again where it can be told. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function next<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  before: Situation<Machine>,
  step: Step<Machine>,
): Situation<Machine> {
  const moments = attempt(() => take(machine, before.moment, step));
  if (moments === undefined) return { ...before, reached: [], isBroken: true };
  const moment = moments.at(-1);
  if (moment === undefined) return before;
  return { moment, reached: moments.flatMap(({ entered, taken }) => [...entered, ...taken]) };
}

function keyOf<Machine extends AnyStateMachine>({ moment, reached, isBroken }: Situation<Machine>): string {
  const { value, status } = moment.snapshot as AnyMachineSnapshot;
  const timers = moment.timers.map(({ event }: { event: { type: string } }) => event.type);
  return JSON.stringify([status, value, timers, moment.running, reached, isBroken]);
}

function keyWithContext<Machine extends AnyStateMachine>(situation: Situation<Machine>): string {
  const { context } = situation.moment.snapshot as AnyMachineSnapshot;
  return `${keyOf(situation)} ${fc.stringify(context)}`;
}
