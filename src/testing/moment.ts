/**
 * A machine in simulated time, as pure functions: a moment and what happens in it lead to the next moment. It runs on
 * XState's `initialTransition` and `transition`: no actor is started, no action executed, and time is a number.
 * Actions are written down instead; of them only those count that come back to the machine: delayed transitions,
 * and events that it raises or sends to itself with or without a delay.
 */
import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EmittedFrom,
  type EventFromLogic,
  type ExecutableActionObject,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate';
import { chartOf, nodesOf, stateName } from './chart.ts';

/** An action as it would have been executed: its name, and its parameters. */
export interface PlannedAction {
  readonly type: string;
  readonly params: unknown;
}

interface Timer<Machine extends AnyStateMachine> {
  readonly id: string | undefined;
  /** Milliseconds of simulated time. */
  readonly due: number;
  readonly event: EventFromLogic<Machine>;
}

/** An actor that the machine has invoked or spawned, and that has not answered yet. */
export interface RunningActor {
  readonly id: string;
  /** Its name in `setup({ actors })`, or its id if it has none. */
  readonly src: string;
}

/** The machine between two steps, and what the last step was. */
export interface Moment<Machine extends AnyStateMachine> {
  /** Milliseconds of simulated time; the machine started at 0. */
  readonly now: number;
  readonly snapshot: SnapshotFrom<Machine>;
  /** What led here: undefined at the start, and where nothing happened but that time passed. */
  readonly event: EventFromLogic<Machine> | undefined;
  /** Transitions of the last step, by the names that a coverage report has, in the order taken. */
  readonly taken: readonly string[];
  /** States entered in the last step, those among them that were left again within it. */
  readonly entered: readonly string[];
  /** Events emitted in the last step. */
  readonly emitted: readonly EmittedFrom<Machine>[];
  /** Actions of the last step that are to be executed: all but `assign`, `emit`, and what has to do with timers. */
  readonly actions: readonly PlannedAction[];
  /** In the order in which they will fire. */
  readonly timers: readonly Timer<Machine>[];
  readonly running: readonly RunningActor[];
  /** Those that have answered, but whose state has not been left. */
  readonly answered: readonly AnyActorRef[];
}

/** What an actor tells its machine by itself: how it has ended, or how it is now, to a machine with `onSnapshot`. */
export type Reply =
  | { readonly output: unknown }
  | { readonly error: unknown }
  | { readonly snapshot: unknown };

/** Events that a machine sends to itself in one step. More than a thousand are taken for an endless loop. */
const LOOP_LIMIT = 1_000;

/** A step, and the events that the machine has sent to itself in it without a delay. */
interface Settled<Machine extends AnyStateMachine> {
  readonly moment: Moment<Machine>;
  readonly toItself: readonly EventFromLogic<Machine>[];
}

const quiet = new Set(['xstate.emit', 'xstate.raise', 'xstate.cancel']);

/** A machine whose life can be followed step by step; made once, it can be started any number of times. */
export class MachineInTime<Machine extends AnyStateMachine> {
  readonly #machine: Machine;
  /** By the action that each transition of the private copy begins with. */
  readonly #transitions = new Map<unknown, string>();
  /** By the action that entering each state begins with. */
  readonly #states = new Map<unknown, string>();

