/**
 * What a chart of a machine says, taken from the machine's own definition: states, transitions, and the words for
 * them. Every format (svg, mermaid, scxml) is made from this, so they cannot tell different stories.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { fallbackDelay, guardName, guardWords, noWords, type Words } from './words.ts';

type StateKind = 'atomic' | 'compound' | 'parallel' | 'final' | 'history';

/** What sets a transition off. */
type Trigger =
  | { readonly kind: 'event'; readonly event: string }
  /** `name`: of the delay; `ms`: where it is a number. */
  | { readonly kind: 'after'; readonly name: string; readonly ms: number | undefined; readonly event: string }
  /** An invoked actor or all children have ended, well or not: `event` is XState's. */
  | { readonly kind: 'done' | 'error'; readonly event: string }
  /** As soon as the guard holds. */
  | { readonly kind: 'always' };

export interface ChartTransition {
  readonly trigger: Trigger;
  /** Names of the guards, as the machine has them. */
  readonly guard: string | undefined;
  /** Ids of states; none: the state stays, and only its actions run. */
  readonly targets: readonly string[];
  /** Leaves and enters its own state also where that is its target. */
  readonly reenter: boolean;
  readonly description: string | undefined;
  /** What happens, as people say it: 'poller.elect', 'after interval', 'always'. */
  readonly cause: string;
  /** Under which condition, as people say it: 'when good ≥ threshold', 'otherwise'. */
  readonly condition: string | undefined;
}

export interface ChartState {
  /** Path from the machine, joined by dots; the machine's own is empty. Unique within the chart. */
  readonly id: string;
  readonly name: string;
  readonly kind: StateKind;
  readonly history: 'shallow' | 'deep' | undefined;
  readonly description: string | undefined;
  /** Ids of the children that are entered first. A parallel state has none: all are. */
  readonly initial: readonly string[];
  /** Actors that run while the state is active. */
  readonly invokes: readonly string[];
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
}

/** A machine's chart. The machine itself is its outermost state. */
export interface StateChart {
  readonly name: string;
  readonly description: string | undefined;
  readonly root: ChartState;
}

/**
 * The chart of a machine.
 *
 * @param words for guards and delays whose names in the code do not say it
 */
export function chartOf(machine: AnyStateMachine, words: Words = noWords): StateChart {
  const { root } = machine;
  return { name: machine.id, description: root.description, root: stateOf(root, machine, words) };
}

/** All states of a chart, outer ones first. */
export function statesOf(state: ChartState): ChartState[] {
  return [state, ...state.states.flatMap(statesOf)];
}

const idOf = (node: AnyStateNode): string => node.path.join('.');

function stateOf(node: AnyStateNode, machine: AnyStateMachine, words: Words): ChartState {
  const initial = node.type === 'compound' ? (node.initial.target ?? []) : [];
  return {
    id: idOf(node),
    name: node.key,
    kind: node.type,
    history: node.history === false ? undefined : node.history,
    description: node.description,
    initial: (initial as readonly AnyStateNode[]).map(idOf),
    invokes: node.invoke.map(({ src }) => (typeof src === 'string' ? src : 'an actor')),
    states: Object.values<AnyStateNode>(node.states).map((child) => stateOf(child, machine, words)),
    transitions: transitionsOf(node, machine, words),
  };
}

function transitionsOf(node: AnyStateNode, machine: AnyStateMachine, words: Words): ChartTransition[] {
  if (node.type === 'history') return [];
  const lists = [...node.transitions.values(), node.always ?? []];
  return lists.flatMap((list: readonly AnyTransitionDefinition[]) => {
    // One without a guard behind one with a guard is what happens otherwise.
    let guarded = false;
    return list.map((definition) => {
      const transition = transitionOf(definition, machine, words, guarded);
      guarded ||= transition.guard !== undefined;
      return transition;
    });
  });
}

function transitionOf(
  definition: AnyTransitionDefinition,
  machine: AnyStateMachine,
  words: Words,
  isAlternative: boolean,
): ChartTransition {
  const trigger = triggerOf(definition, machine);
  const targets = (definition.target ?? []) as readonly AnyStateNode[];
  const { guard } = definition;
  const condition = guard === undefined ? undefined : `when ${guardWords(guard, words)}`;
  return {
    trigger,
    guard: guard === undefined ? undefined : guardName(guard),
    targets: targets.map(idOf),
    reenter: definition.reenter,
    description: definition.description,
    cause: causeOf(trigger, words),
    condition: condition ?? (isAlternative ? 'otherwise' : undefined),
  };
}

/** XState writes timers and ends of actors as events of its own: `xstate.after.NAME.ID`, `xstate.done.actor.ID`. */
function triggerOf({ eventType: event, source }: AnyTransitionDefinition, machine: AnyStateMachine): Trigger {
  if (event === '') return { kind: 'always' };
  const after = /^xstate\.after\.(.*)$/s.exec(event);
  if (after?.[1] !== undefined) {
    const suffix = `.${(source as AnyStateNode).id}`;
    const name = after[1].endsWith(suffix) ? after[1].slice(0, -suffix.length) : after[1];
    const ms = Number.isFinite(Number(name)) ? Number(name) : constantDelay(machine, name);
    return { kind: 'after', name, ms, event };
  }
  if (event.startsWith('xstate.done.')) return { kind: 'done', event };
  if (event.startsWith('xstate.error.')) return { kind: 'error', event };
  return { kind: 'event', event };
}

function constantDelay(machine: AnyStateMachine, name: string): number | undefined {
  const delay: unknown = machine.implementations.delays[name];
  return typeof delay === 'number' ? delay : undefined;
}

function causeOf(trigger: Trigger, words: Words): string {
  switch (trigger.kind) {
    case 'event':
      return trigger.event === '*' ? 'any other event' : trigger.event;
    case 'after':
      return `after ${words.delays?.[trigger.name] ?? fallbackDelay(trigger.name, trigger.ms)}`;
    case 'done':
      return `done${ofWhat(trigger.event)}`;
    case 'error':
      return `failed${ofWhat(trigger.event)}`;
    case 'always':
      return 'always';
    default:
      return trigger satisfies never;
  }
}

/** `xstate.done.actor.fetchUser` is the end of fetchUser; ids that XState made up name nothing. */
function ofWhat(event: string): string {
  const actor = /^xstate\.(?:done|error)\.actor\.(.*)$/s.exec(event)?.[1];
  return actor === undefined || /^\d+\./.test(actor) ? '' : `: ${actor}`;
}
