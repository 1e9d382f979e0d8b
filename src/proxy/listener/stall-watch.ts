/**
 * Notices clients that will never take what they are owed. Looks at a connection's socket now and then; costs
 * nothing in between.
 */
import type { Socket } from 'node:net';
import type { SessionTimeouts } from '../http/exchange.ts';
import type { ListenerLimits } from './listener-limits.ts';

/** `stuck`: bytes wait for the client. `silent`: it has ended its side, and nothing has been sent to it. */
export type Stall = 'stuck' | 'silent';

export class StallWatch {
  readonly #socket: Socket;
  readonly #halfClosedTimeoutMs: number;
  timeouts: SessionTimeouts;
  /** Milliseconds of the clock: the last time that all was well or something moved. */
  #since: number;
  #wasQueued = false;
  /** Bytes that the kernel had taken. */
  #delivered = 0;

  constructor(socket: Socket, limits: ListenerLimits, now: number) {
    this.#socket = socket;
    this.#halfClosedTimeoutMs = limits.halfClosedTimeoutMs;
    this.timeouts = limits;
    this.#since = now;
  }

  /** The client has sent its last byte: its time counts from here. */
  restart(now: number): void {
    this.#since = now;
  }

  /**
   * @param requestAt when the request under way arrived
   * @param isHalfClosed the client has sent its last byte
   * @param isOwed a response is not complete yet
   * @returns what is wrong, for longer than the limits allow
   */
  look(now: number, requestAt: number, isHalfClosed: boolean, isOwed: boolean): Stall | undefined {
    const socket = this.#socket;
    const queued = socket.writableLength;
    if (queued === 0 && !isHalfClosed) {
      this.#wasQueued = false;
      this.#since = now;
      return undefined;
    }
    const delivered = socket.bytesWritten - queued;
    const mayStall = queued > 0 ? this.#wasQueued : isOwed;
    if (delivered !== this.#delivered || !mayStall) this.#since = now;
    this.#wasQueued = queued > 0;
    this.#delivered = delivered;
    const stalled = now - this.#since;
    if (queued === 0) return isOwed && stalled > this.#halfClosedTimeoutMs ? 'silent' : undefined;
    const { idleSendTimeoutMs, sendTimeoutMs } = this.timeouts;
    return stalled > idleSendTimeoutMs && now - requestAt > sendTimeoutMs ? 'stuck' : undefined;
  }
}
