/**
 * What happens to a machine in one run: its input, and a list of steps, each an event, a reply of an actor, or time that
 * passes. A list is drawn as a whole, so that fast-check can take steps out of it and make their parts smaller.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { AnyStateMachine, EventFromLogic, InputFrom } from 'xstate';
import { nodesOf } from './chart.ts';
import type { Given, MachinePlan, PayloadPlan, ReplyPlan } from './machine-plan.ts';
import type { MachineInTime, Moment, Reply } from './moment.ts';

export type Step<Machine extends AnyStateMachine> =
  | {
      readonly do: 'send';
      readonly type: string;
      readonly drawn: unknown;
      readonly make: Given<Machine, object>['make'];
    }
  /** `which`: chooses among several that run under that name. */
  | { readonly do: 'reply'; readonly actor: string; readonly which: number; readonly reply: Reply }
  | { readonly do: 'wait'; readonly how: 'until due' | 'until nearly due' | { readonly ms: number } };

export interface Timeline<Machine extends AnyStateMachine> {
  readonly input: InputFrom<Machine>;
  readonly steps: readonly Step<Machine>[];
}

/** A kind of step that can happen by the plan. */
interface StepKind<Machine extends AnyStateMachine> {
  readonly weight: number;
  readonly arbitrary: Arbitrary<Step<Machine>>;
}

/** A plan without the types that only its author needs. */
interface PlainPlan<Machine extends AnyStateMachine> {
  readonly input?: Arbitrary<InputFrom<Machine>>;
  readonly events?: Readonly<Record<string, PayloadPlan<Machine, object> | undefined>>;
  readonly replies?: Readonly<Record<string, ReplyPlan>>;
  readonly waits?: Arbitrary<number>;
  readonly weights?: Readonly<Record<string, number | undefined>>;
  readonly maxSteps?: number;
}

/** How long a wait may be that is not until something is due, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;

const DEFAULT_STEPS = 50;

function isGiven<Machine extends AnyStateMachine>(
  plan: PayloadPlan<Machine, object>,
): plan is Given<Machine, object> {
  return plan !== false && 'make' in plan;
}

/**
 * Names of the events that the definition itself says: neither XState's own, nor patterns such as `order.*`. Not
 * `machine.events`, which leaves out those that a state forbids.
 */
function eventNames(machine: AnyStateMachine): readonly string[] {
  const names = nodesOf(machine.root).flatMap(({ transitions }) => [...transitions.keys()]);
  return names.filter((name) => !name.startsWith('xstate.') && !name.endsWith('*'));
}

/** Names of the events that happen: those of the definition and of the plan, but for those that it rules out. */
function plannedEvents(
  machine: AnyStateMachine,
  events: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set([...eventNames(machine), ...Object.keys(events)]);
  return [...names].filter((name) => events[name] !== false);
}

/** The wait that leads to whatever a machine does by itself next. */
export function untilDue<Machine extends AnyStateMachine>(): Step<Machine> {
  return written({ do: 'wait', how: 'until due' });
}

/** What a counterexample shows of a step. */
function written<Machine extends AnyStateMachine>(step: Step<Machine>): Step<Machine> {
  return Object.defineProperty(step, fc.toStringMethod, { value: () => stepWords(step) });
}

function stepWords<Machine extends AnyStateMachine>(step: Step<Machine>): string {
  if (step.do === 'wait') return typeof step.how === 'string' ? `wait ${step.how}` : `wait ${step.how.ms} ms`;
  if (step.do === 'reply') {
    const [[what, value] = []] = Object.entries(step.reply);
    return `${step.actor} ${what} ${fc.stringify(value)}`;
  }
  const drawn = fc.stringify(withPrototype(step.drawn));
  return drawn === '{}' ? step.type : `${step.type} ${drawn}`;
}

