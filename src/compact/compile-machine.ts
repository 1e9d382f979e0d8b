/**
 * Compiles a machine into a transition table, for machines with very many instances: an instance is then a
 * record with a small integer for its state, not an actor. The machine stays the definition.
 *
 * What is translated: one level of atomic and final states; `on` of states and of the root, with guards,
 * actions, targets and `reenter`; entry and exit actions; one `after` a state, without a guard. Guards, actions and delays are
 * names, and whoever owns the records says what they do to one; so context stays out of the table. Whatever
 * else a machine can have is refused.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { TroupeError } from '../errors.ts';

/** What the owner of the records can do to one: the names that the machine gives to `setup()`. */
export interface Vocabulary<Guard extends string, Action extends string, Delay extends string> {
  readonly guards: readonly Guard[];
  readonly actions: readonly Action[];
  readonly delays: readonly Delay[];
}

export interface TableTransition<Guard, Action> {
  readonly guard: Guard | undefined;
  /** Index of the state that is entered; undefined: the state stays, and so does its timer. */
  readonly target: number | undefined;
  /** What is left, what happens on the way, and what is entered, in this order. */
  readonly actions: readonly Action[];
}

export interface MachineTable<
  Guard extends string = string,
  Action extends string = string,
  Delay extends string = string,
> {
  /** Names by index. */
  readonly states: readonly string[];
  /** Names by index; a state's `after` is not among them. */
  readonly events: readonly string[];
  readonly initial: number;
  /** What is done when an instance begins. */
  readonly creation: readonly Action[];
  /** By state: an instance that enters it has ended. */
  readonly isFinal: readonly boolean[];
  /** By state: the delay that starts when it is entered. */
  readonly delays: readonly (Delay | undefined)[];
  /** By state: what happens when its delay has passed. */
  readonly afterDelay: readonly (TableTransition<Guard, Action> | undefined)[];
  /** By state × number of events + event: what may happen; the first that its guard allows does. */
  readonly onEvent: readonly (readonly TableTransition<Guard, Action>[])[];
}

/**
 * @throws TroupeError `troupe.internal`: the machine has something that cannot be translated, or the
 *   vocabulary has a word that the machine does not use; the message names it
 */
export function compileMachine<Guard extends string, Action extends string, Delay extends string>(
  machine: AnyStateMachine,
  vocabulary: Vocabulary<Guard, Action, Delay>,
): MachineTable<Guard, Action, Delay> {
  return new Compilation(machine, vocabulary).table();
}

/** @throws TroupeError `troupe.internal`: the machine hears no such event */
export function eventNumber(table: MachineTable, event: string): number {
  const number = table.events.indexOf(event);
  if (number >= 0) return number;
  const message = `there is no event "${event}" in the table, only ${table.events.join(', ')}`;
  throw new TroupeError('troupe.internal', message, { side: 'troupe' });
}

type Initial = { readonly actions: readonly unknown[]; readonly target: readonly AnyStateNode[] };

class Compilation<Guard extends string, Action extends string, Delay extends string> {
  readonly #machine: AnyStateMachine;
  readonly #vocabulary: Vocabulary<Guard, Action, Delay>;
  readonly #states: readonly AnyStateNode[];
  readonly #used = new Set<string>();

  constructor(machine: AnyStateMachine, vocabulary: Vocabulary<Guard, Action, Delay>) {
    this.#machine = machine;
    this.#vocabulary = vocabulary;
    this.#states = Object.values(machine.root.states) as AnyStateNode[];
  }

