/**
 * Saint entries as records of 32 bytes, found by request hash, which live by the table compiled from
 * src/actors/saint-entry.ts. Whose list an entry is on is a number here.
 */
import { saintEntryMachine } from '../actors/saint-entry.ts';
import { TroupeError } from '../errors.ts';
import { compileMachine, eventNumber, type MachineTable } from './compile-machine.ts';
import { HashIndex } from './hash-index.ts';
import { type KeyHash, keyText, keyWord } from './object-key.ts';
import { NONE, RecordPool } from './record-pool.ts';
import { beginRecord, delayPassed, type RecordOwner, sendToRecord } from './run-table.ts';
import { TimerWheel } from './timer-wheel.ts';

/** What an action does to more than the record itself. */
export interface SaintEvents {
  /** An entry has come to a list, or left it. */
  counted(list: number, change: 1 | -1): void;
  /** An operator has lifted an entry. */
  lifted(): void;
}

type Action = 'prolong' | 'tellListed' | 'tellUnlisted' | 'tellLifted';

const table: MachineTable<'isLater', Action, 'ttl'> = compileMachine(saintEntryMachine, {
  guards: ['isLater'],
  actions: ['prolong', 'tellListed', 'tellUnlisted', 'tellLifted'],
  delays: ['ttl'],
});
const DENIED = eventNumber(table, 'saint.denied');
const LIFT = eventNumber(table, 'saint.lift');
const DISPLACED = eventNumber(table, 'saint.displaced');
// A whole list is let go in one step, without a word to its entries: only because each of them would end.
for (const event of [LIFT, eventNumber(table, 'backend.retired')]) assertEnds(event);

// Words of a record. 0 to 2: the object's key.
const LIST_AND_STATE = 3;
/** The upper 8 bits are the state, the others the number of the list; 0: the record is free. */
const LIST_BITS = 24;
const LIST_MASK = (1 << LIST_BITS) - 1;

export class SaintRecords implements RecordOwner<'isLater', Action, 'ttl'> {
  readonly #events: SaintEvents;
  readonly #keyHash: KeyHash;
  readonly #pool = new RecordPool();
  readonly #index = new HashIndex();
  readonly #wheel: TimerWheel;
  // The key that `find` was asked for last.
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #hash = 0;
  /** Deadline of the event at hand. */
  #deadline = 0;

  constructor(events: SaintEvents, keyHash: KeyHash) {
    this.#events = events;
    this.#keyHash = keyHash;
    this.#wheel = new TimerWheel(this.#pool, (record) => delayPassed(table, this, record));
  }

  get size(): number {
    return this.#pool.size;
  }

  /** No record has this number or a higher one. */
  get limit(): number {
    return this.#pool.limit;
  }

  /** When to call `expire`: never later than the earliest deadline. Infinity: there is nothing to do. */
  get nextDue(): number {
    return this.#wheel.nextDue;
  }

  /** A record of this object, or NONE; `findNext` gives the others. */
  find(object: string): number {
    this.#word0 = keyWord(object, 0);
    this.#word1 = keyWord(object, 8);
    this.#word2 = keyWord(object, 16);
    this.#hash = this.#keyHash(this.#word0, this.#word1);
    return this.#withKey(this.#index.first(this.#hash));
  }

  findNext(): number {
    return this.#withKey(this.#index.next());
  }

  /** Adds an entry for the object that `find` was asked for last. */
  add(list: number, deadline: number): void {
    const pool = this.#pool;
    const record = pool.take();
    pool.setWord(record, 0, this.#word0);
    pool.setWord(record, 1, this.#word1);
    pool.setWord(record, 2, this.#word2);
    pool.setWord(record, LIST_AND_STATE, list);
    pool.setTime(record, deadline);
    this.#index.add(this.#hash, record);
    beginRecord(table, this, record);
  }

  deny(record: number, deadline: number): void {
    this.#deadline = deadline;
    sendToRecord(table, this, record, DENIED);
  }

  lift(record: number): void {
    sendToRecord(table, this, record, LIFT);
  }

  displace(record: number): void {
    sendToRecord(table, this, record, DISPLACED);
  }

  /** Takes a record away that belongs to nobody any more, without a word. */
  drop(record: number): void {
    this.stopTimer(record);
    this.end(record);
  }

  /** Goes on to `now`, touching so many records at most. Returns how many it has touched. */
  expire(now: number, atMost: number): number {
    return this.#wheel.advance(now, atMost);
  }

  /** One of the records that end soonest, or NONE. */
  soonest(): number {
    return this.#wheel.soonest();
  }

  /** 0: the record is free. */
  listOf(record: number): number {
    return this.#pool.word(record, LIST_AND_STATE) & LIST_MASK;
  }

  deadlineOf(record: number): number {
    return this.#pool.time(record);
  }

  keyOf(record: number): string {
    const pool = this.#pool;
    return keyText(pool.word(record, 0), pool.word(record, 1), pool.word(record, 2));
  }

  /** The first number from this one on that there is memory for. */
  skipAbsent(record: number): number {
    return this.#pool.skipAbsent(record);
  }

  // What the table needs of the owner of records.

  stateOf(record: number): number {
    return this.#pool.word(record, LIST_AND_STATE) >>> LIST_BITS;
  }

  setState(record: number, state: number): void {
    this.#pool.setWord(record, LIST_AND_STATE, (state << LIST_BITS) | this.listOf(record));
  }

  allows(guard: 'isLater', record: number): boolean {
    switch (guard) {
      case 'isLater':
        return this.#deadline > this.#pool.time(record);
      default:
        return guard satisfies never;
    }
  }

  act(action: Action, record: number): void {
    switch (action) {
      case 'prolong':
        this.#pool.setTime(record, this.#deadline);
        return;
      case 'tellListed':
        this.#events.counted(this.listOf(record), 1);
        return;
      case 'tellUnlisted':
        this.#events.counted(this.listOf(record), -1);
        return;
      case 'tellLifted':
        this.#events.lifted();
        return;
      default:
        action satisfies never;
    }
  }

  startTimer(_ttl: 'ttl', record: number): void {
    this.#wheel.add(record);
  }

  stopTimer(record: number): void {
    this.#wheel.remove(record);
  }

  end(record: number): void {
    const pool = this.#pool;
    this.#index.remove(this.#keyHash(pool.word(record, 0), pool.word(record, 1)), record);
    pool.setWord(record, LIST_AND_STATE, 0);
    pool.free(record);
  }

  /** The record, or the next one found that has the very key that was asked for. */
  #withKey(found: number): number {
    const pool = this.#pool;
    for (let record = found; record !== NONE; record = this.#index.next()) {
      if (pool.word(record, 1) !== this.#word1 || pool.word(record, 2) !== this.#word2) continue;
      if (pool.word(record, 0) === this.#word0) return record;
    }
    return NONE;
  }
}

function assertEnds(event: number): void {
  for (let state = 0; state < table.states.length; state++) {
    if (table.isFinal[state] === true) continue;
    const [first] = table.onEvent[state * table.events.length + event] ?? [];
    if (first?.guard === undefined && first?.target !== undefined && table.isFinal[first.target]) continue;
    const message = `saint entries in state "${table.states[state]}" do not always end by "${table.events[event]}"; let lists go entry by entry`;
    throw new TroupeError('troupe.internal', message, { side: 'troupe' });
  }
}