/** fast-check makes records without a prototype, too; to whom it matters what was drawn, that does not. */
function withPrototype(drawn: unknown): unknown {
  const isBare = typeof drawn === 'object' && drawn !== null && Object.getPrototypeOf(drawn) === null;
  return isBare ? { ...drawn } : drawn;
}

function sends<Machine extends AnyStateMachine>(
  type: string,
  plan: PayloadPlan<Machine, object> | undefined,
): Arbitrary<Step<Machine>> {
  const draw: Arbitrary<unknown> =
    plan === undefined || plan === false ? fc.constant({}) : isGiven(plan) ? plan.draw : plan;
  const make: Given<Machine, object>['make'] =
    plan !== undefined && isGiven(plan) ? plan.make : (drawn) => drawn as object;
  return draw.map((drawn) => written({ do: 'send', type, drawn, make }));
}

function replies<Machine extends AnyStateMachine>(
  actor: string,
  { output, error, snapshot }: ReplyPlan,
): Arbitrary<Step<Machine>>[] {
  const which = fc.nat(7);
  const step = (reply: Arbitrary<Reply>) =>
    fc.tuple(which, reply).map(([n, one]) => written<Machine>({ do: 'reply', actor, which: n, reply: one }));
  return [
    ...(output === undefined ? [] : [step(output.map((one) => ({ output: one })))]),
    ...(error === undefined ? [] : [step(error.map((one) => ({ error: one })))]),
    ...(snapshot === undefined ? [] : [step(snapshot.map((one) => ({ snapshot: one })))]),
  ];
}

function waits<Machine extends AnyStateMachine>(
  plan: Arbitrary<number> | undefined,
): Arbitrary<Step<Machine>> {
  const wait = (how: Extract<Step<Machine>, { do: 'wait' }>['how']) => written<Machine>({ do: 'wait', how });
  const some = (plan ?? fc.nat(LONGEST_WAIT_MS)).map((ms) => wait({ ms }));
  if (plan !== undefined) return some;
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.constant('until due' as const).map(wait) },
    { weight: 1, arbitrary: fc.constant('until nearly due' as const).map(wait) },
    { weight: 1, arbitrary: some },
  );
}

/** All kinds of steps that can happen to a machine by a plan, but for time that passes. */
export function stepKinds<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
): readonly StepKind<Machine>[] {
  const { events = {}, weights = {}, ...rest } = plan as PlainPlan<Machine>;
  const sent = plannedEvents(machine, events).map((name) => ({
    weight: weights[name] ?? 1,
    arbitrary: sends(name, events[name]),
  }));
  const replied = Object.entries(rest.replies ?? {})
    .flatMap(([actor, reply]) => replies<Machine>(actor, reply))
    .map((arbitrary) => ({ weight: weights['reply'] ?? 1, arbitrary }));
  return [...sent, ...replied].filter(({ weight }) => weight > 0);
}

/** What a machine may start with by a plan. */
export function inputs<Machine extends AnyStateMachine>(
  plan: MachinePlan<Machine>,
): Arbitrary<InputFrom<Machine>> {
  return (plan as PlainPlan<Machine>).input ?? fc.constant(undefined as InputFrom<Machine>);
}

/**
 * The events that a machine may get by a plan, one at a time, for actors that you run yourself.
 *
 * @throws if the plan has payloads that depend on a moment
 */
export function eventsOf<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: Pick<MachinePlan<Machine>, 'events' | 'weights'>,
): Arbitrary<EventFromLogic<Machine>> {
  const { events = {}, weights = {} } = plan as PlainPlan<Machine>;
  const kinds = plannedEvents(machine, events).map((type) => {
    const payload = events[type];
    if (payload !== undefined && isGiven(payload)) {
      throw new Error(`The payload of ${type} depends on the moment at which it happens: use timelines().`);
    }
    const draw: Arbitrary<object> = payload === undefined || payload === false ? fc.constant({}) : payload;
    const arbitrary = draw.map((drawn) => ({ ...drawn, type }) as EventFromLogic<Machine>);
    return { weight: Math.ceil(100 * (weights[type] ?? 1)), arbitrary };
  });
  return fc.oneof(...kinds.filter(({ weight }) => weight > 0));
}

