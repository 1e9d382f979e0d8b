/**
 * A data plane with made-up clients, backends and time: what the tests of the life of a request stand in.
 */
import type { Config } from '../../src/config/config.ts';
import {
  type DirectorDeclaration,
  type ProbeDeclaration,
  probeDefaults,
  type ResolvedBackend,
  type SaintmodeDeclaration,
} from '../../src/config/declaration.ts';
import type { Hooks } from '../../src/config/hooks.ts';
import { type ConfigKey, configKeyOf } from '../../src/config-key.ts';
import type { Fact } from '../../src/facts.ts';
import type { Identity } from '../../src/identity.ts';
import { createDataPlane, type DataPlaneOptions } from '../../src/proxy/create-data-plane.ts';
import type { DataPlane } from '../../src/proxy/data-plane.ts';
import type { FailureEntry, HookErrorEntry } from '../../src/proxy/request/request-log.ts';
import type { BackendHealth, SnapshotDelta } from '../../src/snapshot.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { FakeExchange, type FakeRequest } from './fake-exchange.ts';
import { FakeTransport } from './fake-transport.ts';
import { resolvedBackend } from './resolved-backend.ts';

export interface WorldConfig {
  readonly hooks?: Hooks;
  /** Names of backends, or more of their declaration. Default: `b1` and `b2`. */
  readonly backends?: readonly (string | (Partial<ResolvedBackend> & { readonly name: string }))[];
  readonly directors?: readonly DirectorDeclaration[];
  readonly saintmodes?: readonly SaintmodeDeclaration[];
  /** Default: the first backend. */
  readonly defaultTarget?: string | undefined;
  readonly file?: string;
  readonly cache?: Config['cache'];
}

export class ProxyWorld {
  readonly clock = new SimulatedClock();
  readonly transport: FakeTransport;
  readonly plane: DataPlane;
  readonly facts: Fact[] = [];
  readonly failures: FailureEntry[] = [];
  readonly hookErrors: HookErrorEntry[] = [];
  readonly lines: string[] = [];
  #version = 0;
  #generation = 0;

  constructor(options: Partial<DataPlaneOptions> = {}) {
    this.transport = options.transport instanceof FakeTransport ? options.transport : new FakeTransport();
    this.plane = createDataPlane({
      transport: this.transport,
      clock: this.clock,
      random: () => 0.5,
      plane: 'p1',
      log: {
        failure: (entry) => this.failures.push(entry),
        hookError: (entry) => this.hookErrors.push(entry),
        line: (_config, _xid, message) => this.lines.push(message),
      },
      ...options,
    });
    this.plane.onFacts = (batch) => this.facts.push(...batch.facts);
  }

  load(config: WorldConfig = {}, name = 'boot'): ConfigKey {
    const key = configKeyOf(name, ++this.#generation);
    const backends = (config.backends ?? ['b1', 'b2']).map((backend) =>
      worldBackend(typeof backend === 'string' ? { name: backend } : backend),
    );
    const full: Config = {
      backends,
      directors: config.directors ?? [],
      saintmodes: config.saintmodes ?? [],
      defaultTarget: 'defaultTarget' in config ? config.defaultTarget : backends[0]?.name,
      hooks: config.hooks ?? {},
      cache: config.cache,
      file: config.file,
    };
    this.plane.load(key, full, backends);
    return key;
  }

  /** Backends as `plane.load` takes them. */
  backends(...names: string[]): ResolvedBackend[] {
    return names.map((name) => worldBackend({ name }));
  }

  use(active: ConfigKey): void {
    this.apply({ active });
  }

  apply(delta: Partial<SnapshotDelta>): void {
    this.plane.apply({ version: ++this.#version, health: new Map(), retired: [], facts: {}, ...delta });
  }

  setHealth(name: string, health: Partial<BackendHealth>): void {
    const full: BackendHealth = { polled: 'healthy', passing: true, override: 'auto', ...health };
    this.apply({ health: new Map([[identityNamed(name), full]]) });
  }

  /** Loads and uses a config in one go. */
  run(config: WorldConfig = {}): ConfigKey {
    const key = this.load(config);
    this.use(key);
    return key;
  }

  request(request: FakeRequest = {}): FakeExchange {
    const exchange = new FakeExchange(request);
    this.plane.handle(exchange);
    return exchange;
  }
}

/** A world in which one config is active. */
export function worldWith(config: WorldConfig = {}, options: Partial<DataPlaneOptions> = {}): ProxyWorld {
  const world = new ProxyWorld(options);
  world.run(config);
  return world;
}

/** The same with a cache. */
export function cachingWorld(config: WorldConfig = {}, cacheBytes = 1_000_000): ProxyWorld {
  return worldWith(config, { cacheBytes });
}

export function identityNamed(name: string): Identity {
  return resolvedBackend(name).identity;
}

function worldBackend(declaration: Partial<ResolvedBackend> & { readonly name: string }): ResolvedBackend {
  const { name } = declaration;
  return { ...resolvedBackend(name), hostHeader: `${name}.internal`, ...declaration };
}

/** A probe for backends whose health is up to snapshots. */
export const anyProbe: ProbeDeclaration = { ...probeDefaults, initial: 2 };
