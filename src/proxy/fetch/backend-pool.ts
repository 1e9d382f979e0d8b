/**
 * The connections to one backend identity. Fetches share them, whatever config they run on; each takes the
 * one that was used last, so that those over the need grow old and go.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { type DialOptions, dial } from '../../dial.ts';
import type { TroupeError } from '../../errors.ts';
import { BackendConnection } from './backend-connection.ts';
import { backendFailure, seconds } from './fetch-failure.ts';
import type { SilenceWatch } from './silence-watch.ts';
import type { FetchTarget } from './transport.ts';

/** setTimeout takes no more; who sets 25 days means for ever. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class BackendPool {
  readonly target: FetchTarget;
  readonly silence: SilenceWatch;
  readonly #clock: Clock;
  readonly #idle: BackendConnection[] = [];
  readonly #connections = new Set<BackendConnection>();
  /** All that are connected: those above, and the raw ones that others own. */
  readonly #sockets = new Set<Socket>();
  /** What gives up each attempt to connect. */
  readonly #dialling = new Set<(error: TroupeError) => void>();
  #isRetired = false;
  readonly #onEmpty: (() => void)[] = [];

  constructor(target: FetchTarget, clock: Clock, silence: SilenceWatch) {
    this.target = target;
    this.silence = silence;
    this.#clock = clock;
  }

  /** Milliseconds of the clock. */
  now(): number {
    return this.#clock.now();
  }

  /** Connections that are open or being opened. */
  get open(): number {
    return this.#sockets.size + this.#dialling.size;
  }

  /** The idle connection that was used last. */
  take(): BackendConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      connection.idleIndex = -1;
      this.silence.forget(connection);
      if (!connection.socket.destroyed) return connection;
    }
    return undefined;
  }

  /**
   * Takes back a connection whose answer has ended.
   *
   * @param keepMs milliseconds after which it is closed if nobody has taken it; 0 or less: now
   */
  release(connection: BackendConnection, keepMs: number): void {
    if (this.#isRetired || keepMs <= 0) {
      connection.close();
    } else {
      connection.idleIndex = this.#idle.length;
      this.#idle.push(connection);
      this.silence.watch(connection, keepMs);
    }
  }

  /**
   * Opens a connection for fetches.
   *
   * @param isForUpgrade whether it may be given away as a stream, with halves that end apart
   * @param done as with `dial`
   */
  connect(
    timeoutMs: number,
    isForUpgrade: boolean,
    done: (error: TroupeError | undefined, connection: BackendConnection | undefined) => void,
  ): () => void {
    const connection = new BackendConnection();
    const options = isForUpgrade
      ? { allowHalfOpen: true }
      : { allowHalfOpen: false, onread: connection.reading };
    const giveUp = this.#open(timeoutMs, options, (error, socket) => {
      if (socket === undefined) {
        connection.parser.free();
        return done(error, undefined);
      }
      this.#connections.add(connection);
      connection.attach(socket);
      socket.once('close', () => {
        this.#connections.delete(connection);
        this.#removeIdle(connection);
      });
      done(undefined, connection);
    });
    return () => {
      if (giveUp()) connection.parser.free();
    };
  }

  /**
   * Opens a raw connection, with halves that end apart.
   *
   * @param done called once, later, unless given up: with an error or with the socket
   * @returns what gives up: nothing is left open then
   */
  dial(
    timeoutMs: number,
    done: (error: TroupeError | undefined, socket: Socket | undefined) => void,
  ): () => void {
    return this.#open(timeoutMs, { allowHalfOpen: true }, done);
  }

  /** @returns what gives up, and says whether there was something to give up */
  #open(
    timeoutMs: number,
    options: DialOptions,
    done: (error: TroupeError | undefined, socket: Socket | undefined) => void,
  ): () => boolean {
    const { identity, addresses } = this.target;
    let stopTimer = (): void => {};
    const over = (): void => {
      stopTimer();
      this.#dialling.delete(fail);
    };
    const fail = (error: TroupeError): void => {
      hangUp();
      over();
      this.#checkEmpty();
      done(error, undefined);
    };
    this.#dialling.add(fail);
    const hangUp = dial(addresses, options, (outcome) => {
      const { socket } = outcome;
      if (socket === undefined) {
        const { reason, cause } = outcome;
        return fail(backendFailure('backend.connect-failed', identity, reason, true, cause));
      }
      over();
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#checkEmpty();
      });
      done(undefined, socket);
    });
    if (timeoutMs <= MAX_TIMER_MS) {
      stopTimer = this.#clock.after(timeoutMs, () => {
        const what = `not connected within ${seconds(timeoutMs)}`;
        fail(backendFailure('backend.connect-timeout', identity, what, true));
      });
    }
    return () => {
      if (!this.#dialling.has(fail)) return false;
      hangUp();
      over();
      this.#checkEmpty();
      return true;
    };
  }

  /**
   * Closes what is idle now, and the rest as it falls idle.
   *
   * @param emptied called once, later, when nothing is left open
   */
  retire(emptied: () => void): void {
    this.#isRetired = true;
    this.#onEmpty.push(emptied);
    for (let connection = this.take(); connection !== undefined; connection = this.take()) connection.close();
    process.nextTick(() => this.#checkEmpty());
  }

  /** Closes everything, fetches under way included. */
  close(emptied: () => void): void {
    this.retire(emptied);
    const { identity } = this.target;
    for (const fail of this.#dialling) {
      fail(backendFailure('backend.reset', identity, 'the transport was closed while connecting', true));
    }
    for (const connection of this.#connections) connection.user?.onClosing();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The last takes its place: order matters little among the idle, and leaving may not cost a search. */
  #removeIdle(connection: BackendConnection): void {
    this.silence.forget(connection);
    const { idleIndex } = connection;
    if (idleIndex < 0) return;
    connection.idleIndex = -1;
    const last = this.#idle.pop();
    if (last === undefined || last === connection) return;
    this.#idle[idleIndex] = last;
    last.idleIndex = idleIndex;
  }

  #checkEmpty(): void {
    if (this.open > 0) return;
    for (const emptied of this.#onEmpty.splice(0)) emptied();
  }
}
