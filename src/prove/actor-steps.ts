/** Which states of the control plane's machines are reached, and by which transitions. */
import type { AnyStateMachine, StateValue } from 'xstate';
import { ownMachines } from '../diagram/own-machines.ts';
import type { Transition } from '../streams/registry.ts';
import type { ActorKind } from '../streams/routes.ts';
import { chartOf } from '../testing/chart.ts';

/** Kinds of actors with their machines. */
const machines: Readonly<Record<ActorKind, AnyStateMachine | undefined>> = {
  supervisor: ownMachines['supervisor'],
  config: ownMachines['config'],
  backend: ownMachines['backend'],
  poller: ownMachines['poller'],
  director: ownMachines['director'],
  saintmode: ownMachines['saintmode'],
  peerPool: ownMachines['peer-pool'],
  peerWorker: ownMachines['peer-worker'],
};

export class ActorSteps {
  /** `backend polled.healthy`, ... */
  readonly states = new Set<string>();
  /** `poller: probing, probe.answered → scheduled`, ... */
  readonly transitions = new Set<string>();
  count = 0;
  /** Steps as they come, so that each is described once: there are many of few kinds. */
  readonly #seen = new Set<string>();

  add({ address: { kind }, event, before, after }: Transition): void {
    this.count++;
    if (typeof before === 'string' && typeof after === 'string') {
      const key = `${kind} ${before} ${event.type} ${'timer' in event ? event.timer : ''} ${after}`;
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    const [from, to] = [pathsOf(before as StateValue | undefined), pathsOf(after as StateValue)];
    for (const path of to) this.states.add(`${kind} ${path}`);
    const timer = 'timer' in event ? ` ${String(event.timer)}` : '';
    this.transitions.add(`${kind}: ${from.join(' ')}, ${event.type}${timer} → ${to.join(' ')}`);
  }
}

/** How many states there are to reach. */
export function statesThereAre(): number {
  const known = Object.values(machines).filter((machine) => machine !== undefined);
  return known.reduce((sum, machine) => sum + chartOf(machine).states.length, 0);
}

/** `scheduled`; `polled` and `polled.healthy`, of a state within another. */
function pathsOf(value: StateValue | undefined): string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...pathsOf(inner).map((path) => `${name}.${path}`),
  ]);
}
