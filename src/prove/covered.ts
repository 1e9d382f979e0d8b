/** What a search has covered: kinds of fault, of orders and of answers, and how often health has changed. */
import type { Run } from './run.ts';

export class Covered {
  readonly faults = new Map<string, number>();
  readonly operations = new Map<string, number>();
  readonly statuses = new Map<number, number>();
  requests = 0;
  healthChanges = 0;
  /** Milliseconds of simulated time. */
  simulatedMs = 0;
  steps = 0;
  readonly states = new Set<string>();
  readonly transitions = new Set<string>();

  add(run: Run): void {
    for (const { act } of run.acts) {
      if (act.kind === 'fault') count(this.faults, act.fault.kind);
      else if (act.kind === 'operate') count(this.operations, act.operation.command);
    }
    for (const { status } of run.requests) count(this.statuses, status);
    this.requests += run.requests.length;
    this.healthChanges += run.health.filter(({ before, after }) => before?.passing !== after?.passing).length;
    this.simulatedMs += run.endedAt;
    this.steps += run.steps.count;
    for (const state of run.steps.states) this.states.add(state);
    for (const transition of run.steps.transitions) this.transitions.add(transition);
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
