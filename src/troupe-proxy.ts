/** What a program that embeds Troupe gives and gets: options, and the running proxy. */
import type { Observable } from 'rxjs';
import type { CommandPort, CommandPortOptions } from './admin/cli/command-port.ts';
import type { Dashboard, DashboardOptions } from './admin/http/dashboard.ts';
import type { SaintPage, SaintQuery } from './compact/saint-list.ts';
import type { Config } from './config/config.ts';
import type { ConfigDescription, FetchLimits } from './config/declaration.ts';
import type { PurgeOptions } from './config/hooks.ts';
import type { Identity } from './identity.ts';
import type { BanSettings } from './proxy/cache/ban-settings.ts';
import type { DirectorDispatcher } from './proxy/embedding/dispatcher.ts';
import type { RequestHandler } from './proxy/embedding/handler.ts';
import type { UpgradeHandler } from './proxy/embedding/upgrades.ts';
import type { SocketAddress } from './proxy/http/exchange.ts';
import type { ListenAddress } from './proxy/listener/listener.ts';
import type { ListenerLimits } from './proxy/listener/listener-limits.ts';
import type { PeerResult } from './proxy/peer/peer-operation.ts';
import type { RequestLimits } from './proxy/request/environment.ts';
import type { FailedRequest } from './proxy/request/request-report.ts';
import type { ProxyLog } from './proxy-log.ts';
import type { ProxyStats } from './proxy-stats.ts';
import type { Override, Snapshot } from './snapshot.ts';
import type { Message } from './streams/bus.ts';
import type { Transition } from './streams/registry.ts';
import type { VclOptions } from './vcl/load-vcl.ts';

/** Where a config comes from: a file, or a value made by `defineConfig`. */
export type ConfigSource = string | Config;

export interface CacheOptions {
  /**
   * Bytes, heads and bookkeeping included; 0: nothing is kept. Of several storages, the bytes of each by its name:
   * VCL chooses one with `set beresp.storage = storage.NAME;`. Default: 100 MiB, as varnishd's.
   */
  readonly size?: number | Readonly<Record<string, number>>;
  /** Milliseconds. Default: 0, so that only what says how long it is fresh is served again. */
  readonly defaultTtl?: number;
  readonly defaultGrace?: number;
  readonly defaultKeep?: number;
}

export interface ProxyOptions {
  /** Who is told of requests, of what failed, and of hooks that threw. Default: nobody. */
  readonly log?: ProxyLog;
  /**
   * Saint entries (objects denied to a backend) that are kept, at most. When that many are listed, one of those
   * that end soonest gives way. Default: 1,000,000, which take 50 MB in each plane.
   */
  readonly saintEntries?: number;
  /** What the cache may keep, and for how long where neither an answer nor the config says it. */
  readonly cache?: CacheOptions;
  /** How bans are dealt with. Default: as varnishd does. */
  readonly bans?: Partial<BanSettings>;
  /** How many failed requests are kept with their story, for `failedRequests()`; 0: none. Default: 100. */
  readonly failedRequests?: number;
  /** Milliseconds that requests in flight get to end, after a discard and on close. Default: 30,000. */
  readonly drainTimeout?: number;
  /**
   * Milliseconds that a loaded config stays warm, with its backends polled, after it was needed last. Then it turns
   * cold, until it is used again. Default: varnishd's vcl_cooldown, 600,000.
   */
  readonly cooldown?: number;
  readonly listener?: Partial<ListenerLimits>;
  readonly requests?: Partial<RequestLimits>;
  /** Timeouts and limits of backends that declare none of their own. */
  readonly fetch?: Partial<FetchLimits>;
  /** What VCL files mean where they leave it open. */
  readonly vcl?: VclOptions;
}

export interface ProxyConfigEntry {
  readonly name: string;
  readonly state: 'loading' | 'warm' | 'cold' | 'active';
}

