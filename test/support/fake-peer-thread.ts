/** A worker thread made up: the test says when it begins an order, how the order ends, and when it dies. */
import type { PeerFailureCause, PeerOrder } from '../../src/proxy/peer/order.ts';
import type { PeerThread, PeerThreadEvents, StartPeerThread } from '../../src/proxy/peer/peer-threads.ts';

export class FakePeerThread implements PeerThread {
  /** Orders in hand: the first may have been begun. */
  readonly orders: PeerOrder[] = [];
  /** All that it has begun, in order. */
  readonly begun: PeerOrder[] = [];
  isGone = false;
  #isBusy = false;
  readonly #events: PeerThreadEvents;

  constructor(events: PeerThreadEvents) {
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  get waiting(): number {
    return this.orders.length - (this.#isBusy ? 1 : 0);
  }

  give(orders: readonly PeerOrder[]): void {
    this.orders.push(...orders);
  }

  takeBack(): number {
    return this.orders.splice(this.#isBusy ? 1 : 0).length;
  }

  end(): void {
    this.#go(undefined);
  }

  ready(): void {
    if (!this.isGone) this.#events.onReady();
  }

  begin(): void {
    const [order] = this.orders;
    if (this.isGone || this.#isBusy || order === undefined) return;
    this.#isBusy = true;
    this.begun.push(order);
  }

  /** Ends the order that it has begun. */
  finish(cause?: PeerFailureCause): void {
    if (!this.#isBusy) return;
    this.#isBusy = false;
    const order = this.orders.shift() as PeerOrder;
    const status = cause === undefined ? 200 : undefined;
    this.#events.onAnswers([{ operation: order.operation, status, cause, message: cause, tookMs: 1 }]);
  }

  die(): void {
    this.#go('it died');
  }

  #go(reason: string | undefined): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#events.onGone(reason);
  }
}

/** All threads that are started, for a test to drive. */
export class FakePeerThreads {
  readonly all: FakePeerThread[] = [];

  readonly start: StartPeerThread = (events) => {
    const thread = new FakePeerThread(events);
    this.all.push(thread);
    return thread;
  };

  get live(): FakePeerThread[] {
    return this.all.filter(({ isGone }) => !isGone);
  }
}
