/**
 * Turns: how long each piece of work holds the event loop. Every way into the control plane is timed by itself
 * (commands, timers, answers of effects), because gaps seen from outside would count what other programs do.
 */

/** Milliseconds for which a reading of the process's time is used: reading it for each turn would be most of the turns. */
const READING_MS = 1;

export class Turns {
  #longestMs = 0;
  #heldMs = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #usedMs = 0;
  /** Called after each turn, outside of what is timed. */
  onTurn = () => {};

  /** Runs one turn. */
  run(work) {
    const end = this.begin();
    const result = work();
    end();
    return result;
  }

  /**
   * Begins a turn.
   *
   * It lasts as long as it takes, but no longer than the process had a processor: if another program got it
   * meanwhile, that is not the turn's fault. (Time of the process's other threads counts, and up to 1 ms of what
   * was before, so this is rather too much than too little.)
   *
   * @returns what ends it
   */
  begin() {
    const start = performance.now();
    if (start - this.#readAt > READING_MS) this.#read();
    const usedBefore = this.#usedMs;
    return () => {
      const wallMs = performance.now() - start;
      if (wallMs > READING_MS) this.#read();
      const lasted = wallMs > READING_MS ? Math.min(wallMs, this.#usedMs - usedBefore) : wallMs;
      this.#longestMs = Math.max(this.#longestMs, lasted);
      this.#heldMs += lasted;
      this.onTurn();
    };
  }

  #read() {
    const { user, system } = process.cpuUsage();
    this.#readAt = performance.now();
    this.#usedMs = (user + system) / 1000;
  }

  /** Milliseconds of the longest turn since this was asked last. */
  takeLongest() {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  /** Milliseconds of all turns since this was asked last. */
  takeHeld() {
    const held = this.#heldMs;
    this.#heldMs = 0;
    return held;
  }

  /** A clock whose timers are turns. */
  watch(clock) {
    return {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      after: (ms, fire) => clock.after(ms, () => this.run(fire)),
    };
  }
}
