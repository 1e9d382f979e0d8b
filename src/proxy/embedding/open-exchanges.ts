/** Counts what embedding programs have under way here, so that closing can wait for it. */
export class OpenExchanges {
  #count = 0;
  #idle: (() => void)[] = [];

  get size(): number {
    return this.#count;
  }

  /** @returns to be called once, when it is over; calls after the first do nothing */
  begin(): () => void {
    this.#count++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count--;
      if (this.#count > 0) return;
      const waiting = this.#idle;
      this.#idle = [];
      for (const tell of waiting) tell();
    };
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
