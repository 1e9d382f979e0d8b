/**
 * Where both sides of a comparison wait for each other at the end: what is fetched in the background may reach an origin
 * after the last answer has reached the client, on one side or on both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorder } from './recording-origin.ts';

/** Milliseconds in which the side that was asked less may still catch up; what differs for good costs so much. */
const PATIENCE_MS = 1_000;

export class Meeting {
  readonly #counts: number[] = [];
  #meet: (most: number) => void = () => {};
  readonly #most = new Promise<number>((resolve) => {
    this.#meet = resolve;
  });

  /** The other side need not be waited for any more. */
  leave(): void {
    this.#arrived(0);
  }

  /** Resolves when this side's origins were asked as often as the other's, or will not be. */
  async arrive(recorder: Recorder): Promise<void> {
    this.#arrived(recorder.asked().length);
    const most = await this.#most;
    if (recorder.asked().length >= most) return;
    await Promise.race([recorder.waitFor(most), sleep(PATIENCE_MS)]);
  }

  #arrived(count: number): void {
    this.#counts.push(count);
    if (this.#counts.length >= 2) this.#meet(Math.max(...this.#counts));
  }
}