  constructor(machine: Machine) {
    // A copy of its own, that may be marked: what is taken and entered is seen by the first of its actions.
    this.#machine = machine.provide({}) as Machine;
    for (const [definition, name] of chartOf(this.#machine).nameOf) {
      definition.actions = [markIn(this.#transitions, name), ...definition.actions];
    }
    for (const node of nodesOf(this.#machine.root)) {
      if (node.path.length > 0) node.entry.unshift(markIn(this.#states, stateName(node)));
      for (const delay of Object.keys(node.config.after ?? {})) {
        if (Number.isFinite(Number(delay)) || delay in this.#machine.implementations.delays) continue;
        throw new Error(
          `${node.id} waits for a delay "${delay}" that the machine has no implementation of: its transition ` +
            'would be taken at once. Add it to `delays` of setup(), or correct its name.',
        );
      }
    }
  }

  /** The machine's first moment. */
  start(input: InputFrom<Machine>): Moment<Machine> {
    const [snapshot, actions] = initialTransition<AnyStateMachine>(this.#machine, input);
    const nowhere = { now: 0, timers: [], answered: [] };
    return this.#drain(this.#settle(nowhere, snapshot as SnapshotFrom<Machine>, actions, undefined));
  }

  /** The moment after an event, at the same time. Nothing happens to a machine that has come to its end. */
  send(moment: Moment<Machine>, event: EventFromLogic<Machine>): Moment<Machine> {
    return this.isOver(moment) ? rest(moment, moment.now) : this.#drain(this.#step(moment, event));
  }

  /** The moment after an actor has told something. Nothing happens if it does not run (any more). */
  answer(moment: Moment<Machine>, id: string, reply: Reply): Moment<Machine> {
    const actor = childrenOf(moment.snapshot)[id];
    if (actor === undefined || moment.answered.includes(actor)) return rest(moment, moment.now);
    if ('snapshot' in reply) {
      return this.send(moment, { type: `xstate.snapshot.${id}`, ...reply } as EventFromLogic<Machine>);
    }
    const type = 'error' in reply ? `xstate.error.actor.${id}` : `xstate.done.actor.${id}`;
    const event = { type, ...reply, actorId: id } as EventFromLogic<Machine>;
    return this.send({ ...moment, answered: [...moment.answered, actor] }, event);
  }

  /** Whether the machine has come to an end: nothing can happen any more. */
  isOver({ snapshot }: Moment<Machine>): boolean {
    return !isActive(snapshot);
  }

  /** When something is due by itself next; undefined if nothing is. */
  nextDue({ timers }: Moment<Machine>): number | undefined {
    return timers[0]?.due;
  }

  /**
   * Lets time pass until `until`, stopping wherever something falls due.
   *
   * @returns a moment for each of those, and a last one if time goes on after it
   */
  advance(moment: Moment<Machine>, until: number): readonly Moment<Machine>[] {
    const moments: Moment<Machine>[] = [];
    let current = moment;
    for (let atOnce = 0; ; ) {
      const [timer, ...timers] = current.timers;
      if (timer === undefined || timer.due > until || !isActive(current.snapshot)) break;
      atOnce = timer.due > current.now ? 0 : atOnce + 1;
      if (atOnce > LOOP_LIMIT) throw loop(this.#machine, timer.event);
      current = this.send({ ...current, now: Math.max(current.now, timer.due), timers }, timer.event);
      moments.push(current);
    }
    if (moments.length === 0 || current.now < until) moments.push(rest(current, until));
    return moments;
  }

  /** Lets the machine have what it has sent to itself, first in, first out; it all is one step for whoever looks on. */
  #drain({ moment: first, toItself }: Settled<Machine>): Moment<Machine> {
    let moment = first;
    const queue = [...toItself];
    for (let count = 0; queue.length > 0 && !this.isOver(moment); count++) {
      const [own] = queue.splice(0, 1);
      if (own === undefined) break;
      if (count > LOOP_LIMIT) throw loop(this.#machine, own);
      const next = this.#step(moment, own);
      queue.push(...next.toItself);
      moment = {
        ...next.moment,
        event: first.event,
        taken: [...moment.taken, ...next.moment.taken],
        entered: [...moment.entered, ...next.moment.entered],
        emitted: [...moment.emitted, ...next.moment.emitted],
        actions: [...moment.actions, ...next.moment.actions],
      };
    }
    return moment;
  }

  #step(moment: Moment<Machine>, event: EventFromLogic<Machine>): Settled<Machine> {
    const machine: AnyStateMachine = this.#machine;
    // XState makes an actor for `self`, and with it an initial snapshot, from no input. It gets the present one
    // instead: that is what `self.getSnapshot()` should give, and halves the cost of a step.
    const logic: AnyActorLogic = {
      transition: (snapshot, one, scope) => machine.transition(snapshot, one, scope),
      getInitialSnapshot: () => moment.snapshot,
      getPersistedSnapshot: (snapshot) => snapshot,
    };
    const [snapshot, actions] = transition<AnyActorLogic>(logic, moment.snapshot, event);
    return this.#settle(moment, snapshot, actions, event);
  }

  /** Takes in what a step wants done. */
  #settle(
    before: Pick<Moment<Machine>, 'now' | 'timers' | 'answered'>,
    snapshot: SnapshotFrom<Machine>,
    actions: readonly ExecutableActionObject[],
    event: EventFromLogic<Machine> | undefined,
  ): Settled<Machine> {
    const { now } = before;
    let timers = [...before.timers];
    const taken: string[] = [];
    const entered: string[] = [];
    const emitted: EmittedFrom<Machine>[] = [];
    const planned: PlannedAction[] = [];
    const toItself: EventFromLogic<Machine>[] = [];
    for (const { type, params, exec, info } of actions) {
      const transition = this.#transitions.get(exec);
      const state = this.#states.get(exec);
      if (transition !== undefined) taken.push(transition);
      if (state !== undefined) entered.push(state);
      if (transition !== undefined || state !== undefined) continue;
      if (type === 'xstate.emit') emitted.push((params as { event: EmittedFrom<Machine> }).event);
      if (type === 'xstate.cancel') timers = without(timers, (params as { sendId: string }).sendId);
      if (type === 'xstate.raise' || type === 'xstate.sendTo') {
        const sent = params as {
          event: EventFromLogic<Machine>;
          id?: string;
          delay?: number;
          to?: unknown;
        };
        const isMine = type === 'xstate.raise' || sent.to === info.self;
        if (isMine && sent.delay !== undefined) {
          timers.push({ id: sent.id, due: now + delayOf(sent.delay, sent.event), event: sent.event });
        } else if (isMine && type === 'xstate.sendTo') toItself.push(sent.event);
      }
      if (!quiet.has(type)) planned.push({ type, params });
    }
    const isOver = !isActive(snapshot);
    const there = Object.values(childrenOf(snapshot)).filter((child) => child !== undefined);
    const answered = before.answered.filter((actor) => there.includes(actor));
    const moment: Moment<Machine> = {
      now,
      snapshot,
      event,
      taken,
      entered,
      emitted,
      actions: planned,
      timers: isOver ? [] : timers.toSorted((a, b) => a.due - b.due),
      running: isOver ? [] : there.filter((actor) => !answered.includes(actor)).map(running),
      answered,
    };
    return { moment, toItself };
  }
}

/** Nothing happens but that time passes. */
function rest<Machine extends AnyStateMachine>(moment: Moment<Machine>, now: number): Moment<Machine> {
  return { ...moment, now, event: undefined, taken: [], entered: [], emitted: [], actions: [] };
}

/** What XState's types do not say of a machine that is known by its type alone. */
function isActive(snapshot: unknown): boolean {
  return (snapshot as AnyMachineSnapshot).status === 'active';
}

function childrenOf(snapshot: unknown): Readonly<Record<string, AnyActorRef | undefined>> {
  return (snapshot as AnyMachineSnapshot).children;
}

function running({ id, src }: AnyActorRef): RunningActor {
  return { id, src: typeof src === 'string' ? src : id };
}

/** As XState's scheduler: a cancelled id is the one last set. */
function without<Machine extends AnyStateMachine>(timers: Timer<Machine>[], id: string): Timer<Machine>[] {
  const at = timers.findLastIndex((timer) => timer.id === id);
  return at < 0 ? timers : timers.toSpliced(at, 1);
}

/** Milliseconds. `setTimeout` takes what is no number, and what has no end, for 1 ms. */
function delayOf(delay: number, { type }: { type: string }): number {
  if (!Number.isFinite(delay))
    throw new Error(`The delay of ${type} is ${delay}: an actor would not wait at all.`);
  return Math.max(0, delay);
}

/** An action that does nothing, by which a name is found. */
function markIn(names: Map<unknown, string>, name: string): () => void {
  const mark = () => {};
  names.set(mark, name);
  return mark;
}

function loop(machine: AnyStateMachine, event: { type: string }): Error {
  return new Error(`${machine.id} sends itself ${event.type} without end, and no time passes.`);
}
