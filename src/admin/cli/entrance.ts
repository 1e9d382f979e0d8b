/**
 * Where the command line listens. It can be shut for a while: then the kernel refuses who comes, which costs this
 * process nothing, where taking a connection only to close it costs 25 µs. Thousands a second would be felt by
 * requests.
 *
 * While it is shut, the address is anybody's. Should somebody take it, it is tried again until it is free.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { SocketAddress } from '../../proxy/http/exchange.ts';
import { listenError } from '../../proxy/listener/listen-error.ts';

/** Connections at the same time. */
const MOST_CONNECTIONS = 512;
/** Milliseconds between tries to get an address back. */
const RETRY_MS = 1_000;

interface EntranceOptions {
  readonly clock: Clock;
  readonly onSocket: (socket: Socket) => void;
  /** An address could not be had again; it will be tried. */
  readonly onLost: (error: Error) => void;
}

interface Door {
  readonly server: Server;
  readonly address: SocketAddress;
  cancel: (() => void) | undefined;
}

export class Entrance {
  readonly #options: EntranceOptions;
  readonly #doors: Door[] = [];
  #isClosed = false;

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  get addresses(): readonly SocketAddress[] {
    return this.#doors.map(({ address }) => address);
  }

  /** @throws TroupeError `troupe.listen-failed` */
  async listen(where: { readonly host: string; readonly port: number }): Promise<void> {
    const server = createServer({ noDelay: true, keepAlive: true }, this.#options.onSocket);
    server.maxConnections = MOST_CONNECTIONS;
    try {
      server.listen(where);
      await once(server, 'listening');
    } catch (error) {
      throw listenError(error as Error, where);
    }
    const { address, port } = server.address() as AddressInfo;
    const door: Door = { server, address: { address, port }, cancel: undefined };
    server.on('error', (error) => this.#meet(door, error));
    this.#doors.push(door);
  }

  /** Nobody gets in for so many milliseconds, nor any of those who wait already. */
  shutFor(ms: number): void {
    for (const door of this.#doors) {
      door.server.close();
      this.#reopenAfter(door, ms);
    }
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isClosed = true;
    for (const { server, cancel } of this.#doors) {
      cancel?.();
      server.close();
    }
  }

  #reopenAfter(door: Door, ms: number): void {
    if (this.#isClosed) return;
    door.cancel?.();
    door.cancel = this.#options.clock.after(ms, () => {
      door.server.listen({ host: door.address.address, port: door.address.port });
    });
  }

  #meet(door: Door, error: Error): void {
    // What a listener meets that listens, such as too many open files, passes.
    if (door.server.listening) return;
    this.#options.onLost(listenError(error, { host: door.address.address, port: door.address.port }));
    this.#reopenAfter(door, RETRY_MS);
  }
}
