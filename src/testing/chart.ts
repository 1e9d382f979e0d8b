/**
 * What of a machine can be covered: its states and its transitions, each by a name that a person can find in the
 * definition. Names are the same for a machine and for copies that `provide()` makes of it.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** Every node, parents before children, in the order of the definition. */
export function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

/** What an event is called in the definition, where XState's own name is another. */
function eventWords(eventType: string, node: AnyStateNode): string {
  if (eventType === '') return 'always';
  for (const { id, src } of node.invoke) {
    const actor = typeof src === 'string' ? src : id;
    if (eventType === `xstate.done.actor.${id}`) return `${actor} done`;
    if (eventType === `xstate.error.actor.${id}`) return `${actor} failed`;
    if (eventType === `xstate.snapshot.${id}`) return `${actor} snapshot`;
  }
  if (eventType === `xstate.done.state.${node.id}`) return 'done';
  const after = /^xstate\.after\.(.*)$/.exec(eventType)?.[1];
  return after === undefined ? eventType : `after ${after.replace(`.${node.id}`, '')}`;
}

/** `hasCredit`, `not isFull`, `isOpen and hasCredit`; undefined for a guard without a name. */
function guardWords(guard: unknown): string | undefined {
  if (guard === undefined) return undefined;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') {
    // What and(), or() and not() return carries the guards that it combines.
    const { guards, check, name } = guard as { guards?: readonly unknown[]; check?: unknown; name: string };
    if (guards !== undefined && check !== undefined) {
      const parts = guards.map((one) => guardWords(one) ?? '…');
      return name === 'not' ? `not ${parts.join()}` : parts.join(` ${name} `);
    }
    return name === '' || name === 'guard' ? undefined : name;
  }
  if (typeof guard === 'object' && guard !== null && 'type' in guard) {
    const { type, params } = guard as { type: unknown; params?: unknown };
    return params === undefined || typeof params === 'function'
      ? String(type)
      : `${String(type)} ${JSON.stringify(params)}`;
  }
  return undefined;
}

/** `checkout.paying`; the machine's own name for its root. */
export function stateName(node: AnyStateNode): string {
  return node.path.length === 0 ? node.machine.id : node.path.join('.');
}

/** `locked: card.shown [isValid] → open`. */
function transitionName(transition: AnyTransitionDefinition): string {
  const { source, target, eventType, guard, reenter } = transition;
  const condition = guardWords(guard);
  const where =
    target === undefined || target.length === 0
      ? 'stays'
      : `${reenter && target.includes(source) ? '↻' : '→'} ${target.map(stateName).join(', ')}`;
  const words = eventWords(eventType, source);
  return `${stateName(source)}: ${words}${condition === undefined ? '' : ` [${condition}]`} ${where}`;
}

/** Transitions of one node, in the order in which XState tries them for each event. */
function transitionsOf(node: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

export interface Chart {
  /** Names of all states that can be active: not the root, which always is, and no history state. */
  readonly states: readonly string[];
  readonly transitions: readonly string[];
  /** By the definition's own object. */
  readonly nameOf: ReadonlyMap<AnyTransitionDefinition, string>;
}

export function chartOf(machine: AnyStateMachine): Chart {
  const nodes = nodesOf(machine.root);
  const nameOf = new Map<AnyTransitionDefinition, string>();
  const seen = new Map<string, number>();
  for (const transition of nodes.flatMap(transitionsOf)) {
    const name = transitionName(transition);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    // Alternatives whose guards have no names are told apart by their order.
    nameOf.set(transition, count === 1 ? name : `${name} (${count})`);
  }
  const states = nodes.filter(({ type, path }) => type !== 'history' && path.length > 0).map(stateName);
  return { states, transitions: [...nameOf.values()], nameOf };
}
