/**
 * What lets requests in that embedding programs bring: those that come before the proxy is ready wait until it
 * is, and closing waits for those under way.
 */
import { OpenExchanges } from './open-exchanges.ts';

export class Door {
  readonly open = new OpenExchanges();
  /** Why the proxy did not get ready. */
  failure: unknown;
  #isClosed = false;
  #ready: Promise<void> | undefined;

  /** @param ready settles when requests can be served; undefined: they can */
  constructor(ready: Promise<void> | undefined) {
    if (ready === undefined) return;
    const opened = () => {
      this.#ready = undefined;
    };
    this.#ready = ready.then(opened, (failure: unknown) => {
      this.failure = failure;
      opened();
    });
  }

  /** Whether nothing is let in any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Calls at once, or when the proxy is ready. */
  pass(go: () => void): void {
    if (this.#ready === undefined) go();
    else void this.#ready.then(go);
  }

  /** Resolves when what was let in before is over. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.open.idle();
  }
}
