/**
 * Steps of a machine as values: the next state, and what is to be said and timed because of it. A machine is a
 * pure function already; XState's own actor around it (mailbox, observers, a system of its own) cost half of a
 * step's time and most of an actor's memory, and the registry needs none of it.
 *
 * This stands where an XState actor would, by XState's contract with actor logic (`ActorScope`), which its
 * minor versions may widen: so that dependency is pinned, and stepper.test.ts holds it against real actors.
 */
import assert from 'node:assert';
import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';

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

/** Combinations of state nodes that are remembered of one machine: more than any has, but for their order. */
const MOST_STATES = 64;

export class Stepper {
  readonly #scope: AnyActorScope;
  /** By machine: a snapshot of each state that an actor of it has been in. */
  readonly #states = new WeakMap<AnyStateMachine, AnyMachineSnapshot[]>();
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
    if (!this.#states.has(machine)) {
      refuseMoreThanStates(machine.root);
      this.#states.set(machine, []);
    }
    this.#begin();
    const snapshot = machine.getInitialSnapshot(this.#scope, input) as AnyMachineSnapshot;
    if (snapshot.status === 'error') throw snapshot.error;
    return this.#end(snapshot, undefined);
  }

  /** One more step. Throws what the machine throws; then nothing has changed. */
  step(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject): Step {
    this.#begin();
    return this.#end(machine.transition(snapshot, event, this.#scope) as AnyMachineSnapshot, snapshot);
  }

  #begin(): void {
    // A step that threw has left something.
    if (this.#said.length > 0) this.#said = [];
    if (this.#timers.length > 0) this.#timers = [];
  }

  #end(snapshot: AnyMachineSnapshot, before: AnyMachineSnapshot | undefined): Step {
    if (snapshot !== before) this.#share(snapshot, before);
    const said = this.#said.length === 0 ? none : this.#said;
    const timers = this.#timers.length === 0 ? none : this.#timers;
    if (said !== none) this.#said = [];
    if (timers !== none) this.#timers = [];
    return { snapshot, said, timers };
  }

  /**
   * Lets actors in the same state share what is the same: a snapshot brings its own copies, which would be two
   * thirds of an actor's memory, and what survives a step is what garbage collection has to carry.
   */
  #share(snapshot: AnyMachineSnapshot, before: AnyMachineSnapshot | undefined): void {
    const same = before !== undefined && isSameState(before, snapshot) ? before : this.#known(snapshot);
    snapshot._nodes = same._nodes;
    snapshot.value = same.value;
    snapshot.tags = same.tags;
    snapshot.historyValue = same.historyValue;
    snapshot.children = same.children;
  }

  #known(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
    const known = this.#states.get(snapshot.machine) ?? [];
    const same = known.find((one) => isSameState(one, snapshot));
    if (same !== undefined) return same;
    // A copy, so that no actor's context is kept.
    if (known.length < MOST_STATES) known.push({ ...snapshot, context: {} } as AnyMachineSnapshot);
    return snapshot;
  }
}

/** The state of a machine is the nodes that it is in, and nothing else: that lets actors share it. */
function refuseMoreThanStates(node: AnyStateNode): void {
  assert(node.type !== 'history', `${node.id}: history states are not supported here`);
  assert(node.invoke.length === 0, `${node.id}: effects are asked for over the bus, not invoked`);
  for (const child of Object.values(node.states)) refuseMoreThanStates(child);
}

function isSameState({ _nodes: a }: AnyMachineSnapshot, { _nodes: b }: AnyMachineSnapshot): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
