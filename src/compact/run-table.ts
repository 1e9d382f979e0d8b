/**
 * Runs one instance of a compiled machine: a record that its owner keeps. Same order of actions as XState's.
 *
 * Cost: two array accesses, and what guards and actions cost.
 */
import type { MachineTable, TableTransition } from './compile-machine.ts';

/** Keeps the records, and knows what guards, actions and delays mean for one. */
export interface RecordOwner<Guard extends string, Action extends string, Delay extends string> {
  stateOf(record: number): number;
  setState(record: number, state: number): void;
  /** Whether a guard holds, for the event that the owner has at hand. */
  allows(guard: Guard, record: number): boolean;
  act(action: Action, record: number): void;
  /** The record has entered a state with a delay. */
  startTimer(delay: Delay, record: number): void;
  /** The record leaves a state with a delay that has not passed. */
  stopTimer(record: number): void;
  /** The record has reached a final state; its timer is stopped, and nothing will be sent to it any more. */
  end(record: number): void;
}

/** Begins the life of a record: its first state, and what the machine does on entry. */
export function beginRecord<Guard extends string, Action extends string, Delay extends string>(
  table: MachineTable<Guard, Action, Delay>,
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
): void {
  owner.setState(record, table.initial);
  for (const action of table.creation) owner.act(action, record);
  arrive(table, owner, record, table.initial);
}

/** @param event its index in `table.events` */
export function sendToRecord<Guard extends string, Action extends string, Delay extends string>(
  table: MachineTable<Guard, Action, Delay>,
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
  event: number,
): void {
  const state = owner.stateOf(record);
  const chosen = choose(owner, record, table.onEvent[state * table.events.length + event]);
  if (chosen === undefined) return;
  if (chosen.target !== undefined && table.delays[state] !== undefined) owner.stopTimer(record);
  take(table, owner, record, chosen);
}

/** The delay of the state that the record is in has passed. */
export function delayPassed<Guard extends string, Action extends string, Delay extends string>(
  table: MachineTable<Guard, Action, Delay>,
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
): void {
  const transition = table.afterDelay[owner.stateOf(record)];
  if (transition !== undefined) take(table, owner, record, transition);
}

/** The first that its guard allows. */
function choose<Guard extends string, Action extends string, Delay extends string>(
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
  candidates: readonly TableTransition<Guard, Action>[] = [],
): TableTransition<Guard, Action> | undefined {
  for (const one of candidates) {
    if (one.guard === undefined || owner.allows(one.guard, record)) return one;
  }
  return undefined;
}

function take<Guard extends string, Action extends string, Delay extends string>(
  table: MachineTable<Guard, Action, Delay>,
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
  { target, actions }: TableTransition<Guard, Action>,
): void {
  for (const action of actions) owner.act(action, record);
  if (target === undefined) return;
  owner.setState(record, target);
  arrive(table, owner, record, target);
}

function arrive<Guard extends string, Action extends string, Delay extends string>(
  table: MachineTable<Guard, Action, Delay>,
  owner: RecordOwner<Guard, Action, Delay>,
  record: number,
  state: number,
): void {
  const delay = table.delays[state];
  if (delay !== undefined) owner.startTimer(delay, record);
  if (table.isFinal[state] === true) owner.end(record);
}
