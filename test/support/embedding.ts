/** A proxy inside somebody else's server: what the tests of embedding stand in. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import {
  backend,
  type ConfigOptions,
  createProxy,
  defineConfig,
  type ProxyOptions,
  type TroupeProxy,
} from '../../src/index.ts';
import { Origin } from './origin.ts';

/** What a test has started, to be ended with it. */
export class Stage {
  readonly #ends: (() => Promise<void>)[] = [];

  /** In the reverse order of their starts. */
  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  async origin(name = 'origin'): Promise<Origin> {
    const origin = await Origin.start(name);
    this.#ends.push(() => origin.close());
    return origin;
  }

  proxy(...args: Parameters<typeof createProxy>): TroupeProxy {
    const proxy = createProxy(...args);
    this.#ends.push(() => proxy.close());
    return proxy;
  }

  /** A proxy with one backend, `app`. */
  proxyTo(origin: Origin, hooks: Partial<ConfigOptions> = {}, options: ProxyOptions = {}): TroupeProxy {
    const app = backend({ host: '127.0.0.1', port: origin.port });
    return this.proxy(defineConfig({ backends: { app }, ...hooks }), { drainTimeout: 200, ...options });
  }

  /** @returns its port */
  async serve(server: Server | TlsServer | RequestListener): Promise<number> {
    const running = typeof server === 'function' ? createServer(server) : server;
    running.listen(0, '127.0.0.1');
    await once(running, 'listening');
    this.#ends.push(async () => {
      running.closeAllConnections();
      running.close();
      if (running.listening) await once(running, 'close');
    });
    return (running.address() as AddressInfo).port;
  }

  async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
    this.#ends.push(async () => {
      client.socket.destroy();
    });
    await once(client.socket, 'connect');
    return client;
  }
}

/** A client that speaks bytes. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** All that has come so far, as latin1. */
  received = '';
  /** In how many pieces. */
  pieces = 0;
  hasEnded = false;
  isReset = false;
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.pieces++;
      this.#changed();
    });
    socket.on('end', () => {
      this.hasEnded = true;
      socket.end();
      this.#changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.isReset = error.code === 'ECONNRESET';
    });
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    socket.on('close', () => this.#changed());
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with what has come when it matches; rejects if the connection closes before that. */
  until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (pattern.test(this.received)) resolve(this.received);
        else if (this.socket.closed || this.hasEnded) reject(new Error(`closed after: ${this.received}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}
