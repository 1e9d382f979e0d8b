/**
 * Steps of a machine as values: the next state, and what is to be said and timed because of it. A machine is a
 * pure function already; XState's own actor around it (mailbox, observers, a system of its own) cost half of a
 * step's time and most of an actor's memory, and the registry needs none of it.
 *
 * This stands where an XState actor would, by XState's contract with actor logic (`ActorScope`), which its
 * minor versions may widen: so that dependency is pinned, and stepper.test.ts holds it against real actors.
 */
import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';

/** What a step does to an actor's timers, in this order: cancel first where one is set anew. */
export type TimerOrder =
  | { readonly type: 'set'; readonly name: string; readonly ms: number; readonly event: EventObject }
  | { readonly type: 'cancel'; readonly name: string };

export interface Step {
  readonly snapshot: AnyMachineSnapshot;
  /** In the order in which it was emitted. */
  readonly said: readonly EventObject[];
  readonly timers: readonly TimerOrder[];
}

/** Most steps order no timer, and many say nothing. */
const none: readonly never[] = [];

export class Stepper {
  readonly #scope: AnyActorScope;
  #said: EventObject[] = [];
  #timers: TimerOrder[] = [];

  constructor() {
    const self = undefined as unknown as AnyActorScope['self'];
    const scheduler: Pick<AnyActorScope['system']['scheduler'], 'schedule' | 'cancel'> = {
      schedule: (_source, _target, event, ms, name = '') => {
        this.#timers.push({ type: 'set', name, ms, event });
      },
      cancel: (_source, name) => {
        this.#timers.push({ type: 'cancel', name });
      },
    };
    this.#scope = {
      // Actions get it as an argument; actors here hold no references, not even to themselves.
      self,
      id: '',
      sessionId: '',
      logger: () => {},
      // What is put off is only noted, so it needs no putting off.
      defer: (effect) => effect(),
      emit: (event: EventObject) => {
        this.#said.push(event);
      },
      system: { scheduler, _sendInspectionEvent: () => {} } as unknown as AnyActorScope['system'],
      stopChild: () => {},
      actionExecutor: ({ exec, info, params }) => exec?.(info, params),
    };
  }

  /** The first step. Throws what the machine throws. */
  start(machine: AnyStateMachine, input: unknown): Step {
    this.#begin();
    const snapshot = machine.getInitialSnapshot(this.#scope, input) as AnyMachineSnapshot;
    if (snapshot.status === 'error') throw snapshot.error;
    return this.#end(snapshot);
  }

  /** One more step. Throws what the machine throws; then nothing has changed. */
  step(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject): Step {
    this.#begin();
    return this.#end(machine.transition(snapshot, event, this.#scope) as AnyMachineSnapshot);
  }

  #begin(): void {
    // A step that threw has left something.
    if (this.#said.length > 0) this.#said = [];
    if (this.#timers.length > 0) this.#timers = [];
  }

  #end(snapshot: AnyMachineSnapshot): Step {
    const said = this.#said.length === 0 ? none : this.#said;
    const timers = this.#timers.length === 0 ? none : this.#timers;
    if (said !== none) this.#said = [];
    if (timers !== none) this.#timers = [];
    return { snapshot, said, timers };
  }
}
