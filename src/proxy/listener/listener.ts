/**
 * The front listener: HTTP/1.0 and 1.1 from clients on one socket, each request handed on as an Exchange.
 * varnishd: `-a`. Owns its connections, and watches their time with one sweep over all of them, because a
 * timer for each request costs more than comparing all deadlines a few times a second.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { TroupeError } from '../../errors.ts';
import type { ExchangeHandler, SocketAddress } from '../http/exchange.ts';
import { type AnnouncedOwner, AnnouncedSocket } from './announced-socket.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { listenError } from './listen-error.ts';
import { defaultLimits, type ListenerLimits } from './listener-limits.ts';
import type { ProxiedAddresses } from './proxy-preamble.ts';
import { malformed, refusalError } from './refusal.ts';
import { TurnEnd } from './turn-end.ts';

/** Port 0 takes a free port; without a host, or with an empty one: on all addresses. A path is a unix socket's. */
export type ListenAddress = (
  | { readonly host?: string | undefined; readonly port: number }
  | { readonly path: string }
) & {
  /**
   * Whether each connection begins with a header of the PROXY protocol, version 1 or 2, that says who the client is: only
   * for proxies that are trusted. Default: false. varnishd: `-a ADDR:PORT,PROXY`.
   */
  readonly proxyProtocol?: boolean | undefined;
};

export interface ListenerOptions {
  /** Called once for each request. */
  readonly handler: ExchangeHandler;
  readonly clock: Clock;
  /** What exchanges say they came by: `a0`, or what `-a NAME=` says. */
  readonly name: string;
  readonly limits?: Partial<ListenerLimits>;
  /** Told of each request refused, and of the listener's own troubles (then with the address empty). */
  readonly onClientError?: (error: TroupeError, client: SocketAddress) => void;
}

export interface Listener {
  /**
   * Starts to accept. To be called once.
   *
   * @returns the address that it listens on; empty, with port 0, for a unix socket
   * @throws TroupeError `troupe.listen-failed`
   */
  listen(where: ListenAddress): Promise<SocketAddress>;
  /**
   * Stops accepting. Idle connections are closed now, the others after the response under way; tunnels live
   * until their ends close them. Resolves when all are gone.
   */
  close(): Promise<void>;
  /** Cuts all connections, tunnels included, and stops accepting. */
  destroy(): void;
  /** Changes what clients may take; connections that are open keep some of what they came with. */
  adjust(limits: Partial<ListenerLimits>): void;
  /** Connections open now, those included that have not said yet on whose behalf they come. */
  readonly connections: number;
  /** Connections turned away, so far, because there were too many. */
  readonly refusedConnections: number;
  /** Requests refused, so far, because of what was sent, or how slowly: 400, 408, 413 and the like. */
  readonly refusedRequests: number;
}

export function createListener(options: ListenerOptions): Listener {
  return new NetListener(options);
}

/** Connections beyond the bound that are told 503; more than these at a time are cut without a word. */
const mostRefusedAtOnce = 64;
/** Seconds; varnishd's default of tcp_keepalive_time. */
const tcpKeepAliveSeconds = 600;
/** Bytes; how much the kernel has been given beyond which a writer is told to wait. */
const writeMark = 64 * 1024;
const mostBetweenSweepsMs = 500;
const leastBetweenSweepsMs = 5;

class NetListener implements Listener, ConnectionOwner, AnnouncedOwner {
  readonly handler: ExchangeHandler;
  readonly clock: Clock;
  readonly name: string;
  limits: ListenerLimits;
  readonly turnEnd = new TurnEnd();
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
  isClosing = false;
  refusedConnections = 0;
  refusedRequests = 0;

  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Connections of proxies that have not said yet on whose behalf they come. */
  readonly #unannounced = new Set<AnnouncedSocket>();
  #isAnnounced = false;
  #sweepMs: number;
  #cancelSweep: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #allGone: (() => void) | undefined;

  constructor({ handler, clock, name, limits, onClientError }: ListenerOptions) {
    this.handler = handler;
    this.clock = clock;
    this.name = name;
    this.limits = { ...defaultLimits, ...limits };
    this.onClientError = onClientError;
    this.#sweepMs = sweepMs(this.limits);
    const options = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: tcpKeepAliveSeconds * 1_000,
      highWaterMark: writeMark,
    };
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  adjust(limits: Partial<ListenerLimits>): void {
    this.limits = { ...defaultLimits, ...limits };
    this.#sweepMs = sweepMs(this.limits);
  }

