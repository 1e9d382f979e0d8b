/**
 * The wiring: one control plane, one data plane, the real network, and what connects them.
 */
import { Observable, Subject, share } from 'rxjs';
import { AdminPorts } from './admin/admin-ports.ts';
import type { Commanded } from './admin/cli/cli-stage.ts';
import type { CommandPort, CommandPortOptions } from './admin/cli/command-port.ts';
import { ConfigShelf, type WantedState } from './admin/config-shelf.ts';
import type { Dashboard, DashboardOptions } from './admin/http/dashboard.ts';
import type { Operated } from './admin/http/operated.ts';
import { cacheBytesOf, cacheDefaultsOf, storageNames } from './cache-options.ts';
import type { Clock } from './clock.ts';
import type { SaintPage, SaintQuery } from './compact/saint-list.ts';
import type { ConfigDescription, FetchLimits } from './config/declaration.ts';
import type { PurgeOptions } from './config/hooks.ts';
import { loadConfig } from './config/load-config.ts';
import { showValue } from './config/show-value.ts';
import type { ConfigKey } from './config-key.ts';
import { ConfigSources } from './config-sources.ts';
import { TroupeError } from './errors.ts';
import { firstVerdicts } from './first-verdicts.ts';
import type { Identity } from './identity.ts';
import type { BanSettings } from './proxy/cache/ban-settings.ts';
import type { CacheDefaults } from './proxy/cache/cache-terms.ts';
import { issueBan } from './proxy/cache/issue-ban.ts';
import { createDataPlane } from './proxy/create-data-plane.ts';
import { loadWithRings } from './proxy/directors/shard/load-with-rings.ts';
import type { DirectorDispatcher } from './proxy/embedding/dispatcher.ts';
import { EmbeddedEntries } from './proxy/embedding/embedded-entries.ts';
import type { RequestHandler } from './proxy/embedding/handler.ts';
import type { UpgradeHandler } from './proxy/embedding/upgrades.ts';
import { createHttp1Transport } from './proxy/fetch/http1-transport.ts';
import type { SocketAddress } from './proxy/http/exchange.ts';
import type { ListenAddress } from './proxy/listener/listener.ts';
import type { ListenerLimits } from './proxy/listener/listener-limits.ts';
import type { PeerResult } from './proxy/peer/peer-operation.ts';
import { createPeerThreads } from './proxy/peer/peer-threads.ts';
import type { RequestLimits } from './proxy/request/environment.ts';
import type { FailedRequest } from './proxy/request/request-report.ts';
import { createSystemClock } from './proxy/system-clock.ts';
import { ProxyListeners } from './proxy-listeners.ts';
import { containedLog, type ProxyLog } from './proxy-log.ts';
import { type ProxySettings, withSettings } from './proxy-settings.ts';
import { type ProxyStats, proxyStats } from './proxy-stats.ts';
import type { Override, Snapshot } from './snapshot.ts';
import type { Message } from './streams/bus.ts';
import { ControlPlane } from './streams/control-plane.ts';
import { probeOnce } from './streams/probe-effect.ts';
import type { Transition } from './streams/registry.ts';
import type { ConfigSource, ProxyConfigEntry, ProxyOptions, TroupeProxy } from './troupe-proxy.ts';
import type { VclOptions } from './vcl/load-vcl.ts';

/** varnishd has no such parameter; its discarded VCLs wait for ever. */
const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

/** varnishd's vcl_cooldown. */
const DEFAULT_COOLDOWN_MS = 600_000;

const overrides: readonly Override[] = ['auto', 'healthy', 'sick', 'drain'];
const wantedStates: readonly WantedState[] = ['auto', 'warm', 'cold'];

export class RunningProxy implements TroupeProxy {
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
  readonly #listeners: ProxyListeners;
  readonly #sources = new ConfigSources();
  #fetchLimits: Partial<FetchLimits>;
  #vclOptions: VclOptions;
  readonly #adminPorts = new AdminPorts();
  readonly #failedRequests$: Observable<FailedRequest>;
  readonly #entries: EmbeddedEntries;
  readonly #drainTimeoutMs: number;
  /** A mistake of our own that was contained. */
  #lastFault: string | undefined;
  #replacements = 0;
  /** Settles when no replacement is under way. */
  #replaced: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(source: ConfigSource | undefined, options: ProxyOptions) {
    this.#options = options;
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
    this.#listeners = new ProxyListeners({
      handler: this.#data.handle,
      clock: this.#clock,
      limits: { ...options.listener },
      onClientError: log?.clientError,
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
      labelsUsedBy: (key) => this.#sources.labelsIn(key),
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

