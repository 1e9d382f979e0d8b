/**
 * Slices: long work of the control plane is asked for a piece at a time and granted here, as many pieces in
 * one turn of the event loop as fit its share, so that no request waits long for it.
 */
import type { Clock } from '../clock.ts';
import type { Address, Bus, BusEvent } from './bus.ts';

/** Milliseconds of one turn after which the rest waits for the next; a slice takes well below 1 ms. */
const TURN_SHARE_MS = 1;

export class Slices {
  readonly #clock: Clock;
  readonly #bus: Bus;
  #waiting: Address[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, bus: Bus) {
    this.#clock = clock;
    this.#bus = bus;
    bus.attach('slices', (_event: BusEvent, from) => {
      if (from !== undefined) this.#add(from);
    });
  }

  close(): void {
    this.#cancel?.();
    this.#waiting = [];
  }

  #add(asker: Address): void {
    this.#waiting.push(asker);
    this.#cancel ??= this.#clock.after(0, () => this.#turn());
  }

  #turn(): void {
    const end = this.#clock.now() + TURN_SHARE_MS;
    this.#cancel = () => {};
    let asker = this.#waiting.shift();
    while (asker !== undefined) {
      this.#bus.reply('slices', asker, { type: 'slice.granted' });
      if (this.#clock.now() >= end) break;
      asker = this.#waiting.shift();
    }
    this.#cancel = this.#waiting.length > 0 ? this.#clock.after(0, () => this.#turn()) : undefined;
  }
}