  get connections(): number {
    return this.#connections.size + this.#unannounced.size;
  }

  listen(where: ListenAddress): Promise<SocketAddress> {
    const server = this.#server;
    this.#isAnnounced = where.proxyProtocol === true;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(error, where));
      server.once('error', fail);
      const ready = () => {
        server.off('error', fail);
        server.on('error', (cause) => this.#acceptFailed(cause));
        resolve(boundAddress(server));
      };
      try {
        if ('path' in where) server.listen({ path: where.path }, ready);
        else if (where.host === undefined || where.host === '') server.listen({ port: where.port }, ready);
        else server.listen({ host: where.host, port: where.port }, ready);
      } catch (error) {
        fail(error as Error);
      }
    });
  }

  close(): Promise<void> {
    this.isClosing = true;
    // The server says that it has closed before the last sockets do.
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => {
        this.#allGone = resolve;
        if (this.connections === 0) resolve();
      });
    });
    for (const one of this.#unannounced) one.destroy();
    for (const connection of this.#connections) connection.closeWhenIdle();
    return this.#closed;
  }

  destroy(): void {
    void this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  connectionGone(connection: Connection): void {
    this.#connections.delete(connection);
    this.#oneHasGone();
  }

  announced(one: AnnouncedSocket, addresses: ProxiedAddresses | undefined, rest: Buffer): void {
    this.#unannounced.delete(one);
    const { socket } = one;
    this.#connections.add(new Connection(this, socket, addresses));
    // As if it had come now.
    if (rest.length > 0) socket.emit('data', rest);
  }

  notAnnounced(one: AnnouncedSocket, mistake: string | undefined): void {
    this.#unannounced.delete(one);
    if (mistake !== undefined) {
      this.refusedRequests++;
      this.onClientError?.(refusalError(malformed(mistake)), one.client);
    }
    this.#oneHasGone();
  }

  #oneHasGone(): void {
    if (this.connections > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#allGone?.();
  }

  #accept(socket: Socket): void {
    const { connections: bound, idleTimeoutMs } = this.limits;
    const excess = bound === 0 ? -1 : this.connections - bound;
    if (excess >= 0) this.refusedConnections++;
    if (excess >= mostRefusedAtOnce) {
      socket.destroy();
      return;
    }
    this.#cancelSweep ??= this.clock.after(this.#sweepMs, this.#sweep);
    if (this.#isAnnounced && excess < 0) {
      this.#unannounced.add(new AnnouncedSocket(this, socket, this.clock.now() + idleTimeoutMs));
      return;
    }
    const connection = new Connection(this, socket);
    this.#connections.add(connection);
    if (excess >= 0) {
      connection.refuse({ status: 503, code: 'troupe.limit', message: `more than ${bound} connections` });
    }
  }

  readonly #sweep = (): void => {
    const now = this.clock.now();
    for (const connection of this.#connections) connection.checkTime(now);
    for (const one of this.#unannounced) one.checkTime(now);
    this.#cancelSweep = this.connections === 0 ? undefined : this.clock.after(this.#sweepMs, this.#sweep);
  };

  #acceptFailed(cause: Error): void {
    const message = `${this.name} cannot accept connections (${cause.message}): raise the limit of open files (ulimit -n)`;
    this.onClientError?.(new TroupeError('troupe.limit', message, { side: 'troupe', cause }), noAddress);
  }
}

const noAddress: SocketAddress = { address: '', port: 0 };

function boundAddress(server: Server): SocketAddress {
  const address = server.address();
  if (address === null || typeof address === 'string') return noAddress;
  return { address: address.address, port: address.port };
}

/** Often enough to be at most an eighth late, but not more often than is cheap. */
function sweepMs(limits: ListenerLimits): number {
  const shortest = Math.min(
    limits.idleTimeoutMs,
    limits.headTimeoutMs,
    limits.bodyTimeoutMs,
    limits.idleSendTimeoutMs,
    limits.halfClosedTimeoutMs,
    limits.lingerTimeoutMs,
  );
  return Math.min(mostBetweenSweepsMs, Math.max(leastBetweenSweepsMs, shortest / 8));
}
