/**
 * What the compiler does not see in a machine: names of events in `on` and of delays in `after` are plain
 * strings to it, and a misspelt delay fires at once. To be called in every machine's test.
 */
import { expect } from 'vitest';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, EventFromLogic } from 'xstate';

type EventNames<Machine extends AnyStateMachine> = EventFromLogic<Machine>['type'];

/** Accepts a list only if it names every member of the union. */
type Exhaustive<Union extends string, List extends readonly Union[]> = [
  Exclude<Union, List[number]>,
] extends [never]
  ? List
  : { readonly missing: Exclude<Union, List[number]> };

/** A list of all members of a union of names: one left out, or one too many, does not compile. */
export function allOf<Union extends string>() {
  return <const List extends readonly Union[]>(list: List & Exhaustive<Union, List>): readonly Union[] =>
    list;
}

/** Names that the machine itself makes up: `xstate.after…`, `xstate.done…`. */
const isPrivate = (event: string) => event.startsWith('xstate.');

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

function isOneLine(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '' && !text.includes('\n');
}

/** Names of the delays that a node's `after` gives; numbers need no name. */
function namedDelaysOf(node: AnyStateNode): string[] {
  return Object.keys(node.config.after ?? {}).filter((name) => !Number.isFinite(Number(name)));
}

/** Every node that can be active, found by following initial states, regions and transitions from the root. */
function reachableFrom(root: AnyStateNode): Set<AnyStateNode> {
  const reached = new Set<AnyStateNode>();
  const enter = (node: AnyStateNode | undefined): void => {
    if (node === undefined || reached.has(node)) return;
    reached.add(node);
    if (node.parent !== undefined) enter(node.parent);
    if (node.type === 'parallel') for (const region of Object.values(node.states)) enter(region);
    if (node.type === 'compound') for (const first of node.initial.target) enter(first);
    for (const { target } of transitionsOf(node)) for (const one of target ?? []) enter(one);
  };
  enter(root);
  return reached;
}

/**
 * Asserts that the machine hears exactly the declared events, that each delay has an implementation, that
 * each state and transition says in one line what it means, and that each state can be reached.
 *
 * @param declared the types of all events in the machine's declared union
 */
export function lintMachine<
  Machine extends AnyStateMachine,
  const List extends readonly EventNames<Machine>[],
>(machine: Machine, declared: List & Exhaustive<EventNames<Machine>, List>): void {
  const nodes = nodesOf(machine.root);
  const heard = machine.events.filter((event) => !isPrivate(event));
  expect(heard.toSorted(), 'events in `on` against the declared union').toEqual(
    [...(declared as readonly string[])].toSorted(),
  );
  const delays = Object.keys(machine.implementations.delays ?? {});
  for (const node of nodes) {
    for (const delay of namedDelaysOf(node)) {
      expect(delays, `delay of \`after\` in ${node.id}`).toContain(delay);
    }
    expect(isOneLine(node.description), `one-line description of state ${node.id}`).toBe(true);
    for (const { eventType, description } of transitionsOf(node)) {
      const name = eventType === '' ? 'always' : eventType;
      expect(isOneLine(description), `one-line description of ${name} in ${node.id}`).toBe(true);
    }
  }
  const reached = reachableFrom(machine.root);
  const lost = nodes.filter((node) => !reached.has(node)).map(({ id }) => id);
  expect(lost, 'states that nothing leads to').toEqual([]);
}
