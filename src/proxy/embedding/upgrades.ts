/**
 * Connections that an embedding server hands over with an `upgrade` or `connect` event. They are served as if
 * Troupe's own listener had accepted them, with the same strictness and limits: the request's head goes back
 * to where it came from, in front of what the client has sent since.
 *
 * Each serves that one request and closes. The next one would be the embedding server's, whose routes and
 * checks must not be passed by.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import type { TroupeError } from '../../errors.ts';
import type { ExchangeHandler, SocketAddress } from '../http/exchange.ts';
import { Connection, type ConnectionOwner } from '../listener/connection.ts';
import { defaultLimits, type ListenerLimits } from '../listener/listener-limits.ts';
import { TurnEnd } from '../listener/turn-end.ts';
import type { Door } from './door.ts';

/** Takes what node's `upgrade` and `connect` events bring. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface UpgradeOptions {
  readonly handle: ExchangeHandler;
  readonly door: Door;
  readonly clock: Clock;
  /** What exchanges say they came by. */
  readonly name: string;
  readonly limits: Partial<ListenerLimits> | undefined;
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
}

const betweenSweepsMs = 500;

export class EmbeddedUpgrades implements ConnectionOwner {
  readonly handler: ExchangeHandler;
  readonly clock: Clock;
  readonly name: string;
  readonly limits: ListenerLimits;
  readonly turnEnd = new TurnEnd();
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
  readonly isClosing = true;
  readonly refusedConnections = 0;
  refusedRequests = 0;
  readonly #door: Door;
  /** With what is to be called when each is gone. */
  readonly #open = new Map<Connection, () => void>();
  #cancelSweep: (() => void) | undefined;

  constructor({ handle, door, clock, name, limits, onClientError }: UpgradeOptions) {
    this.handler = handle;
    this.#door = door;
    this.clock = clock;
    this.name = name;
    this.limits = { ...defaultLimits, ...limits };
    this.onClientError = onClientError;
  }

  get connections(): number {
    return this.#open.size;
  }

  readonly handle: UpgradeHandler = (request, socket, head) => {
    if (this.#door.isClosed) {
      socket.destroy();
      return;
    }
    const over = this.#door.open.begin();
    // Until there is a connection to hear of it: a reset must not end the process.
    socket.on('error', ignore);
    socket.once('close', over);
    this.#door.pass(() => {
      if (!socket.destroyed) this.#take(request, socket as Socket, head, over);
    });
  };

  connectionGone(connection: Connection): void {
    this.#open.get(connection)?.();
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  /** Cuts all connections. */
  destroy(): void {
    for (const connection of this.#open.keys()) connection.destroy();
  }

  #take(request: IncomingMessage, socket: Socket, head: Buffer, over: () => void): void {
    // The embedding server's idle time has ended; from here on the limits are ours.
    socket.setTimeout(0);
    socket.unshift(Buffer.concat([headOf(request), head]));
    this.#open.set(new Connection(this, socket), over);
    this.#cancelSweep ??= this.clock.after(betweenSweepsMs, this.#sweep);
  }

  readonly #sweep = (): void => {
    const now = this.clock.now();
    for (const connection of this.#open.keys()) connection.checkTime(now);
    this.#cancelSweep = this.#open.size === 0 ? undefined : this.clock.after(betweenSweepsMs, this.#sweep);
  };
}

/** As it was received, but for white space that node has taken away. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

function ignore(): void {}
