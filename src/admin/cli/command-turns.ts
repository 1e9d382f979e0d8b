/**
 * When commands run, and what all that comes to the port may cost: never more than a little in one turn of the event
 * loop, and in the long run no more than a small share of all time, however much is sent by however many. Requests
 * come first; whoever floods the port waits.
 *
 * A loop that is idle has time to give: what is done then is charged in part, or not at all, so that an operator's
 * script of a thousand commands is as quick as he is used to.
 *
 * Sessions take turns, one command each. What cannot wait, such as a connection that is there already, is charged, and
 * paid for by the commands that follow.
 */
import type { Clock } from '../../clock.ts';

/** Runs one command, or the beginning of one. */
export type Turn = () => void;

/** Milliseconds of one turn of the event loop. */
const TURN_MS = 1;
/** Share of all time that the port may take in the long run. */
const SHARE = 0.02;
/**
 * Milliseconds that it may take at once, after a while of quiet: more than a hundred calls of varnishadm, each with a
 * connection of its own. So in any five seconds it takes 150 ms, or 3 % of them, at most.
 */
const SAVED_MS = 50;
/** How busy the event loop is, as a share, when the port begins to be charged, and from when on in full. */
const IDLE = 0.1;
const BUSY = 0.5;
/** Milliseconds between looks, when the share is used up. */
const PAUSE_MS = 50;

export class CommandTurns {
  readonly #clock: Clock;
  readonly #busyness: () => number;
  readonly #waiting: Turn[] = [];
  #saved = SAVED_MS;
  #countedAt: number;
  #isPlanned = false;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  /** @param busyness of the event loop lately: 0 to 1 */
  constructor(clock: Clock, busyness: () => number) {
    this.#clock = clock;
    this.#busyness = busyness;
    this.#countedAt = clock.now();
  }

  /** Takes a place in the line. */
  add(turn: Turn): void {
    if (this.#isClosed) return;
    this.#waiting.push(turn);
    this.#plan();
  }

  /** Something was done for the port besides. @param ms milliseconds that it took */
  charge(ms: number): void {
    this.#saved -= ms * Math.min(1, Math.max(0, (this.#busyness() - IDLE) / (BUSY - IDLE)));
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#cancel?.();
  }

  #plan(): void {
    if (this.#isPlanned || this.#waiting.length === 0) return;
    this.#isPlanned = true;
    const delay = this.#allowance() > 0 ? 0 : PAUSE_MS;
    this.#cancel = this.#clock.after(delay, () => this.#run());
  }

  #run(): void {
    this.#isPlanned = false;
    const start = this.#clock.now();
    let spent = 0;
    for (let ran = 0; this.#allowance() > spent && (ran === 0 || spent < TURN_MS); ran++) {
      const turn = this.#waiting.shift();
      if (turn === undefined) break;
      turn();
      spent = this.#clock.now() - start;
    }
    this.charge(spent);
    this.#plan();
  }

  #allowance(): number {
    const now = this.#clock.now();
    this.#saved = Math.min(SAVED_MS, this.#saved + (now - this.#countedAt) * SHARE);
    this.#countedAt = now;
    return this.#saved;
  }
}