  table(): MachineTable<Guard, Action, Delay> {
    const { root } = this.#machine;
    this.#checkRoot(root);
    for (const state of this.#states) this.#checkState(state);
    const events = [...new Set([root, ...this.#states].flatMap((node) => this.#eventsOf(node)))].sort();
    const { actions, target } = root.initial as unknown as Initial;
    const initial = this.#index(target[0]);
    const table: MachineTable<Guard, Action, Delay> = {
      states: this.#states.map((state) => state.key),
      events,
      initial,
      creation: [
        ...this.#actions(root, root.config.entry),
        ...this.#actions(root, actions),
        ...this.#entryOf(initial),
      ],
      isFinal: this.#states.map((state) => state.type === 'final'),
      delays: this.#states.map((state) => this.#delayOf(state)),
      afterDelay: this.#states.map((state) => this.#afterDelay(state)),
      onEvent: this.#states.flatMap((state) => events.map((event) => this.#candidates(state, event))),
    };
    this.#checkVocabulary();
    return table;
  }

  /** A state is asked first, then the root; one that is final hears nothing. */
  #candidates(state: AnyStateNode, event: string): readonly TableTransition<Guard, Action>[] {
    if (state.type === 'final') return [];
    const all = [state, this.#machine.root].flatMap((node) => node.transitions.get(event) ?? []);
    const candidates = all.map((transition) => this.#transition(state, transition));
    const last = candidates.findIndex(({ guard }) => guard === undefined);
    return last < 0 ? candidates : candidates.slice(0, last + 1);
  }

  #transition(state: AnyStateNode, transition: AnyTransitionDefinition): TableTransition<Guard, Action> {
    const source = transition.source as AnyStateNode;
    if (source === this.#machine.root && transition.reenter)
      throw this.#refusal(source, '"reenter" of the root');
    const guard = this.#guard(source, transition.guard);
    const actions = this.#actions(source, transition.actions);
    const target = transition.target?.[0] as AnyStateNode | undefined;
    // A state that names itself, and not `reenter`, stays as it is; the root's transitions enter anew.
    const stays = target === undefined || (target === source && !transition.reenter);
    if (stays) return { guard, target: undefined, actions };
    const entered = this.#index(target);
    const exit = this.#actions(state, state.config.exit);
    return { guard, target: entered, actions: [...exit, ...actions, ...this.#entryOf(entered)] };
  }

  #entryOf(state: number): Action[] {
    const node = this.#states[state] as AnyStateNode;
    return this.#actions(node, node.config.entry);
  }

  #index(node: AnyStateNode | undefined): number {
    const index = node === undefined ? -1 : this.#states.indexOf(node);
    if (index < 0) throw this.#refusal(this.#machine.root, `a target that is none of its states`);
    return index;
  }

  #eventsOf(node: AnyStateNode): string[] {
    const delayed = new Set(node.after.map((transition) => transition.eventType as string));
    const events = ([...node.transitions.keys()] as string[]).filter((event) => !delayed.has(event));
    const wildcard = events.find((event) => event.includes('*') || event === '');
    if (wildcard !== undefined) throw this.#refusal(node, `the wildcard event "${wildcard}"`);
    const own = events.find((event) => event.startsWith('xstate.'));
    if (own !== undefined) throw this.#refusal(node, `the event "${own}", which only actors get`);
    return events;
  }

  #delayOf(state: AnyStateNode): Delay | undefined {
    const [first, ...others] = state.after;
    if (first === undefined) return undefined;
    if (others.length > 0) throw this.#refusal(state, 'several delays, or several ways after one,');
    return this.#word('delays', state, first.delay) as Delay;
  }

  /** A guard could hold it back, and whether the timer still runs would depend on the past. */
  #afterDelay(state: AnyStateNode): TableTransition<Guard, Action> | undefined {
    const [delayed] = state.after;
    if (delayed === undefined) return undefined;
    if (delayed.guard !== undefined) throw this.#refusal(state, 'a delay with a guard');
    const transition = this.#transition(state, delayed);
    if (transition.target === undefined) throw this.#refusal(state, 'a delay without a target');
    return transition;
  }

  #guard(node: AnyStateNode, guard: unknown): Guard | undefined {
    return guard === undefined ? undefined : (this.#word('guards', node, guard) as Guard);
  }

  #actions(node: AnyStateNode, actions: unknown): Action[] {
    const list: readonly unknown[] =
      actions === undefined ? [] : Array.isArray(actions) ? actions : [actions];
    return list.map((action) => this.#word('actions', node, action) as Action);
  }

  /** A name that stands for something, if the vocabulary has it. */
  #word(kind: 'guards' | 'actions' | 'delays', node: AnyStateNode, word: unknown): string {
    const one = kind.slice(0, -1);
    let name = word;
    if (typeof word === 'object' && word !== null && 'type' in word && Object.keys(word).length === 1) {
      name = word.type;
    }
    if (typeof name === 'object')
      throw this.#refusal(node, `${one} ${JSON.stringify(word)}, with parameters`);
    if (typeof name !== 'string') {
      throw this.#refusal(
        node,
        `${one === 'action' ? 'an' : 'a'} ${one} written in place (not named in setup())`,
      );
    }
    if (!(this.#vocabulary[kind] as readonly string[]).includes(name)) {
      throw this.#refusal(node, `the ${one} "${name}", which is not in the vocabulary`);
    }
    this.#used.add(`${kind} ${name}`);
    return name;
  }

  #checkVocabulary(): void {
    for (const kind of ['guards', 'actions', 'delays'] as const) {
      const unused = this.#vocabulary[kind].find((word) => !this.#used.has(`${kind} ${word}`));
      if (unused === undefined) continue;
      const message = `${this.#machine.id}: the vocabulary has the ${kind.slice(0, -1)} "${unused}", which the machine does not use; remove it`;
      throw new TroupeError('troupe.internal', message, { side: 'troupe' });
    }
  }

  #checkRoot(root: AnyStateNode): void {
    this.#checkNode(root);
    if (root.type !== 'compound') throw this.#refusal(root, `a root of type ${root.type}`);
    if (root.after.length > 0) throw this.#refusal(root, '"after" of the root');
    if (root.config.exit !== undefined) throw this.#refusal(root, '"exit" of the root');
    if (root.config.output !== undefined) throw this.#refusal(root, '"output"');
  }

  #checkState(state: AnyStateNode): void {
    this.#checkNode(state);
    if (state.type !== 'atomic' && state.type !== 'final') {
      throw this.#refusal(state, `a state of type ${state.type}`);
    }
    if (state.config.output !== undefined) throw this.#refusal(state, '"output"');
    // Of a state that nothing leads to, too.
    for (const actions of [state.config.entry, state.config.exit]) this.#actions(state, actions);
    if (state.type === 'final' && state.config.exit !== undefined) {
      throw this.#refusal(state, '"exit" of a final state');
    }
  }

  #checkNode(node: AnyStateNode): void {
    if (node.invoke.length > 0) throw this.#refusal(node, '"invoke"');
    if (node.config.always !== undefined) throw this.#refusal(node, '"always"');
    if (node.config.onDone !== undefined) throw this.#refusal(node, '"onDone"');
  }

  #refusal(node: AnyStateNode, construct: string): TroupeError {
    const place = node.parent === undefined ? node.id : `${this.#machine.id}, state "${node.key}"`;
    const message = `${place}: ${construct} cannot be translated into a table; run this machine as an actor, or do without`;
    return new TroupeError('troupe.internal', message, { side: 'troupe' });
  }
}
