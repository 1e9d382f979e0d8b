/**
 * The requests in flight on one config: a list whose links are in the requests themselves.
 *
 * Not a Set: V8 links a Set's outgrown table to the one that replaced it. With an entry added and removed for
 * each request, tables are outgrown all the time; once one of them is tenured, garbage or not, it keeps all that
 * follow alive, and with them every request, until a full collection. That cost 9 of 58 µs a request
 * (`npm run bench -- pass`).
 */

/** A request in flight, as the config that it began with sees it. The links belong to the list. */
export interface Running {
  runningBefore: Running | undefined;
  runningAfter: Running | undefined;
  /** Ends it now: a response under way is cut, one not yet begun is a plain 503. It leaves the list. */
  cut(): void;
}

export class RunningRequests {
  #last: Running | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param request one that is in no list */
  add(request: Running): void {
    request.runningBefore = this.#last;
    if (this.#last !== undefined) this.#last.runningAfter = request;
    this.#last = request;
    this.#size++;
  }

  /** @param request one that is in this list */
  remove(request: Running): void {
    const { runningBefore: before, runningAfter: after } = request;
    if (before !== undefined) before.runningAfter = after;
    if (after !== undefined) after.runningBefore = before;
    else this.#last = before;
    // Or a request that was tenured would keep those around it alive.
    request.runningBefore = undefined;
    request.runningAfter = undefined;
    this.#size--;
  }

  /** Cuts all of them, the latest first. */
  cutAll(): void {
    while (this.#last !== undefined) this.#last.cut();
  }
}
