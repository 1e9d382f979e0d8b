/**
 * All who read one body while it comes. Of a body that is not kept, the backend is held back when the slowest of them
 * lags behind; those who make others wait for too long are cut.
 */
import type { Clock } from '../../clock.ts';
import type { ObjectBody } from '../cache/object-body.ts';
import type { ObjectReading } from './object-reading.ts';

/** Bytes by which the slowest reader may lag behind the backend. */
const MOST_UNREAD_BYTES = 256 * 1024;
/** Milliseconds that readers wait, all in all, for those who lag behind; then these are cut. */
const PATIENCE_MS = 10_000;
const nobody: readonly ObjectReading[] = [];

export class ObjectReaders {
  /** Made when somebody comes: of small answers mostly nobody does. */
  #readings: Set<ObjectReading> | undefined;
  readonly #clock: Clock;
  /** The backend waits. */
  #isHeld = false;
  /** How much longer readers wait for one that is slower. */
  #patienceMs = PATIENCE_MS;
  #waitedSince = 0;
  #cancelPatience: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#readings === undefined || this.#readings.size === 0;
  }

  add(reading: ObjectReading): void {
    this.#readings ??= new Set();
    this.#readings.add(reading);
  }

  remove(reading: ObjectReading): void {
    this.#readings?.delete(reading);
  }

  /** There is more to read, or an end. */
  wake(): void {
    for (const reading of this.#readings ?? nobody) reading.pump();
  }

  /**
   * A piece of a body that is not kept has come, and everybody has read what he takes.
   *
   * @returns whether the backend may go on
   */
  mayGoOn(body: ObjectBody): boolean {
    this.#giveUpRead(body);
    this.#isHeld = this.#isTooFarAhead(body);
    this.#watchLaggards(body);
    return !this.#isHeld;
  }

  /**
   * Those who read have got further, or there are fewer of them.
   *
   * @returns whether the backend was held back, and may go on now
   */
  goesOn(body: ObjectBody): boolean {
    this.#giveUpRead(body);
    const goesOn = this.#isHeld && !this.#isTooFarAhead(body);
    if (goesOn) this.#isHeld = false;
    this.#watchLaggards(body);
    return goesOn;
  }

  /** Waits for nobody any more. */
  stop(): void {
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
  }

  /** Counts how long readers wait who have all that has come, because others have not. */
  #watchLaggards(body: ObjectBody): void {
    let isWaitedFor = false;
    if (this.#isHeld) {
      for (const { position, isFull } of this.#readings ?? nobody)
        isWaitedFor ||= position === body.size && !isFull;
    }
    if (isWaitedFor === (this.#cancelPatience !== undefined)) return;
    if (isWaitedFor) {
      this.#waitedSince = this.#clock.now();
      this.#cancelPatience = this.#clock.after(this.#patienceMs, () => this.#cutLaggards(body));
    } else {
      this.#patienceMs = Math.max(0, this.#patienceMs - (this.#clock.now() - this.#waitedSince));
      this.stop();
    }
  }

  #cutLaggards({ size }: ObjectBody): void {
    this.#cancelPatience = undefined;
    this.#patienceMs = PATIENCE_MS;
    for (const reading of this.#readings ?? nobody)
      if (size - reading.position > MOST_UNREAD_BYTES / 2) reading.cut();
  }

  #giveUpRead(body: ObjectBody): void {
    if (!this.isEmpty) body.giveUp(this.#slowest(body));
  }

  #isTooFarAhead(body: ObjectBody): boolean {
    return body.size - this.#slowest(body) > MOST_UNREAD_BYTES;
  }

  /** Where the reader is that has got least. */
  #slowest({ size }: ObjectBody): number {
    let slowest = size;
    for (const { position } of this.#readings ?? nobody) slowest = Math.min(slowest, position);
    return slowest;
  }
}
