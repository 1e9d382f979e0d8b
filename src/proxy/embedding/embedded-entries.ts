/** The ways in for requests that the program around the proxy has: a handler, upgrades, dispatchers, behind one door. */
import type { Clock } from '../../clock.ts';
import type { TroupeError } from '../../errors.ts';
import type { ExchangeHandler, SocketAddress } from '../http/exchange.ts';
import type { FetchExchange } from '../http/fetch-exchange.ts';
import type { ListenerLimits } from '../listener/listener-limits.ts';
import { createDispatcher, type DirectorDispatcher } from './dispatcher.ts';
import { Door } from './door.ts';
import { EmbeddedHandler } from './handler.ts';
import { EmbeddedUpgrades } from './upgrades.ts';

export interface EmbeddedEntriesOptions {
  readonly handle: ExchangeHandler;
  readonly fetch: (exchange: FetchExchange, target: string | undefined) => void;
  readonly clock: Clock;
  /** What requests wait for; undefined: nothing. */
  readonly ready: Promise<void> | undefined;
  readonly limits: Partial<ListenerLimits> | undefined;
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
  readonly onFault: (error: TroupeError, where: string) => void;
}

export class EmbeddedEntries {
  readonly handler: EmbeddedHandler;
  readonly upgrades: EmbeddedUpgrades;
  readonly #options: EmbeddedEntriesOptions;
  readonly #door: Door;

  constructor(options: EmbeddedEntriesOptions) {
    const { handle, clock, limits, onClientError, onFault } = options;
    this.#options = options;
    this.#door = new Door(options.ready);
    const common = { handle, door: this.#door, clock, onClientError };
    this.handler = new EmbeddedHandler({ ...common, name: 'handler', onFault });
    this.upgrades = new EmbeddedUpgrades({ ...common, name: 'upgrade', limits });
  }

  dispatcher(target: string | undefined): DirectorDispatcher {
    const { fetch, clock } = this.#options;
    return createDispatcher({ fetch, door: this.#door, clock, name: 'dispatcher' }, target);
  }

  /** Takes no request any more. Resolves when those under way have ended. */
  close(): Promise<void> {
    return this.#door.close();
  }
}