export interface TroupeProxy {
  /**
   * Resolves when the config that `createProxy` was given is in use and its probed backends have had their
   * first verdict. Rejects with what is wrong with it.
   */
  readonly ready: Promise<void>;
  /**
   * Starts serving on a socket, once `ready`. Port 0 takes a free one.
   *
   * @returns the address that it listens on
   * @throws TroupeError `troupe.listen-failed`, or what `ready` rejects with
   */
  listen(where: ListenAddress, name?: string): Promise<SocketAddress>;
  /**
   * Serves requests that another server has received: of node:http and node:https, as a middleware of Express,
   * and in Fastify with a hijacked reply. It may be passed around by itself. Requests that come before `ready`
   * wait for it.
   *
   * The proxy sees `req.url`: within an Express mount point the path without the prefix. Fields are those that
   * the client sent, with what middleware has changed in `req.headers`; fields set on the response before stay,
   * unless the backend sends the same ones. A body must not have been read before, as body parsers do.
   */
  readonly handler: RequestHandler;
  /**
   * Serves what another server's `upgrade` and `connect` events bring:
   * `server.on('upgrade', proxy.upgrade)`. The connection is the proxy's from then on.
   */
  readonly upgrade: UpgradeHandler;
  /**
   * Makes an undici Dispatcher, so that `fetch(url, { dispatcher })` and undici's own calls go through a director
   * of the config in use: the director picks the backend, and the URL's host becomes the Host field, nothing
   * else. Of the hooks, `hash`, `backendFetch`, `backendResponse` and `backendError` run; those about clients
   * do not. Without a hook backendError, a backend that could not be reached is followed by another try.
   *
   * What fails rejects as fetch users know it, with a TroupeError as the cause. Closing the dispatcher ends its
   * requests, not the proxy.
   *
   * @param target name of a backend, director or saintmode object; default: where the config sends requests
   */
  dispatcher(target?: string): DirectorDispatcher;
  /**
   * Loads a config beside those that are loaded already. Its backends are polled from then on.
   *
   * @throws TroupeError what is wrong with the config, with its place, or `command.name-taken`
   */
  load(name: string, source: ConfigSource): Promise<void>;
  /**
   * Switches to a loaded config: new requests run on it, those in flight end on theirs. One that has cooled down by
   * itself is warmed up first.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-not-ready`
   */
  use(name: string): Promise<void>;
  /** Discards a config that is not active. @throws TroupeError `command.config-in-use`, `command.unknown-config` */
  discard(name: string): Promise<void>;
  /**
   * Says whether a config is kept warm, turns cold, or (`auto`, as it is loaded) cools down when nobody needs it.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-in-use`
   */
  setState(name: string, state: 'auto' | 'warm' | 'cold'): Promise<void>;
  /**
   * Loads a config, waits for the first verdict on its probed backends, uses it, and discards the one that
   * was active. On an error the one that is active stays.
   *
   * @returns the new config's name
   * @throws TroupeError what is wrong with the config
   */
  replace(source: ConfigSource): Promise<string>;
  /** An operator's order about a backend. @throws TroupeError `command.unknown-backend` */
  setHealth(identity: Identity, override: Override): void;
  /** One page of the saint entries in force: all, those of a backend, or those of an object. */
  saintEntries(query?: SaintQuery): SaintPage;
  /**
   * Lifts saint entries before their time: one object of a backend, all of a backend, or all.
   *
   * @param object the request hash in hexadecimal, or the first 24 digits of it, as `saintEntries` shows them
   * @returns how many entries that were
   */
  liftSaintEntries(identity?: Identity, object?: string): number;
  /**
   * Takes what is stored under a URL out of the cache, in all variants, what is being fetched included.
   *
   * @param what an absolute URL, for what is found by URL and Host; or what a hook `hash` has given to `hashData`
   * @returns how many objects that were
   */
  purge(what: string | URL | readonly string[], options?: PurgeOptions): number;
  /**
   * Bans everything in the cache that all conditions hold of, what is being fetched included: `req.url ~ ^/news`,
   * `obj.http.x-lang == en && obj.age > 1h`. It is taken out when somebody looks for it, or by and by.
   *
   * @param conditions as varnish-cli(7) has them, `&&` between them; or their words, where one has blanks in it
   * @throws TroupeError `command.illegal-value`
   */
  ban(conditions: string | readonly string[]): void;
  /** The loaded configs. */
  configs(): readonly ProxyConfigEntry[];
  /** What the active config declares; undefined before the first. */
  description(): ConfigDescription | undefined;
  /** All counters, as they are now. */
  stats(): ProxyStats;
  /** The requests that failed last, each with its story, the oldest first. */
  failedRequests(): readonly FailedRequest[];
  /**
   * Opens an HTTP server for scripts and monitoring: `/api/v1/openapi.json` says what it serves. It closes with the
   * proxy, after the last request. Without a token it listens on loopback only.
   *
   * @throws TroupeError `admin.needs-token`, `troupe.listen-failed`
   */
  dashboard(options: DashboardOptions): Promise<Dashboard>;
  /**
   * Opens a port of the command line that varnishadm speaks: varnish-cli(7). It closes with the proxy, after the
   * last request.
   *
   * @throws TroupeError `troupe.listen-failed`
   */
  commandLine(options: CommandPortOptions): Promise<CommandPort>;
  /** What each operation of a peer came to. Nothing is made for it while nobody subscribes. */
  readonly peerResults$: Observable<PeerResult>;
  /** Every message between actors, effects and operators. */
  readonly messages$: Observable<Message>;
  /** Every step of every actor. */
  readonly transitions$: Observable<Transition>;
  /** The view that requests are routed by: the present one, then each new one. */
  readonly snapshots$: Observable<Snapshot>;
  /** Stops listening, lets requests in flight end within the drain timeout, and leaves nothing behind. */
  close(): Promise<void>;
  /** `await using proxy = createProxy(...)`: the same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}
