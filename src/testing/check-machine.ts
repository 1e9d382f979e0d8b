/**
 * Checks what must hold of a machine in whatever happens to it: fast-check draws timelines, and shrinks one that breaks
 * an invariant to a short one that still does. The shortest way to each state and transition is tried first; half of what
 * is drawn begins with one of them, and goes on from there.
 *
 * All that it finds is thrown as an error, so that it works under any test runner, or none.
 */
import fc from 'fast-check';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { Coverage } from './coverage.ts';
import type { MachinePlan } from './machine-plan.ts';
import { MachineInTime, type Moment } from './moment.ts';
import { searchPaths } from './shortest-paths.ts';
import { tellStory } from './story.ts';
import { continued, play, type Timeline, timelines } from './timeline.ts';

/**
 * Throws, or returns false, where something does not hold.
 *
 * @param before the moment before; undefined at the start
 */
export type MomentCheck<Machine extends AnyStateMachine> = (
  moment: Moment<Machine>,
  before: Moment<Machine> | undefined,
) => unknown;

/** What a machine in simulated time can be asked. */
export type TimedMachine<Machine extends AnyStateMachine> = Pick<
  MachineInTime<Machine>,
  'send' | 'answer' | 'advance' | 'nextDue' | 'isOver'
>;

/** Follows one run. */
export interface Observer<Machine extends AnyStateMachine> {
  /** Called at each moment, the first included. */
  readonly at?: MomentCheck<Machine>;
  /**
   * Called with the last moment. It can go on from there, by the machine that it is given: to show that whatever has
   * happened, the machine comes to rest if left alone.
   */
  readonly atEnd?: (last: Moment<Machine>, machine: TimedMachine<Machine>) => unknown;
}

export interface MachineProperty<Machine extends AnyStateMachine> {
  /** What must hold at each moment, by a sentence that says so. */
  readonly invariants?: Readonly<Record<string, MomentCheck<Machine>>>;
  /** For what needs a memory, such as a second, naive implementation: called when a run starts. */
  readonly observe?: () => Observer<Machine>;
  /** Takes in what is reached, beside what it has taken in already; a new one unless given. */
  readonly coverage?: Coverage;
  /** Steps tried in search of shortest paths; 0: none are searched for. See `shortestPaths`. */
  readonly tries?: number;
  /** fast-check's own: `numRuns`, `seed`, `path`, `verbose`, `examples`, … */
  readonly parameters?: fc.Parameters<[Timeline<Machine>]>;
}

export interface MachineReport {
  readonly coverage: Coverage;
  /** Timelines that were run. */
  readonly runs: number;
}

/** fast-check's own default. */
const DEFAULT_RUNS = 100;

/** What one timeline leads to, and how it ended. */
interface Run<Machine extends AnyStateMachine> {
  readonly moments: readonly Moment<Machine>[];
  readonly failure: unknown;
}

/**
 * Runs generated timelines against a machine, and checks what must hold.
 *
 * ```ts
 * const { coverage } = checkMachine(turnstile, {
 *   events: { 'coin.inserted': fc.record({ cents: fc.nat(200) }) },
 *   invariants: { 'nobody passes for free': ({ snapshot: { context } }) => context.passed <= context.paid },
 * });
 * coverage.assertComplete();
 * ```
 *
 * @throws an error with the story of the shortened timeline, and the seed and path by which fast-check repeats it
 */
export function checkMachine<Machine extends AnyStateMachine>(
  machine: Machine,
  check: MachinePlan<Machine> & MachineProperty<Machine>,
): MachineReport {
  const { coverage = new Coverage(machine), tries, parameters = {} } = check as MachineProperty<Machine>;
  const inTime = new MachineInTime(machine);
  const paths = tries === 0 ? [] : beginnings(searchPaths(machine, check, tries));
  let runs = 0;
  const byChance = timelines(machine, check);
  const all = paths.length === 0 ? byChance : fc.oneof(byChance, continued(machine, check, paths));
  const property = fc.property(all, (timeline) => {
    runs++;
    const { failure } = run(inTime, timeline, check, (moment) => coverage.add(moment));
    if (failure !== undefined) throw failure;
  });
  const examples = [...(parameters.examples ?? []), ...paths.map((path): [Timeline<Machine>] => [path])];
  // What is tried first comes on top of the runs that are drawn.
  const drawn = parameters.numRuns ?? fc.readConfigureGlobal().numRuns ?? DEFAULT_RUNS;
  const details = fc.check(property, { ...parameters, examples, numRuns: drawn + examples.length });
  if (parameters.reporter !== undefined) parameters.reporter(details);
  else fc.readConfigureGlobal().reporter?.(details as fc.RunDetails<unknown>);
  if (details.failed) throw failureOf(machine, inTime, check, details);
  return { coverage, runs };
}

