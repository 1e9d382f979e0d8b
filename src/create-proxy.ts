/**
 * The wiring: one control plane, one data plane, the real network, and what connects them. The command line
 * and embedding programs both stand on this.
 */
import { readFileSync } from 'node:fs';
import { Observable, Subject, share } from 'rxjs';
import type { Commanded } from './admin/cli/cli-stage.ts';
import type { CommandPort, CommandPortOptions } from './admin/cli/command-port.ts';
import { ConfigShelf, type WantedState } from './admin/config-shelf.ts';
import type { Dashboard, DashboardOptions } from './admin/http/dashboard.ts';
import type { Operated } from './admin/http/operated.ts';
import { checkProxyOptions } from './check-proxy-options.ts';
import type { Clock } from './clock.ts';
import type { SaintPage, SaintQuery } from './compact/saint-list.ts';
import type { Config } from './config/config.ts';
import type { ConfigDescription, FetchLimits } from './config/declaration.ts';
import type { PurgeOptions } from './config/hooks.ts';
import { loadConfig } from './config/load-config.ts';
import { showValue } from './config/show-value.ts';
import type { ConfigKey } from './config-key.ts';
import { TroupeError } from './errors.ts';
import { firstVerdicts } from './first-verdicts.ts';
import type { Identity } from './identity.ts';
import type { BanSettings } from './proxy/cache/ban-settings.ts';
import type { CacheDefaults } from './proxy/cache/cache-terms.ts';
import { issueBan } from './proxy/cache/issue-ban.ts';
import { createDataPlane } from './proxy/create-data-plane.ts';
import { loadWithRings } from './proxy/directors/shard/load-with-rings.ts';
import { createDispatcher, type DirectorDispatcher } from './proxy/embedding/dispatcher.ts';
import { Door } from './proxy/embedding/door.ts';
import { EmbeddedHandler, type RequestHandler } from './proxy/embedding/handler.ts';
import { EmbeddedUpgrades, type UpgradeHandler } from './proxy/embedding/upgrades.ts';
import { createHttp1Transport } from './proxy/fetch/http1-transport.ts';
import type { SocketAddress } from './proxy/http/exchange.ts';
import { createListener, type ListenAddress, type Listener } from './proxy/listener/listener.ts';
import type { ListenerLimits } from './proxy/listener/listener-limits.ts';
import type { PeerResult } from './proxy/peer/peer-operation.ts';
import { createPeerThreads } from './proxy/peer/peer-threads.ts';
import type { RequestLimits } from './proxy/request/environment.ts';
import type { FailedRequest } from './proxy/request/request-report.ts';
import { createSystemClock } from './proxy/system-clock.ts';
import { containedLog, type ProxyLog } from './proxy-log.ts';
import { type ProxySettings, withSettings } from './proxy-settings.ts';
import { type ProxyStats, proxyStats } from './proxy-stats.ts';
import type { Override, Snapshot } from './snapshot.ts';
import type { Message } from './streams/bus.ts';
import { ControlPlane } from './streams/control-plane.ts';
import { probeOnce } from './streams/probe-effect.ts';
import type { Transition } from './streams/registry.ts';
import type { VclOptions } from './vcl/load-vcl.ts';

/** varnishd has no such parameter; its discarded VCLs wait for ever. */
const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

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

/** varnishd's `-s default,100m`. */
const DEFAULT_CACHE_BYTES = 100 * 1024 * 1024;
/** varnishd's vcl_cooldown. */
const DEFAULT_COOLDOWN_MS = 600_000;

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

const overrides: readonly Override[] = ['auto', 'healthy', 'sick', 'drain'];
const wantedStates: readonly WantedState[] = ['auto', 'warm', 'cold'];

/**
 * Makes a proxy.
 *
 * @param source the config to start with, as `boot`; without one, requests get 503 until another is used
 */
export function createProxy(source?: ConfigSource, options: ProxyOptions = {}): TroupeProxy {
  checkProxyOptions(options);
  return new RunningProxy(source, options);
}

function cacheBytesOf({
  size = DEFAULT_CACHE_BYTES,
}: CacheOptions = {}): number | ReadonlyMap<string, number> {
  return typeof size === 'number' ? size : new Map(Object.entries(size));
}

