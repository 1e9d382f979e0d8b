/**
 * The life of a cache fetch as a table, compiled from src/actors/cache-fetch.ts when the process starts: a step costs
 * some ten nanoseconds, where an actor's costs as much as serving a hit.
 */
import { cacheFetchMachine } from '../actors/cache-fetch.ts';
import { compileMachine, eventNumber, type MachineTable } from './compile-machine.ts';
import { beginRecord, type RecordOwner, sendToRecord } from './run-table.ts';

type Guard = 'isDeserted';
export type CacheFetchAction =
  | 'share'
  | 'release'
  | 'remember'
  | 'keep'
  | 'discard'
  | 'stop'
  | 'fail'
  | 'finish';

const table: MachineTable<Guard, CacheFetchAction, never> = compileMachine(cacheFetchMachine, {
  guards: ['isDeserted'],
  actions: ['share', 'release', 'remember', 'keep', 'discard', 'stop', 'fail', 'finish'],
  delays: [],
});

export const cacheFetchEvents = {
  kept: eventNumber(table, 'fetch.kept'),
  notKept: eventNumber(table, 'fetch.not-kept'),
  ended: eventNumber(table, 'fetch.ended'),
  broke: eventNumber(table, 'fetch.broke'),
  outgrown: eventNumber(table, 'fetch.outgrown'),
  purge: eventNumber(table, 'object.purge'),
  deserted: eventNumber(table, 'fetch.deserted'),
  abandoned: eventNumber(table, 'fetch.abandoned'),
} as const;

export type CacheFetchState =
  | 'asking'
  | 'doomed'
  | 'storing'
  | 'passing'
  | 'stored'
  | 'done'
  | 'failed'
  | 'stopped';

/** What the fetch is made of that takes the steps. */
export interface CacheFetchOwner {
  /** Whether nobody wants it any more. */
  readonly isDeserted: boolean;
  act(action: CacheFetchAction): void;
}

/** Where one fetch is in its life. What an action does must not send another event. */
export class CacheFetchLife implements RecordOwner<Guard, CacheFetchAction, never> {
  readonly #owner: CacheFetchOwner;
  #state = 0;

  constructor(owner: CacheFetchOwner) {
    this.#owner = owner;
    beginRecord(table, this, 0);
  }

  get state(): CacheFetchState {
    return table.states[this.#state] as CacheFetchState;
  }

  get isOver(): boolean {
    return table.isFinal[this.#state] === true;
  }

  /** @param event one of `cacheFetchEvents`; one that means nothing now is ignored */
  send(event: number): void {
    sendToRecord(table, this, 0, event);
  }

  // What the table asks of its owner; there is one record, and it is this.

  stateOf(): number {
    return this.#state;
  }

  setState(_record: number, state: number): void {
    this.#state = state;
  }

  allows(): boolean {
    return this.#owner.isDeserted;
  }

  act(action: CacheFetchAction): void {
    this.#owner.act(action);
  }

  startTimer(): void {}

  stopTimer(): void {}

  end(): void {}
}