    this.#entries = new EmbeddedEntries({
      handle: this.#data.handle,
      fetch: (exchange, target) => this.#data.fetch(exchange, target),
      clock: this.#clock,
      ready: source === undefined ? undefined : this.ready,
      limits: options.listener,
      onClientError: log?.clientError,
      onFault: (error, where) => this.#noteFault(error, where),
    });
    this.handler = this.#entries.handler.handle;
    this.upgrade = this.#entries.upgrades.handle;
  }

  async listen(where: ListenAddress, name?: string): Promise<SocketAddress> {
    await this.ready;
    this.#assertOpen();
    return this.#listeners.listen(where, name);
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new TroupeError('command.stopping', 'The proxy is closed: make a new one.', { side: 'troupe' });
  }

  dispatcher(target?: string): DirectorDispatcher {
    return this.#entries.dispatcher(target);
  }

  async load(name: string, source: ConfigSource): Promise<void> {
    await this.#sources.during(name, source, () => this.#control.load(name));
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
    const entries = [...this.#listeners.open, this.#entries.handler, this.#entries.upgrades];
    return proxyStats(this.#data.figures(), entries, connectionsTo);
  }

  failedRequests(): readonly FailedRequest[] {
    return this.#data.failures();
  }

  async dashboard(options: DashboardOptions): Promise<Dashboard> {
    this.#assertOpen();
    return this.#adminPorts.openDashboard(this.#operated(), options);
  }

  async commandLine(options: CommandPortOptions): Promise<CommandPort> {
    this.#assertOpen();
    const onRefused = options.onRefused ?? this.#log?.operatorRefused;
    const onFault = options.onFault ?? this.#log?.fault;
    return this.#adminPorts.openCommandLine(this.#commanded(), { ...options, onRefused, onFault });
  }

  #commanded(): Commanded {
    const proxy = this;
    return {
      ...this.#operated(),
      get isClosing() {
        return proxy.#closing !== undefined;
      },
      get isServing() {
        return proxy.#listeners.isServing;
      },
      startServing: () => this.#listeners.start(),
      stopServing: () => this.#stopServing(),
      adjust: (settings) => this.#adjust(settings),
      loadVcl: (name, origin, text) => this.#loadVcl(name, origin, text),
      shelf: this.#shelf,
      sources: (key) => this.#sources.textsOf(key),
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
      listenAddresses: () => this.#listeners.places(),
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
    this.#listeners.adjust(withSettings<Partial<ListenerLimits>>({ ...this.#options.listener }, listener));
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

  /** Also forgets what is stored, as when varnishd's child ends. */
  async #stopServing(): Promise<void> {
    const stopped = this.#listeners.stop();
    this.#data.forgetObjects();
    await stopped;
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
    try {
      const { config, backends } = await loadConfig(this.#sources.of(name), this.#fetchLimits, {
        vcl: this.#vclOptions,
      });
      this.#sources.keep(key, config, (kept) => this.#control.configs().some((entry) => entry.key === kept));
      return await loadWithRings(config.directors, this.#clock, () => this.#data.load(key, config, backends));
    } catch (error) {
      this.#sources.failed(name, error);
      throw error;
    }
  }

  async #close(): Promise<void> {
    // Before anything is waited for, so that whoever called knows that no connection is taken any more.
    const drained = Promise.all([this.#listeners.close(), this.#entries.close()]);
    await this.ready.catch(() => {});
    let cancel = () => {};
    const timedOut = new Promise<void>((resolve) => {
      cancel = this.#clock.after(this.#drainTimeoutMs, resolve);
    });
    await Promise.race([drained, timedOut]);
    cancel();
    this.#listeners.destroy();
    this.#entries.upgrades.destroy();
    this.#shelf.close();
    await this.#control.stop();
    await this.#adminPorts.close();
    await this.#transport.close();
    this.#control.close();
    await this.#peerThreads.ended();
    this.#peerResults.complete();
  }
}