/** What was found in search of the shortest paths, but for what is the beginning of another one. */
function beginnings<Machine extends AnyStateMachine>({
  found,
  broken,
}: ReturnType<typeof searchPaths<Machine>>): readonly Timeline<Machine>[] {
  const all = [...new Set(found.values())];
  if (broken !== undefined) all.unshift(broken);
  const isBeginning = (one: Timeline<Machine>, other: Timeline<Machine>) =>
    one !== other &&
    one.input === other.input &&
    one.steps.length < other.steps.length &&
    one.steps.every((step, index) => step === other.steps[index]);
  return all.filter((one) => !all.some((other) => isBeginning(one, other)));
}

function run<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  timeline: Timeline<Machine>,
  { invariants = {}, observe }: MachineProperty<Machine>,
  see: (moment: Moment<Machine>) => void,
): Run<Machine> {
  const moments: Moment<Machine>[] = [];
  const checks = Object.entries(invariants);
  try {
    const observer = observe?.();
    for (const moment of play(machine, timeline)) {
      const before = moments.at(-1);
      moments.push(moment);
      see(moment);
      assertSound(moment, timeline.input === undefined);
      for (const [sentence, check] of checks) assertHolds(sentence, () => check(moment, before));
      assertHolds('what the observer checks', () => observer?.at?.(moment, before));
    }
    const last = moments.at(-1);
    if (last !== undefined) {
      const further = recording(machine, moments);
      assertHolds('what the observer checks at the end', () => observer?.atEnd?.(last, further));
    }
    return { moments, failure: undefined };
  } catch (failure) {
    return { moments, failure: failure ?? new Error('Something threw undefined.') };
  }
}

/** The machine, whose further moments become part of the story. */
function recording<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  moments: Moment<Machine>[],
): TimedMachine<Machine> {
  const noted = (moment: Moment<Machine>) => {
    moments.push(moment);
    return moment;
  };
  return {
    send: (moment, event) => noted(machine.send(moment, event)),
    answer: (moment, id, reply) => noted(machine.answer(moment, id, reply)),
    advance: (moment, until) => machine.advance(moment, until).map(noted),
    nextDue: (moment) => machine.nextDue(moment),
    isOver: (moment) => machine.isOver(moment),
  };
}

/** An actor whose machine ends in an error is of no use any more, and whoever runs it hears of it too late. */
function assertSound<Machine extends AnyStateMachine>(
  { snapshot, event }: Moment<Machine>,
  isWithoutInput: boolean,
): void {
  const { status, error } = snapshot as AnyMachineSnapshot;
  if (status !== 'error') return;
  const why = error instanceof Error ? error.message : String(error);
  // What a context is made of is forgotten easily where types do not ask for it.
  const hint =
    event === undefined && isWithoutInput
      ? '\nIt was started without input; what it needs goes into `input`.'
      : '';
  throw new Error(`The machine failed, and nothing handles this error: ${why}${hint}`, { cause: error });
}

function assertHolds(sentence: string, check: () => unknown): void {
  let cause: unknown;
  try {
    const verdict = check();
    if (verdict instanceof Promise) {
      verdict.catch(() => {});
      throw new Error('It returned a promise, which nothing waits for: checks are synchronous.');
    }
    if (verdict !== false) return;
  } catch (error) {
    // fc.pre(): not wrong, but not of interest.
    if (fc.PreconditionFailure.isFailure(error)) throw error;
    cause = error;
  }
  const reason = cause instanceof Error ? `\n${cause.message}` : '';
  throw new Error(`Does not hold: ${sentence}${reason}`, cause === undefined ? {} : { cause });
}

function failureOf<Machine extends AnyStateMachine>(
  machine: Machine,
  inTime: MachineInTime<Machine>,
  check: MachineProperty<Machine>,
  details: fc.RunDetails<[Timeline<Machine>]>,
): Error {
  const [timeline] = details.counterexample ?? [];
  const report = fc.defaultReportMessage(details) ?? 'fast-check gives no reason.';
  if (timeline === undefined) return new Error(`${machine.id}: ${report}`);
  const { moments, failure } = run(inTime, timeline, check, () => {});
  const message = failure instanceof Error ? failure.message : String(failure);
  const input = timeline.input === undefined ? '' : `\ninput: ${fc.stringify(timeline.input)}`;
  return new Error(`${machine.id}: ${message}\n${input}\n${tellStory(moments)}\n\n${report}`, {
    cause: failure,
  });
}
