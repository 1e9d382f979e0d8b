/**
 * The control plane put together: actors in their registry, the bus and its effects, and commands as
 * promises for whoever operates it. It knows data planes only by what it sends them and what they tell.
 */
import type { Observable } from 'rxjs';
import { backendMachine } from '../actors/backend.ts';
import { type ConfigEmitted, configMachine } from '../actors/config.ts';
import { directorMachine } from '../actors/director.ts';
import { peerPoolMachine } from '../actors/peer-pool.ts';
import { type PeerWorkerEmitted, peerWorkerMachine } from '../actors/peer-worker.ts';
import { pollerMachine } from '../actors/poller.ts';
import { saintmodeMachine } from '../actors/saintmode.ts';
import {
  type ConfigEntry,
  type SupervisorContext,
  type SupervisorEmitted,
  supervisorMachine,
} from '../actors/supervisor.ts';
import type { Clock } from '../clock.ts';
import type { SaintPage, SaintQuery } from '../compact/saint-list.ts';
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import { TroupeError } from '../errors.ts';
import type { FactBatch } from '../facts.ts';
import type { Identity } from '../identity.ts';
import type { Override, Snapshot, SnapshotDelta } from '../snapshot.ts';
import { Bus, type Message } from './bus.ts';
import { FactIntake } from './fact-intake.ts';
import { type Probe, Probes } from './probes.ts';
import { Publisher } from './publisher.ts';
import { Registry, type Transition } from './registry.ts';
import { type ActorKind, routes, SUPERVISOR } from './routes.ts';
import { Saints } from './saints.ts';
import { Slices } from './slices.ts';
import { Tallies } from './tallies.ts';
import { Topics } from './topics.ts';

/** What the control plane sends to the data planes. */
interface Planes {
  apply(delta: SnapshotDelta): void;
  /** A config was discarded: say when no request is left on it. */
  drain(key: ConfigKey): void;
  /** A config is gone: cut what is left of it. */
  end(key: ConfigKey): void;
  /** Start a worker thread for a peer, and say when it takes operations and when it has ended. */
  startPeerThread(config: ConfigKey, peer: string, thread: number): void;
  /** End it, after the operation that it has in hand. */
  endPeerThread(config: ConfigKey, peer: string, thread: number): void;
}

/**
 * Loads a config into every data plane and describes it.
 *
 * @throws TroupeError what is wrong with it
 */
type LoadConfig = (key: ConfigKey, name: string) => Promise<ConfigDescription>;

export interface ControlPlaneOptions {
  readonly clock: Clock;
  readonly planes: Planes;
  readonly load: LoadConfig;
  readonly probe: Probe;
  /** Milliseconds that requests in flight get to end after a discard. */
  readonly drainTimeoutMs: number;
  /** Saint entries, at most; the list says what happens then. */
  readonly saintEntries?: number | undefined;
  /** A mistake of ours that was contained; to be logged. */
  readonly onFault: (error: unknown, where: string) => void;
}

const machines = {
  supervisor: supervisorMachine,
  config: configMachine,
  backend: backendMachine,
  poller: pollerMachine,
  director: directorMachine,
  saintmode: saintmodeMachine,
  peerPool: peerPoolMachine,
  peerWorker: peerWorkerMachine,
};

/** What the routing table sends to the data planes. */
type PlaneOrder =
  | Extract<ConfigEmitted, { type: 'drain.wanted' }>
  | Extract<ConfigEmitted, { type: 'config.discarded' }>
  | (PeerWorkerEmitted & { readonly type: 'thread.wanted' })
  | (PeerWorkerEmitted & { readonly type: 'thread.unwanted' });

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: TroupeError) => void;
}

export class ControlPlane {
  readonly #bus: Bus;
  readonly #topics = new Topics();
  readonly #tallies: Tallies;
  readonly #slices: Slices;
  readonly #probes: Probes;
  readonly #intake: FactIntake;
  readonly #publisher: Publisher;
  readonly #saints: Saints;
  readonly #descriptions = new Map<ConfigKey, ConfigDescription>();
  readonly #waiting = new Map<string, Waiting>();
  #commands = 0;

