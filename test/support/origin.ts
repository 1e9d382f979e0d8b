/**
 * A real origin on loopback that counts what it sees: connections, probes by URL, requests. Its manners can
 * be changed while it runs.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface SeenRequest {
  /** Milliseconds of performance.now(). */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class Origin {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  /** Connections accepted so far. */
  accepted = 0;
  /** Requests whose path begins with /probe. */
  readonly probes: SeenRequest[] = [];
  /** All others. */
  readonly requests: SeenRequest[] = [];
  /** Status of the answer to probes. */
  probeStatus = 200;
  answer: Answer = (_request, response) => {
    response.end(this.name);
  };

  /** What becomes of a connection that asks for another protocol. */
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void = (_request, socket) =>
    void socket.destroy();

  readonly name: string;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      const seen = {
        at: performance.now(),
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
      };
      if (seen.url.startsWith('/probe')) {
        this.probes.push(seen);
        response.statusCode = this.probeStatus;
        response.end();
      } else {
        this.requests.push(seen);
        this.answer(request, response);
      }
      this.#changed();
    });
    this.#server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.#server.on('connection', (socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
      this.#changed();
    });
  }

  /** @param port a port to take again after `close`; 0: a free one */
  static async start(name: string, port = 0): Promise<Origin> {
    const origin = new Origin(name);
    origin.#server.listen(port, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Resolves when the condition holds; it is looked at after each thing that happens here. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}
