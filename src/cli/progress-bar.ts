/** A line on a terminal that says how far something has come. Nothing where there is no terminal. */

/** Characters of the bar itself. */
const WIDTH = 30;
/** Milliseconds between two drawings. */
const PAUSE_MS = 100;

export interface Screen {
  err(text: string): void;
  readonly columns: number | undefined;
}

export class ProgressBar {
  readonly #screen: Screen;
  readonly #whole: number;
  #done = 0;
  #drawnAt = 0;
  #isDrawn = false;

  constructor(screen: Screen, whole: number) {
    this.#screen = screen;
    this.#whole = whole;
  }

  step(): void {
    this.#done++;
    const filled = Math.min(WIDTH, Math.round((WIDTH * this.#done) / this.#whole));
    this.#draw(`[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${this.#done} of ${this.#whole} runs`);
  }

  say(text: string): void {
    this.#draw(text);
  }

  clear(): void {
    if (this.#isDrawn) this.#screen.err('\r\u001b[K');
    this.#isDrawn = false;
  }

  #draw(text: string): void {
    const { columns } = this.#screen;
    if (columns === undefined) return;
    const now = performance.now();
    if (now - this.#drawnAt < PAUSE_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    this.#screen.err(`\r\u001b[K${text.slice(0, Math.max(0, columns - 1))}`);
  }
}
