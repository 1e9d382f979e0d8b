/**
 * One request that waits for a slot of a backend. It goes on in a turn of its own, since whoever has freed the
 * slot is not done with the connection yet, and a snapshot that has taken one backend away may take others too.
 */
import type { Clock } from '../../clock.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { BackendRecord } from './backend-record.ts';
import type { Waiter } from './wait-queue.ts';

/** `slot`: it has one, if it takes it now. `again`: the backend has fallen sick. `late`: it took too long. */
export type WaitEnd = 'slot' | 'again' | 'late';

export class BackendWait implements Waiter {
  readonly target: BackendTarget;
  readonly #record: BackendRecord;
  readonly #clock: Clock;
  readonly #since: number;
  readonly #over: (end: WaitEnd, ms: number) => void;
  /** Of what is to happen next. */
  #cancel: () => void;

  /**
   * @param ms that it may take
   * @param over called once, unless `leave` was; a slot not taken in this call goes to the next one
   */
  constructor(
    target: BackendTarget,
    record: BackendRecord,
    clock: Clock,
    ms: number,
    over: (end: WaitEnd, ms: number) => void,
  ) {
    this.target = target;
    this.#record = record;
    this.#clock = clock;
    this.#since = clock.now();
    this.#over = over;
    this.#cancel = clock.after(ms, () => this.#end('late'));
    record.enterQueue(this);
  }

  admitted(): void {
    this.#soon('slot');
  }

  turnedAway(): void {
    this.#soon('again');
  }

  /** Nobody waits any more. Does nothing after its end. */
  leave(): void {
    this.#cancel();
    this.#record.leaveQueue(this, this.#clock.now() - this.#since);
    this.#record.admit();
  }

  #soon(end: WaitEnd): void {
    this.#cancel();
    this.#cancel = this.#clock.after(0, () => this.#end(end));
  }

  #end(end: WaitEnd): void {
    const ms = this.#clock.now() - this.#since;
    this.#cancel();
    this.#record.leaveQueue(this, ms);
    this.#over(end, ms);
    this.#record.admit();
  }
}
