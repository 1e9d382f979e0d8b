/**
 * What may happen to a machine, as arbitraries: which input it starts with, which events it gets with which payload,
 * what the actors that it invokes reply, and how much time passes. The names of events come from the machine's definition;
 * its types say which of them need a payload.
 */
import type { Arbitrary } from 'fast-check';
import type {
  AnyStateMachine,
  EventFromLogic,
  InputFrom,
  OutputFrom,
  ProvidedActor,
  StateMachine,
} from 'xstate';
import type { Moment } from './moment.ts';

/** An event but for its type. */
export type PayloadOf<Event> = Event extends unknown ? Omit<Event, 'type'> : never;

/** A payload that is completed when its event happens, from what is known then. See `given`. */
export interface Given<Machine extends AnyStateMachine, Payload> {
  readonly draw: Arbitrary<unknown>;
  readonly make: (drawn: unknown, moment: Moment<Machine>) => Payload | undefined;
}

/** `false`: this event never happens. */
export type PayloadPlan<Machine extends AnyStateMachine, Payload> =
  | Arbitrary<Payload>
  | Given<Machine, Payload>
  | false;

type EventOfType<Machine extends AnyStateMachine, Type> = Extract<EventFromLogic<Machine>, { type: Type }>;

type NeedsPayload<Event> = Record<never, never> extends PayloadOf<Event> ? false : true;

/** A payload plan for each event; only those events that have no payload can be left out. */
export type EventPlan<Machine extends AnyStateMachine> = {
  readonly [Event in EventFromLogic<Machine> as NeedsPayload<Event> extends true
    ? Event['type']
    : never]: PayloadPlan<Machine, PayloadOf<Event>>;
} & {
  readonly [Type in EventFromLogic<Machine>['type']]?: PayloadPlan<
    Machine,
    PayloadOf<EventOfType<Machine, Type>>
  >;
};

export interface ReplyPlan<Output = unknown> {
  /** What it is done with. */
  readonly output?: Arbitrary<Output>;
  /** What it fails with. */
  readonly error?: Arbitrary<unknown>;
  /** How it may be before, for a machine with `onSnapshot`. */
  readonly snapshot?: Arbitrary<unknown>;
}

/** The actors that a machine declares in `setup({ actors })`. */
type ActorsOf<Machine> =
  Machine extends StateMachine<
    infer _Context,
    infer _Event,
    infer _Children,
    infer Actor,
    infer _Action,
    infer _Guard,
    infer _Delay,
    infer _StateValue,
    infer _Tag,
    infer _Input,
    infer _Output,
    infer _Emitted,
    infer _StateMeta,
    infer _StateSchema,
    infer _TransitionMeta
  >
    ? Actor
    : never;

type NamesOf<Actor extends ProvidedActor> = Actor['src'] | (Actor['id'] extends string ? Actor['id'] : never);

/** By name or id of an actor. */
type ReplyPlans<Machine extends AnyStateMachine> = {
  readonly [Actor in ActorsOf<Machine> as NamesOf<Actor>]?: ReplyPlan<OutputFrom<Actor['logic']>>;
};

interface PlanBase<Machine extends AnyStateMachine> {
  /**
   * What invoked and spawned actors reply, by their name in `setup({ actors })` or by their id. One that is not named
   * here never replies. Events that they send besides are events of the machine.
   */
  readonly replies?: ReplyPlans<Machine>;
  /** How much time may pass at once, in milliseconds; by default until something is due, or nearly, or some time. */
  readonly waits?: Arbitrary<number>;
  /** How often each kind of step happens, compared with the others; 1 unless given. */
  readonly weights?: { readonly [Kind in EventFromLogic<Machine>['type'] | 'wait' | 'reply']?: number };
  /** Steps in one run; 50 unless given. */
  readonly maxSteps?: number;
}

type OrNothing<Key extends string, Value> =
  Record<never, never> extends Value ? { readonly [K in Key]?: Value } : { readonly [K in Key]: Value };

/** `input` and `events` can be left out where the machine's types need none. */
export type MachinePlan<Machine extends AnyStateMachine> = PlanBase<Machine> &
  OrNothing<'events', EventPlan<Machine>> &
  (undefined extends InputFrom<Machine>
    ? { readonly input?: Arbitrary<InputFrom<Machine>> }
    : { readonly input: Arbitrary<InputFrom<Machine>> });

/**
 * A payload that depends on the moment at which its event happens: what is drawn beforehand, so that it can be
 * shrunk, is completed from the machine's snapshot and the time.
 *
 * ```ts
 * 'job.finished': given(fc.boolean(), (isLate, { now, snapshot }) => ({
 *   at: now,
 *   attempt: isLate ? snapshot.context.attempt - 1 : snapshot.context.attempt,
 * })),
 * ```
 *
 * @param make returns undefined where the event cannot happen
 */
export function given<Drawn, Machine extends AnyStateMachine, Payload>(
  draw: Arbitrary<Drawn>,
  make: (drawn: Drawn, moment: Moment<Machine>) => Payload | undefined,
): Given<Machine, Payload> {
  return { draw, make: (drawn, moment) => make(drawn as Drawn, moment) };
}
