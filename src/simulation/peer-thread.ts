/**
 * Worker threads of peers, simulated: each performs its orders one after the other over the simulated network. What
 * listens at a peer's address is asked by a function, because it may be another proxy.
 */
import type { Clock } from '../clock.ts';
import type { PeerAnswer, PeerFailureCause, PeerOrder } from '../proxy/peer/order.ts';
import type { PeerThread, PeerThreadEvents, StartPeerThread } from '../proxy/peer/peer-threads.ts';
import { CONNECT_MS, placeAt, type SimulatedNetwork } from './network.ts';
import { SERVICE_MS } from './origin.ts';

/** Milliseconds until a thread takes orders. */
const START_MS = 30;

/** Somebody at a peer's address gets a request. @param answer to be called once, with the status */
type ReceiveOrder = (order: PeerOrder, answer: (status: number) => void) => void;

export interface SimulatedPeerThreadsOptions {
  readonly clock: Clock;
  readonly network: SimulatedNetwork;
  readonly receive: ReceiveOrder;
}

export function simulatedPeerThreads(options: SimulatedPeerThreadsOptions): StartPeerThread {
  return (events) => new SimulatedPeerThread(options, events);
}

class SimulatedPeerThread implements PeerThread {
  readonly #options: SimulatedPeerThreadsOptions;
  readonly #events: PeerThreadEvents;
  #orders: PeerOrder[] = [];
  #begun: PeerOrder | undefined;
  #cancel: () => void;
  #isGone = false;

  constructor(options: SimulatedPeerThreadsOptions, events: PeerThreadEvents) {
    this.#options = options;
    this.#events = events;
    this.#cancel = options.clock.after(START_MS, () => events.onReady());
  }

  get waiting(): number {
    return this.#orders.length;
  }

  give(orders: readonly PeerOrder[]): void {
    this.#orders.push(...orders);
    if (this.#begun === undefined) this.#after(0, () => this.#begin());
  }

  takeBack(): number {
    const { length } = this.#orders;
    this.#orders = [];
    return length;
  }

  end(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#cancel();
    // As with a real thread, never within the call.
    this.#options.clock.after(0, () => this.#events.onGone(undefined));
  }

  #begin(): void {
    const order = this.#orders.shift();
    this.#begun = order;
    if (order === undefined) return;
    const { clock, network, receive } = this.#options;
    const begunAt = clock.now();
    const { method, url } = requestLine(order);
    const reception = network.at(placeAt(order.host, order.port))?.receive(url);
    const { operation, timeoutMs, connectTimeoutMs } = order;
    const done = (answer: Partial<PeerAnswer>): void => {
      const tookMs = clock.now() - begunAt;
      this.#begun = undefined;
      this.#after(0, () => this.#begin());
      this.#events.onAnswers([
        { operation, status: undefined, cause: undefined, message: undefined, tookMs, ...answer },
      ]);
    };
    const fail = (ms: number, cause: PeerFailureCause, message: string) =>
      this.#after(ms, () => done({ cause, message }));
    switch (reception?.kind) {
      case 'refused':
        fail(CONNECT_MS, 'connect-failed', 'connection refused');
        return;
      case 'vanished':
        fail(Math.min(connectTimeoutMs, timeoutMs), 'connect-timeout', 'no connection in time');
        return;
      case 'hung':
        fail(timeoutMs, 'timeout', 'no answer in time');
        return;
      case 'reset':
        fail(CONNECT_MS + reception.afterMs, 'closed-early', 'connection reset');
        return;
      case 'answered':
      case undefined:
        break;
      default:
        reception satisfies never;
    }
    let isOver = false;
    const takesMs = CONNECT_MS + (reception?.afterMs ?? SERVICE_MS);
    this.#after(timeoutMs, () => {
      isOver = true;
      done({ cause: 'timeout', message: 'no answer in time' });
    });
    clock.after(takesMs, () => {
      if (isOver || this.#isGone) return;
      receive(order, (answered) => {
        if (isOver || this.#isGone) return;
        isOver = true;
        const isServerError = answered >= 500;
        const status = reception?.status !== 200 && reception !== undefined ? reception.status : answered;
        if (status < 400) done({ status });
        else
          done({
            status,
            cause: 'status',
            message: `${method} ${url}: ${isServerError ? 'failed' : status}`,
          });
      });
    });
  }

  #after(ms: number, then: () => void): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, then);
  }
}

export function requestLine({ head }: PeerOrder): { readonly method: string; readonly url: string } {
  const [method = '', url = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  return { method, url };
}