/** Those that programs can name, whether there is a cache or not. */
function storageNames({ size }: CacheOptions = {}): ReadonlySet<string> {
  return new Set([...(typeof size === 'object' ? Object.keys(size) : ['s0']), 'Transient']);
}

function cacheDefaultsOf({
  defaultTtl,
  defaultGrace,
  defaultKeep,
}: CacheOptions = {}): Partial<CacheDefaults> {
  return {
    ...(defaultTtl === undefined ? {} : { ttl: defaultTtl }),
    ...(defaultGrace === undefined ? {} : { grace: defaultGrace }),
    ...(defaultKeep === undefined ? {} : { keep: defaultKeep }),
  };
}

class RunningProxy implements TroupeProxy {
  readonly ready: Promise<void>;
  readonly handler: RequestHandler;
  readonly upgrade: UpgradeHandler;
  readonly messages$: Observable<Message>;
  readonly transitions$: Observable<Transition>;
  readonly snapshots$: Observable<Snapshot>;
  readonly peerResults$: Observable<PeerResult>;

  readonly #peerResults = new Subject<PeerResult>();
  readonly #peerThreads = createPeerThreads();
  readonly #options: ProxyOptions;
  readonly #log: ProxyLog | undefined;
  readonly #clock: Clock = createSystemClock();
  readonly #control: ControlPlane;
  readonly #shelf: ConfigShelf;
  readonly #data;
  readonly #transport;
  readonly #listeners: Listener[] = [];
  /** Where they listen; asked for port 0, the one that was found. */
  readonly #places: { readonly where: ListenAddress; readonly name: string }[] = [];
  #isServing = true;
  #listenerLimits: Partial<ListenerLimits>;
  #fetchLimits: Partial<FetchLimits>;
  #vclOptions: VclOptions;
  readonly #dashboards = new Set<Dashboard>();
  readonly #commandPorts = new Set<CommandPort>();
  readonly #failedRequests$: Observable<FailedRequest>;
  readonly #door: Door;
  readonly #handler: EmbeddedHandler;
  readonly #upgrades: EmbeddedUpgrades;
  readonly #drainTimeoutMs: number;
  /** By name, between the command to load a config and its answer. */
  readonly #sources = new Map<string, ConfigSource>();
  /** A mistake of our own that was contained. */
  #lastFault: string | undefined;
  readonly #loadErrors = new Map<string, unknown>();
  /** What they were made of, for whoever asks. */
  readonly #loadedConfigs = new Map<ConfigKey, Pick<Config, 'labels' | 'sources'>>();
  #replacements = 0;
  /** Settles when no replacement is under way. */
  #replaced: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #isGone = false;