function stepLists<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
): Arbitrary<Step<Machine>[]> {
  const { maxSteps = DEFAULT_STEPS, weights = {}, waits: howLong } = plan as PlainPlan<Machine>;
  const kinds = stepKinds(machine, plan);
  const wait = {
    weight: weights['wait'] ?? Math.ceil(kinds.length / 2) + 1,
    arbitrary: waits<Machine>(howLong),
  };
  // fast-check takes whole weights only.
  const whole = [...kinds, wait]
    .filter(({ weight }) => weight > 0)
    .map(({ weight, arbitrary }) => ({ weight: Math.ceil(100 * weight), arbitrary }));
  // Ten steps, to which fast-check keeps itself unless told, do not lead far.
  return fc.array(fc.oneof(...whole), { maxLength: maxSteps, size: 'max' });
}

/** Everything that may happen to a machine by a plan, for properties of your own: see `play`. */
export function timelines<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
): Arbitrary<Timeline<Machine>> {
  return fc.record({ input: inputs(plan), steps: stepLists(machine, plan) }, { noNullPrototype: true });
}

/** One of these timelines, and then anything: what follows on a state that chance alone seldom comes to. */
export function continued<Machine extends AnyStateMachine>(
  machine: Machine,
  plan: MachinePlan<Machine>,
  beginnings: readonly Timeline<Machine>[],
): Arbitrary<Timeline<Machine>> {
  const steps = stepLists(machine, plan);
  return fc.constantFrom(...beginnings).chain(({ input, steps: first }) =>
    // Each step of the beginning can be left out when this is shrunk, and hardly ever is before.
    fc
      .tuple(fc.tuple(...first.map((step) => fc.option(fc.constant(step), { freq: 1_000 }))), steps)
      .map(([kept, rest]) => ({ input, steps: [...kept.filter((step) => step !== null), ...rest] })),
  );
}

/**
 * What one step leads to: no moment where it cannot happen now, several where time passes and several things fall due.
 */
export function take<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  moment: Moment<Machine>,
  step: Step<Machine>,
): readonly Moment<Machine>[] {
  switch (step.do) {
    case 'send': {
      const payload = step.make(step.drawn, moment);
      if (payload === undefined) return [];
      return [machine.send(moment, { ...payload, type: step.type } as EventFromLogic<Machine>)];
    }
    case 'reply': {
      const { actor, which, reply } = step;
      const candidates = moment.running.filter(({ id, src }) => id === actor || src === actor);
      const one = candidates[which % Math.max(1, candidates.length)];
      return one === undefined ? [] : [machine.answer(moment, one.id, reply)];
    }
    case 'wait': {
      if (typeof step.how !== 'string') return machine.advance(moment, moment.now + step.how.ms);
      const due = machine.nextDue(moment);
      if (due === undefined) return [];
      return machine.advance(moment, step.how === 'until due' ? due : Math.max(moment.now, due - 1));
    }
    default:
      return step satisfies never;
  }
}

/** As `take`, but what is thrown says by which step. */
function attempt<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  moment: Moment<Machine>,
  step: Step<Machine>,
): readonly Moment<Machine>[] {
  try {
    return take(machine, moment, step);
  } catch (cause) {
    if (fc.PreconditionFailure.isFailure(cause)) throw cause;
    throw new Error(`${stepWords(step)}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Every moment of a run, the first included, until the timeline or the machine's life ends. */
export function* play<Machine extends AnyStateMachine>(
  machine: MachineInTime<Machine>,
  { input, steps }: Timeline<Machine>,
): Generator<Moment<Machine>, void, undefined> {
  let moment = machine.start(input);
  yield moment;
  for (const step of steps) {
    for (const next of attempt(machine, moment, step)) {
      yield next;
      moment = next;
    }
    if (machine.isOver(moment)) return;
  }
}
