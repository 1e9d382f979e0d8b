/**
 * What of a machine has been reached: how often each of its states was entered, and each of its transitions taken.
 * It collects from simulated runs, from live actors, or from both.
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import { type Chart, chartOf, stateName } from './chart.ts';

/** What a step has reached, by name; a moment of a simulated run is one. */
export interface Reached {
  readonly entered: readonly string[];
  readonly taken: readonly string[];
}

export class Coverage {
  readonly machine: AnyStateMachine;
  readonly #chart: Chart;
  readonly #states: Map<string, number>;
  readonly #transitions: Map<string, number>;
  /** Names of the transitions of live actors, whose machine may be a copy with other effects. */
  readonly #foreign = new WeakMap<AnyTransitionDefinition, string>();
  readonly #charted = new WeakSet<AnyStateMachine>();

  constructor(machine: AnyStateMachine) {
    this.machine = machine;
    this.#chart = chartOf(machine);
    this.#states = new Map(this.#chart.states.map((name) => [name, 0]));
    this.#transitions = new Map(this.#chart.transitions.map((name) => [name, 0]));
  }

  /** Takes in one step. */
  add({ entered, taken }: Reached): void {
    for (const name of entered) count(this.#states, name);
    for (const name of taken) count(this.#transitions, name);
  }

  /**
   * Takes in what live actors of this machine do, and ignores all others:
   * `createActor(machine, { inspect: coverage.inspect })`.
   */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep' && event.type !== '@xstate.snapshot') return;
    const { machine, _nodes: nodes } = event.snapshot as Partial<AnyMachineSnapshot>;
    if (machine === undefined || machine.config !== this.machine.config || nodes === undefined) return;
    // Which states were entered is not told, so those count that are active after the step.
    const entered = nodes.filter(({ path }) => path.length > 0).map(stateName);
    if (event.type === '@xstate.microstep') {
      const taken = event._transitions.map((definition) => this.#nameOf(machine, definition));
      this.add({ entered, taken });
    } else if (event.event.type === 'xstate.init') this.add({ entered, taken: [] });
  };

  #nameOf(machine: AnyStateMachine, definition: AnyTransitionDefinition): string {
    if (!this.#charted.has(machine)) {
      this.#charted.add(machine);
      for (const [one, name] of chartOf(machine).nameOf) this.#foreign.set(one, name);
    }
    return this.#foreign.get(definition) ?? '';
  }

  /** By name: how often each state was entered. */
  get states(): ReadonlyMap<string, number> {
    return this.#states;
  }

  /** By name: how often each transition was taken. */
  get transitions(): ReadonlyMap<string, number> {
    return this.#transitions;
  }

  /** Names of the states and transitions that were not reached. */
  get missed(): readonly string[] {
    return [...this.#states, ...this.#transitions].flatMap(([name, times]) => (times === 0 ? [name] : []));
  }

  /**
   * Throws an error that names what was not reached.
   *
   * @param except names of states and transitions that need not be; one that was reached all the same, or that the
   *   machine does not have, is an error, too
   */
  assertComplete({ except = [] }: { readonly except?: readonly string[] } = {}): void {
    const missed = new Set(this.missed);
    const stale = except.filter((name) => !missed.has(name));
    const faults = [
      ...[...missed].filter((name) => !except.includes(name)).map((name) => `not reached: ${name}`),
      ...stale.map((name) =>
        this.#states.has(name) || this.#transitions.has(name)
          ? `excepted, but reached: ${name}`
          : `excepted, but not in the machine: ${name}`,
      ),
    ];
    if (faults.length > 0)
      throw new Error(`${this.machine.id}:\n${faults.map((one) => `  ${one}`).join('\n')}`);
  }

  /** The table of this machine alone, with what was missed. */
  toString(): string {
    return coverageTable([this]);
  }
}

/** A table of what was reached of each machine, and the names of what was missed. */
export function coverageTable(machines: readonly Coverage[]): string {
  const rows = machines.map(({ machine, states, transitions }) => {
    const [reachedStates, taken] = [reached(states), reached(transitions)];
    return [
      machine.id,
      `${reachedStates}/${states.size}`,
      share(reachedStates, states.size),
      `${taken}/${transitions.size}`,
      share(taken, transitions.size),
    ];
  });
  const table = [['machine', 'states', '', 'transitions', ''], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const missed = machines.flatMap(({ machine, missed }) =>
    missed.map((name) => `not reached in ${machine.id}: ${name}`),
  );
  return [...lines, ...missed].join('\n');
}

function reached(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].filter((times) => times > 0).length;
}

/** Rounded down, so that only all of it is 100 %. */
function share(part: number, whole: number): string {
  return whole === 0 ? '100 %' : `${Math.floor((100 * part) / whole)} %`;
}

function count(counts: Map<string, number>, name: string): void {
  const times = counts.get(name);
  if (times !== undefined) counts.set(name, times + 1);
}