  /** The actors, for whoever looks at them. */
  readonly registry: Registry;
  /** Every message between actors, effects and operators. */
  readonly messages$: Observable<Message>;
  /** Every step of every actor. */
  readonly transitions$: Observable<Transition>;
  /** What the data planes were last told. */
  readonly snapshots$: Observable<Snapshot>;

  constructor(options: ControlPlaneOptions) {
    const { clock, onFault, planes } = options;
    this.registry = new Registry({
      machines,
      clock,
      topics: this.#topics,
      onActorFailed: (address, error) => onFault(error, `${address.kind} ${address.id}`),
    });
    this.#bus = new Bus({
      routes,
      actors: this.registry,
      now: () => clock.now(),
      onIdle: () => this.#publisher.publish(),
      onFault: (error, event) => onFault(error, event.type),
    });
    this.registry.connect(this.#bus);
    this.#topics.connect(this.#bus);
    this.#tallies = new Tallies(this.#bus);
    this.#publisher = new Publisher(
      this.#bus,
      (delta) => planes.apply(delta),
      () => clock.now(),
    );
    this.#slices = new Slices(clock, this.#bus);
    const isLive = (identity: Identity) => this.#publisher.knows(identity);
    this.#saints = new Saints(clock, this.#bus, isLive, { capacity: options.saintEntries });
    this.#probes = new Probes(clock, this.#bus, options.probe);
    this.#intake = new FactIntake({
      clock,
      bus: this.#bus,
      publisher: this.#publisher,
      describe: (config) => this.#descriptions.get(config),
    });
    this.#attach(options);
    this.messages$ = this.#bus.messages$;
    this.transitions$ = this.registry.transitions$;
    this.snapshots$ = this.#publisher.snapshots$;
    this.registry.ensure('supervisor', SUPERVISOR, { drainTimeoutMs: options.drainTimeoutMs });
  }

  /**
   * Loads a config, and leaves it warm.
   *
   * @throws TroupeError `command.name-taken`, `command.stopping`, or what is wrong with the config
   */
  load(name: string): Promise<void> {
    return this.#command((id) => this.#bus.say('operator', { type: 'config.load', id, name }));
  }

  /**
   * Switches to a config: the next request runs on it.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-not-ready`, `command.stopping`
   */
  use(name: string): Promise<void> {
    return this.#command((id) => this.#bus.say('operator', { type: 'config.use', id, name }));
  }

  /** @throws TroupeError `command.unknown-config`, `command.config-in-use`, `command.config-not-ready` */
  setState(name: string, state: 'warm' | 'cold'): Promise<void> {
    return this.#command((id) => this.#bus.say('operator', { type: 'config.set-state', id, name, state }));
  }

  /**
   * Discards a config: it stops counting at once, and goes when its last request has ended.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-in-use`, `command.config-not-ready`
   */
  discard(name: string): Promise<void> {
    return this.#command((id) => this.#bus.say('operator', { type: 'config.discard', id, name }));
  }

  /** Discards everything, and resolves when the last config has gone. */
  stop(): Promise<void> {
    return this.#command((id) => this.#bus.say('operator', { type: 'proxy.stop', id }));
  }

  /** @throws TroupeError `command.unknown-backend` */
  setHealth(identity: Identity, override: Override): void {
    if (this.registry.snapshot('backend', identity) === undefined) {
      const message = `There is no backend ${identity}; the known ones are those of the loaded, warm configs.`;
      throw new TroupeError('command.unknown-backend', message, { side: 'troupe' });
    }
    this.#bus.say('operator', { type: 'backend.set-health', identity, override });
  }

  /**
   * Lifts saint entries before their time: one object of an identity, all of an identity, or all.
   *
   * @param object the request hash in hexadecimal, or the first 24 digits of it, as lists show them
   * @returns how many entries that were
   */
  lift(identity?: Identity, object?: string): number {
    const before = this.#saints.lifted;
    this.#bus.say('operator', { type: 'saint.lift', identity, object });
    return this.#saints.lifted - before;
  }

  /** One page of the saint entries in force: all, those of an identity, or those of an object. */
  saintEntries(query: SaintQuery = {}): SaintPage {
    return this.#saints.list(query);
  }

  /** How many objects are denied to a backend. */
  saintCount(identity: Identity): number {
    return this.#saints.count(identity);
  }

  /** Takes in what a data plane tells. */
  takeFacts(batch: FactBatch): void {
    this.#intake.take(batch);
  }

  /** What the data planes were last told. */
  snapshot(): Snapshot {
    return this.#publisher.snapshot();
  }

  /** The loaded configs, those being discarded not among them. */
  configs(): readonly (ConfigEntry & { readonly name: string })[] {
    const supervisor = this.registry.snapshot('supervisor', SUPERVISOR);
    const configs: SupervisorContext['configs'] = supervisor?.context.configs ?? {};
    return Object.entries(configs).map(([name, entry]) => ({ name, ...entry }));
  }

  /** What a loaded config declares. */
  description(key: ConfigKey): ConfigDescription | undefined {
    return this.#descriptions.get(key);
  }

  /** How much of each kind there is: all of it goes back to where it was when configs come and go. */
  sizes(): Readonly<
    Record<ActorKind | 'saintEntries' | 'topics' | 'tallies' | 'probes' | 'descriptions' | 'commands', number>
  > {
    const { registry } = this;
    return {
      supervisor: registry.count('supervisor'),
      config: registry.count('config'),
      backend: registry.count('backend'),
      poller: registry.count('poller'),
      director: registry.count('director'),
      saintmode: registry.count('saintmode'),
      peerPool: registry.count('peerPool'),
      peerWorker: registry.count('peerWorker'),
      saintEntries: this.#saints.size,
      topics: this.#topics.size,
      tallies: this.#tallies.size,
      probes: this.#probes.running,
      descriptions: this.#descriptions.size,
      commands: this.#waiting.size,
    };
  }

  /** Ends all actors and effects at once. */
  close(): void {
    this.#slices.close();
    this.#intake.close();
    this.#saints.close();
    this.#probes.close();
    this.registry.close();
    this.#publisher.close();
    for (const { reject } of this.#waiting.values()) {
      reject(stopped());
    }
    this.#waiting.clear();
  }

  #attach({ load, planes }: ControlPlaneOptions): void {
    this.#bus.attach('operator', (event) => this.#answer(event as SupervisorEmitted));
    this.#bus.attach('loader', (event) => {
      const { key, name } = event as Extract<ConfigEmitted, { type: 'load.wanted' }>;
      load(key, name).then(
        (description) => {
          this.#descriptions.set(key, description);
          this.#bus.say('loader', { type: 'config.loaded', key, description });
        },
        (error: unknown) => {
          const failure = failureOf(error);
          this.#bus.say('loader', { type: 'config.load-failed', key, failure });
        },
      );
    });
    this.#bus.attach('planes', (event) => {
      const heard = event as PlaneOrder;
      switch (heard.type) {
        case 'drain.wanted':
          planes.drain(heard.key);
          return;
        case 'config.discarded':
          this.#descriptions.delete(heard.key);
          planes.end(heard.key);
          return;
        case 'thread.wanted':
          planes.startPeerThread(heard.config, heard.peer, heard.thread);
          return;
        case 'thread.unwanted':
          planes.endPeerThread(heard.config, heard.peer, heard.thread);
          return;
        default:
          heard satisfies never;
      }
    });
  }

  #command(say: (id: string) => void): Promise<void> {
    // Once everything is gone, the supervisor among it, nobody would answer.
    if (this.registry.count('supervisor') === 0) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const id = `c${++this.#commands}`;
      this.#waiting.set(id, { resolve, reject });
      say(id);
    });
  }

  #answer(event: SupervisorEmitted): void {
    if (event.type !== 'command.done' && event.type !== 'command.refused') return;
    const waiting = this.#waiting.get(event.id);
    this.#waiting.delete(event.id);
    if (event.type === 'command.done') waiting?.resolve();
    else waiting?.reject(new TroupeError(event.code, event.message, { side: 'troupe' }));
  }
}

function stopped(): TroupeError {
  return new TroupeError('command.stopping', 'Troupe has stopped and takes no more commands.', {
    side: 'troupe',
  });
}

function failureOf(error: unknown): { code: TroupeError['code']; message: string } {
  if (error instanceof TroupeError) return { code: error.code, message: error.message };
  const message = `Loading failed for a reason that Troupe did not expect: ${String(error)}`;
  return { code: 'troupe.internal', message };
}
