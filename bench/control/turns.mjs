/**
 * Turns: how long each piece of work holds the event loop. Every way into the control plane is timed by itself
 * (commands, timers, answers of effects), because gaps seen from outside would count what other programs do.
 */

export class Turns {
  #longestMs = 0;
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
   * meanwhile, that is not the turn's fault. (Time of the process's other threads counts, so this is rather
   * too much than too little.)
   *
   * @returns what ends it
   */
  begin() {
    const cpu = process.cpuUsage();
    const start = performance.now();
    return () => {
      const wallMs = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      this.#longestMs = Math.max(this.#longestMs, Math.min(wallMs, (user + system) / 1000));
      this.onTurn();
    };
  }

  /** Milliseconds of the longest turn since this was asked last. */
  takeLongest() {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
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
