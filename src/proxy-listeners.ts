/** The sockets that a proxy listens on, and whether it does. */
import type { Clock } from './clock.ts';
import type { TroupeError } from './errors.ts';
import type { ExchangeHandler, SocketAddress } from './proxy/http/exchange.ts';
import { createListener, type ListenAddress, type Listener } from './proxy/listener/listener.ts';
import type { ListenerLimits } from './proxy/listener/listener-limits.ts';

export interface ProxyListenersOptions {
  readonly handler: ExchangeHandler;
  readonly clock: Clock;
  readonly limits: Partial<ListenerLimits>;
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
}

/** As the command line lists them; a path has port 0. */
export interface ListenPlace {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export class ProxyListeners {
  /** Whether it serves; an operator may stop that and start it again. */
  isServing = true;
  readonly #options: ProxyListenersOptions;
  #limits: Partial<ListenerLimits>;
  readonly #open: Listener[] = [];
  /** Where they listen; asked for port 0, the one that was found. */
  readonly #places: { readonly where: ListenAddress; readonly name: string }[] = [];

  constructor(options: ProxyListenersOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  /** Those that listen now. */
  get open(): readonly Listener[] {
    return this.#open;
  }

  /**
   * @param name default: `a0` for the first, as varnishd calls it
   * @returns the address that it listens on
   * @throws TroupeError `troupe.listen-failed`
   */
  async listen(where: ListenAddress, name = `a${this.#places.length}`): Promise<SocketAddress> {
    const address = await this.#listen(where, name);
    this.#places.push({ where: 'path' in where ? where : { ...where, port: address.port }, name });
    return address;
  }

  /** Listens again where it did. */
  async start(): Promise<void> {
    this.isServing = true;
    for (const { where, name } of this.#places) await this.#listen(where, name);
  }

  /** Cuts all clients' connections and takes no more. */
  async stop(): Promise<void> {
    this.isServing = false;
    const listeners = this.#open.splice(0);
    for (const listener of listeners) listener.destroy();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  /** Changes the limits of those that listen and of those that will. */
  adjust(limits: Partial<ListenerLimits>): void {
    this.#limits = limits;
    for (const one of this.#open) one.adjust(limits);
  }

  places(): readonly ListenPlace[] {
    return this.#places.map(({ where, name }) =>
      'path' in where
        ? { name, address: where.path, port: 0 }
        : { name, address: where.host ?? '', port: where.port },
    );
  }

  /** Takes no connection any more. Resolves when the last one has ended. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map((listener) => listener.close()));
  }

  destroy(): void {
    for (const listener of this.#open) listener.destroy();
  }

  async #listen(where: ListenAddress, name: string): Promise<SocketAddress> {
    const { handler, clock, onClientError } = this.#options;
    const listener = createListener({
      ...{ handler, clock, name, limits: this.#limits },
      ...(onClientError === undefined ? {} : { onClientError }),
    });
    const address = await listener.listen(where);
    this.#open.push(listener);
    return address;
  }
}