  constructor(source: ConfigSource | undefined, options: ProxyOptions) {
    this.#options = options;
    this.#listenerLimits = { ...options.listener };
    this.#fetchLimits = { ...options.fetch };
    this.#vclOptions = { ...options.vcl, storages: storageNames(options.cache) };
    this.#drainTimeoutMs = options.drainTimeout ?? DEFAULT_DRAIN_TIMEOUT_MS;
    const log = options.log === undefined ? undefined : containedLog(options.log);
    this.#log = log;
    this.#transport = createHttp1Transport({ clock: this.#clock });
    this.#data = createDataPlane({
      plane: 'p0',
      transport: this.#transport,
      clock: this.#clock,
      random: Math.random,
      log,
      failedRequests: options.failedRequests,
      saintEntries: options.saintEntries,
      cacheBytes: cacheBytesOf(options.cache),
      cacheDefaults: cacheDefaultsOf(options.cache),
      banSettings: options.bans,
      startPeerThread: this.#peerThreads.start,
      peerResults: this.#peerResults,
      ...(options.requests === undefined ? {} : { limits: options.requests }),
    });
    this.#control = new ControlPlane({
      clock: this.#clock,
      planes: this.#data,
      load: (key, name) => this.#loadIntoPlanes(key, name),
      probe: probeOnce,
      drainTimeoutMs: this.#drainTimeoutMs,
      saintEntries: options.saintEntries,
      onFault: (error, where) => this.#noteFault(error, where),
    });
    this.#shelf = new ConfigShelf({
      control: this.#control,
      clock: this.#clock,
      labelsUsedBy: (key) => this.#loadedConfigs.get(key)?.labels ?? [],
      onLabels: (labels) => this.#label(labels),
      cooldownMs: options.cooldown ?? DEFAULT_COOLDOWN_MS,
    });
    const data = this.#data;
    this.#failedRequests$ = new Observable<FailedRequest>((subscriber) => {
      data.onFailedRequest = (report) => subscriber.next(report);
      return () => {
        data.onFailedRequest = undefined;
      };
    }).pipe(share());
    this.#data.onFacts = (batch) => this.#control.takeFacts(batch);
    this.messages$ = this.#control.messages$;
    this.transitions$ = this.#control.transitions$;
    this.snapshots$ = this.#control.snapshots$;
    this.peerResults$ = this.#peerResults.asObservable();
    this.ready = source === undefined ? Promise.resolve() : this.#boot(source);
    // Whoever listens or awaits it is told; a program that does neither must not end because of it.
    this.ready.catch(() => {});

    this.#door = new Door(source === undefined ? undefined : this.ready);
    const embedded = {
      handle: this.#data.handle,
      door: this.#door,
      clock: this.#clock,
      onClientError: log?.clientError,
    };
    this.#handler = new EmbeddedHandler({
      ...embedded,
      name: 'handler',
      onFault: (error, where) => this.#noteFault(error, where),
    });
    this.handler = this.#handler.handle;
    this.#upgrades = new EmbeddedUpgrades({ ...embedded, name: 'upgrade', limits: options.listener });
    this.upgrade = this.#upgrades.handle;
  }

  async listen(where: ListenAddress, name = `a${this.#places.length}`): Promise<SocketAddress> {
    await this.ready;
    this.#assertOpen();
    const address = await this.#listen(where, name);
    this.#places.push({ where: 'path' in where ? where : { ...where, port: address.port }, name });
    return address;
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new TroupeError('command.stopping', 'The proxy is closed: make a new one.', { side: 'troupe' });
  }

  async #listen(where: ListenAddress, name: string): Promise<SocketAddress> {
    const log = this.#log;
    const listener = createListener({
      handler: this.#data.handle,
      clock: this.#clock,
      name,
      limits: this.#listenerLimits,
      ...(log?.clientError === undefined ? {} : { onClientError: log.clientError }),
    });
    const address = await listener.listen(where);
    this.#listeners.push(listener);
    return address;
  }

  dispatcher(target?: string): DirectorDispatcher {
    const data = this.#data;
    const options = {
      fetch: (...request: Parameters<typeof data.fetch>) => data.fetch(...request),
      door: this.#door,
      clock: this.#clock,
      name: 'dispatcher',
    };
    return createDispatcher(options, target);
  }

  async load(name: string, source: ConfigSource): Promise<void> {
    if (!this.#sources.has(name)) this.#sources.set(name, source);
    try {
      await this.#control.load(name);
    } catch (error) {
      // The bus carries a sentence; whoever loads in this process gets the error with its place.
      throw this.#loadErrors.get(name) ?? error;
    } finally {
      this.#sources.delete(name);
      this.#loadErrors.delete(name);
    }
    this.#shelf.noteLoaded();
  }

  use(name: string): Promise<void> {
    return this.#shelf.use(name);
  }

  discard(name: string): Promise<void> {
    return this.#shelf.discard(name);
  }

  async setState(name: string, state: WantedState): Promise<void> {
    if (!wantedStates.includes(state)) {
      const message = `a config's state can be set to ${wantedStates.join(', ')}, but not to ${showValue(state)}`;
      throw new TroupeError('command.illegal-value', message, { side: 'troupe' });
    }
    return this.#shelf.setState(name, state);
  }

  replace(source: ConfigSource): Promise<string> {
    // One after the other: each discards the one before it.
    const replaced = this.#replaced.then(() => this.#replace(source));
    this.#replaced = replaced.catch(() => {});
    return replaced;
  }

  async #replace(source: ConfigSource): Promise<string> {
    await this.ready;
    const before = this.configs().find(({ state }) => state === 'active')?.name;
    const name = `reload_${++this.#replacements}`;
    await this.load(name, source);
    await firstVerdicts(this.#control, name, this.#clock);
    await this.use(name);
    if (before !== undefined) await this.discard(before);
    return name;
  }

  setHealth(identity: Identity, override: Override): void {
    if (!overrides.includes(override)) {
      const message = `a backend's health can be set to ${overrides.join(', ')}, but not to ${showValue(override)}`;
      throw new TroupeError('command.illegal-value', message, { side: 'troupe' });
    }
    this.#control.setHealth(identity, override);
  }

  ban(conditions: string | readonly string[]): void {
    issueBan(conditions, (words) => this.#data.issueBan(words));
  }

  purge(what: string | URL | readonly string[], options?: PurgeOptions): number {
    if (typeof what !== 'string' && !(what instanceof URL)) return this.#data.purge(what, options);
    const { pathname, search, host } = new URL(what);
    return this.#data.purge([pathname + search, host], options);
  }

  saintEntries(query?: SaintQuery): SaintPage {
    return this.#control.saintEntries(query);
  }

  liftSaintEntries(identity?: Identity, object?: string): number {
    return this.#control.lift(identity, object);
  }

  configs(): readonly ProxyConfigEntry[] {
    return this.#control.configs().map(({ name, state }) => ({ name, state }));
  }

  description(): ConfigDescription | undefined {
    const { active } = this.#control.snapshot();
    return active === undefined ? undefined : this.#control.description(active);
  }

  stats(): ProxyStats {
    const connectionsTo = (identity: Identity) => this.#transport.openConnections(identity);
    const entries = [...this.#listeners, this.#handler, this.#upgrades];
    return proxyStats(this.#data.figures(), entries, connectionsTo);
  }

  failedRequests(): readonly FailedRequest[] {
    return this.#data.failures();
  }

  async dashboard(options: DashboardOptions): Promise<Dashboard> {
    this.#assertOpen();
    // Who opens none pays nothing for it, not even the time to read its code.
    const { openDashboard } = await import('./admin/http/dashboard.ts');
    const dashboard = await openDashboard(this.#operated(), options);
    if (this.#isGone) await dashboard.close();
    this.#dashboards.add(dashboard);
    return dashboard;
  }

  async commandLine(options: CommandPortOptions): Promise<CommandPort> {
    this.#assertOpen();
    const { openCommandPort } = await import('./admin/cli/command-port.ts');
    const onRefused = options.onRefused ?? this.#log?.operatorRefused;
    const onFault = options.onFault ?? this.#log?.fault;
    const port = await openCommandPort(this.#commanded(), { ...options, onRefused, onFault });
    if (this.#isGone) await port.close();
    this.#commandPorts.add(port);
    return port;
  }

  #commanded(): Commanded {
    const proxy = this;
    return {
      ...this.#operated(),
      get isClosing() {
        return proxy.#closing !== undefined;
      },
      get isServing() {
        return proxy.#isServing;
      },
      startServing: () => this.#startServing(),
      stopServing: () => this.#stopServing(),
      adjust: (settings) => this.#adjust(settings),
      loadVcl: (name, origin, text) => this.#loadVcl(name, origin, text),
      shelf: this.#shelf,
      sources: (key) => this.#loadedConfigs.get(key)?.sources ?? [],
      busy: (key) => this.#data.busy(key),
      storages: () => [...storageNames(this.#options.cache)],
      lastFault: () => this.#lastFault,
      clearFault: () => {
        this.#lastFault = undefined;
      },
      issueBan: (words) => this.#data.issueBan(words),
      listBans: () => this.#data.listBans(),
      xid: () => this.#data.xid,
      setXid: (xid) => {
        this.#data.xid = xid;
      },
      listenAddresses: () =>
        this.#places.map(({ where, name }) =>
          'path' in where
            ? { name, address: where.path, port: 0 }
            : { name, address: where.host ?? '', port: where.port },
        ),
    };
  }

  #adjust({ requests, cache, bans, listener, fetch, vcl, cooldownMs }: ProxySettings): void {
    this.#shelf.cooldownMs = cooldownMs ?? this.#options.cooldown ?? DEFAULT_COOLDOWN_MS;
    this.#fetchLimits = withSettings({ ...this.#options.fetch }, fetch);
    this.#data.adjust(
      withSettings<Partial<RequestLimits>>({}, requests),
      withSettings<Partial<CacheDefaults>>({}, cache),
      withSettings<Partial<BanSettings>>({}, bans),
      this.#fetchLimits,
    );
    this.#listenerLimits = withSettings({ ...this.#options.listener }, listener);
    for (const one of this.#listeners) one.adjust(this.#listenerLimits);
    const { labels, storages } = this.#vclOptions;
    this.#vclOptions = withSettings({ ...this.#options.vcl, labels, storages }, vcl);
  }

  async #loadVcl(name: string, origin: string, text: string): Promise<void> {
    const { loadVclText } = await import('./vcl/load-vcl.ts');
    await this.load(name, await loadVclText(origin, text, this.#vclOptions));
  }

  #label(labels: ReadonlyMap<string, ConfigKey>): void {
    this.#data.label(labels);
    this.#vclOptions = { ...this.#vclOptions, labels: new Set(labels.keys()) };
  }

  #noteFault(error: unknown, where: string): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#lastFault = `${new Date(this.#clock.wallNow()).toUTCString()}, ${where}: ${what}`;
    this.#log?.fault?.(error, where);
  }

  /** Listens again where it did. */
  async #startServing(): Promise<void> {
    this.#isServing = true;
    for (const { where, name } of this.#places) await this.#listen(where, name);
  }

  /** Cuts all clients' connections, takes no more, and forgets what is stored, as when varnishd's child ends. */
  async #stopServing(): Promise<void> {
    this.#isServing = false;
    const listeners = this.#listeners.splice(0);
    for (const listener of listeners) listener.destroy();
    this.#data.forgetObjects();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  #operated(): Operated {
    const proxy = this;
    return {
      control: this.#control,
      clock: this.#clock,
      failedRequests$: this.#failedRequests$,
      stats: () => this.stats(),
      failedRequests: () => this.failedRequests(),
      load: (name, file) => this.load(name, file),
      use: (name) => this.use(name),
      discard: (name) => this.discard(name),
      setState: (name, state) => this.setState(name, state),
      purge: (url, options) => this.purge(url, options),
      ban: (conditions) => this.ban(conditions),
      keepTimes: () => this.#data.keepTimes(),
      get isClosing() {
        return proxy.#closing !== undefined;
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #boot(source: ConfigSource): Promise<void> {
    await this.load('boot', source);
    await firstVerdicts(this.#control, 'boot', this.#clock);
    await this.use('boot');
  }

  async #loadIntoPlanes(key: ConfigKey, name: string): Promise<ConfigDescription> {
    const source = this.#sources.get(name);
    try {
      if (source === undefined) throw new Error(`config "${name}" has no source`);
      const { config, backends } = await loadConfig(source, this.#fetchLimits, {
        vcl: this.#vclOptions,
      });
      this.#keepSources(key, config);
      return await loadWithRings(config.directors, this.#clock, () => this.#data.load(key, config, backends));
    } catch (error) {
      this.#loadErrors.set(name, error);
      throw error;
    }
  }

  #keepSources(key: ConfigKey, { labels, sources, file }: Config): void {
    for (const kept of this.#loadedConfigs.keys()) {
      const isLoaded = this.#control.configs().some((config) => config.key === kept);
      if (!isLoaded) this.#loadedConfigs.delete(kept);
    }
    const texts = sources ?? (file === undefined ? [] : [{ name: file, text: readFileSync(file, 'utf8') }]);
    this.#loadedConfigs.set(key, { labels, sources: texts });
  }

  async #close(): Promise<void> {
    // Before anything is waited for, so that whoever called knows that no connection is taken any more.
    const drained = Promise.all([...this.#listeners.map((listener) => listener.close()), this.#door.close()]);
    await this.ready.catch(() => {});
    let cancel = () => {};
    const timedOut = new Promise<void>((resolve) => {
      cancel = this.#clock.after(this.#drainTimeoutMs, resolve);
    });
    await Promise.race([drained, timedOut]);
    cancel();
    for (const listener of this.#listeners) listener.destroy();
    this.#upgrades.destroy();
    this.#shelf.close();
    await this.#control.stop();
    this.#isGone = true;
    await Promise.all([...this.#dashboards, ...this.#commandPorts].map((port) => port.close()));
    await this.#transport.close();
    this.#control.close();
    await this.#peerThreads.ended();
    this.#peerResults.complete();
  }
}
