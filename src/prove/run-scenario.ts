/**
 * Carries out a scenario in a simulated world, and writes down all that can be seen of it. Afterwards the world goes
 * on until nothing is under way any more, but for no longer than a client could be expected to wait.
 */
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import { firstVerdicts } from '../first-verdicts.ts';
import type { Identity } from '../identity.ts';
import type { PeerResult } from '../proxy/peer/peer-operation.ts';
import type { RequestReport } from '../proxy/request/request-report.ts';
import type { SimulatedExchange, SimulatedRequest } from '../simulation/exchange.ts';
import { hostOf, placeOf } from '../simulation/network.ts';
import { type LoadedSource, World } from '../simulation/world.ts';
import type { BackendHealth, Override, SnapshotDelta } from '../snapshot.ts';
import { ActorSteps } from './actor-steps.ts';
import {
  type ActRecord,
  type AskRecord,
  type Breach,
  type CommandRecord,
  type FaultEnd,
  type HealthChange,
  type HookFailure,
  LONGEST_WAIT_MS,
  type MemberCount,
  type ProbeRecord,
  type RequestRecord,
  type Run,
  type StoreRecord,
} from './run.ts';
import type { Act, ClientRequest, Operation, Scenario } from './scenario.ts';
import { type HookWatch, watchedHooks } from './watched-hooks.ts';

/** Operations of peers in one run; scenarios cause far fewer by themselves. */
const MOST_PEER_OPERATIONS = 500;
/** Milliseconds in which actors come to rest after a command. */
const STEP_MS = 100;

/**
 * @param load loads the config anew: once for the start, and once for each copy that an operator loads
 * @throws TroupeError what is wrong with the config
 */
export async function runScenario(scenario: Scenario, load: () => Promise<LoadedSource>): Promise<Run> {
  const run = new ScenarioRun(scenario, await load());
  const copies = scenario.events.filter(
    ({ act }) =>
      act.kind === 'operate' && (act.operation.command === 'load' || act.operation.command === 'reload'),
  ).length;
  for (let i = 0; i < copies; i++) run.copies.push(await load());
  return run.carryOut();
}

class ScenarioRun {
  readonly copies: LoadedSource[] = [];
  readonly #scenario: Scenario;
  readonly #source: LoadedSource;
  readonly #world: World;
  readonly #acts: ActRecord[] = [];
  readonly #faultEnds: FaultEnd[] = [];
  readonly #requests: RequestRecord[] = [];
  readonly #byExchange = new Map<SimulatedExchange, RequestRecord>();
  readonly #asks: AskRecord[] = [];
  readonly #healthChanges: HealthChange[] = [];
  readonly #health = new Map<Identity, BackendHealth>();
  readonly #steps = new ActorSteps();
  readonly #probes: ProbeRecord[] = [];
  readonly #stored: StoreRecord[] = [];
  readonly #commands: CommandRecord[] = [];
  readonly #hookFailures: HookFailure[] = [];
  readonly #peerResults: PeerResult[] = [];
  readonly #breaches: Breach[] = [];
  readonly #descriptions = new Map<ConfigKey, ConfigDescription>();
  #startedAt = 0;
  #copiesLoaded = 0;
  #isPurgingSoftly = false;
  /** What is loaded, oldest first. */
  #loaded = ['boot'];
  #active = 'boot';

  constructor(scenario: Scenario, source: LoadedSource) {
    this.#scenario = scenario;
    this.#source = this.#watched(source);
    this.#world = new World({
      seed: scenario.seed,
      cacheControl: scenario.cacheControl,
      observer: {
        ended: (report, exchange) => this.#ended(report, exchange),
        siblingAsked: (exchange, request) => this.#note(exchange, request, undefined),
        published: (delta) => this.#published(delta),
        asked: ({ identity }, { method, path, fields }) => {
          const host = fields.get('Host') ?? '';
          this.#asks.push({ at: this.#now(), identity, method, url: path, host });
        },
        hookFailed: ({ hook, error: { code, message, place } }) => {
          const at = this.#now();
          this.#hookFailures.push({ at, hook, code, message, ...(place === undefined ? {} : { place }) });
        },
        fault: (error, where) => this.#breaches.push({ at: this.#now(), what: `${where}: ${String(error)}` }),
        peerEnded: (result) => this.#peerResults.push(result),
        probing: (identity, probe) => {
          const at = this.#now();
          const record: ProbeRecord = { at, identity, probe, endedAt: undefined, isHappy: undefined };
          this.#probes.push(record);
          return (isHappy) => {
            record.endedAt = this.#now();
            record.isHappy = isHappy;
          };
        },
      },
    });
  }

  async carryOut(): Promise<Run> {
    const world = this.#world;
    world.control.transitions$.subscribe((step) => this.#steps.add(step));
    await world.boot(this.#source);
    await world.runUntil(world.clock.now() + STEP_MS);
    this.#startedAt = world.clock.now();
    for (const probe of this.#probes.splice(0)) {
      const endedAt = probe.endedAt === undefined ? undefined : probe.endedAt - this.#startedAt;
      this.#probes.push({ ...probe, at: probe.at - this.#startedAt, endedAt });
    }
    for (const change of this.#healthChanges.splice(0)) {
      this.#healthChanges.push({ ...change, at: Math.min(0, change.at - this.#startedAt) });
    }
    this.#noteDescriptions();
    const before = this.#memberCounts();
    let due = this.#startedAt;
    for (const [event, { afterMs, act }] of this.#scenario.events.entries()) {
      due += afterMs;
      if (!(await this.#runUntil(due))) break;
      this.#acts.push({ at: this.#now(), event, act });
      await this.#carryOut(event, act);
    }
    await this.#comeToRest();
    const [description = NOTHING] = this.#descriptions.values();
    const run: Run = {
      config: this.#source.config,
      description,
      descriptions: this.#descriptions,
      acts: this.#acts,
      faultEnds: this.#faultEnds,
      requests: this.#requests,
      asks: this.#asks,
      health: this.#healthChanges,
      probes: this.#probes,
      stored: this.#stored,
      isPurgingSoftly: this.#isPurgingSoftly,
      commands: this.#commands,
      hookFailures: this.#hookFailures,
      peerResults: this.#peerResults,
      peersPending: this.#peersPending(),
      breaches: this.#breaches,
      members: this.#membersSince(before),
      steps: this.#steps,
      endedAt: this.#now(),
    };
    world.close();
    return run;
  }

  /** The same config, whose hooks tell what they do to the cache. */
  #watched({ config, backends }: LoadedSource): LoadedSource {
    const watch: HookWatch = {
      stored: (stored) => this.#stored.push({ at: this.#now(), ...stored }),
      purgedSoftly: () => {
        this.#isPurgingSoftly = true;
      },
    };
    return { config: { ...config, hooks: watchedHooks(config.hooks, watch) }, backends };
  }

  /** Milliseconds since the start. */
  #now(): number {
    return this.#world.clock.now() - this.#startedAt;
  }

  /** @returns whether the scenario is to go on: not if peers go on for ever */
  async #runUntil(at: number): Promise<boolean> {
    const { clock } = this.#world;
    // In steps, because two peers that answer each other would fill any span of time.
    while (clock.now() < at) {
      await this.#world.runUntil(Math.min(at, clock.now() + 1_000));
      if (this.#isEndless) return false;
    }
    return true;
  }

  get #isEndless(): boolean {
    return this.#peerResults.length > MOST_PEER_OPERATIONS;
  }

  async #comeToRest(): Promise<void> {
    const world = this.#world;
    const end = world.clock.now() + LONGEST_WAIT_MS;
    let isAtRest = false;
    while (!isAtRest && !this.#isEndless && world.clock.now() < end) {
      await world.runUntil(Math.min(end, world.clock.now() + STEP_MS));
      isAtRest = this.#byExchange.size === 0 && this.#peersPending() === 0;
    }
  }

  async #carryOut(event: number, act: Act): Promise<void> {
    const { network, clock } = this.#world;
    switch (act.kind) {
      case 'request':
        this.#send(event, act.request);
        return;
      case 'fault': {
        const end = network.suffer(this.#placesAt(act.at), act.fault);
        if (act.forMs === undefined) return;
        clock.after(act.forMs, () => {
          end();
          this.#faultEnds.push({ at: this.#now(), event });
        });
        return;
      }
      case 'operate':
        await this.#operate(act.operation);
        return;
      default:
        act satisfies never;
    }
  }

  #placesAt(where: string): string[] {
    const there = this.#source.backends.filter(
      ({ name, addresses }) => name === where || hostOf(addresses) === where,
    );
    return [...new Set(there.map(({ addresses }) => placeOf(addresses)))];
  }

  #send(event: number, { method, url, host, fields, client, times, bodyBytes }: ClientRequest): void {
    const body = bodyBytes > 0 ? 'x'.repeat(bodyBytes) : undefined;
    for (let i = 0; i < times; i++) {
      const request = { method, url, client, body, fields: ['Host', host, ...fields] };
      const exchange = this.#world.prepare(request);
      this.#note(exchange, request, event);
      this.#world.data.handle(exchange);
    }
  }

  #note(exchange: SimulatedExchange, request: SimulatedRequest, event: number | undefined): void {
    const { method, url, fields, client } = request;
    const record: RequestRecord = {
      number: this.#requests.length + 1,
      at: this.#now(),
      method,
      url,
      host: exchange.fields.get('Host') ?? '',
      fields,
      client,
      event,
      endedAt: undefined,
      status: 0,
      state: 'none',
      written: undefined,
      isCached: false,
      report: undefined,
      full: [],
    };
    this.#requests.push(record);
    this.#byExchange.set(exchange, record);
    const answered = exchange.onOver;
    exchange.onOver = () => {
      this.#answered(exchange, record);
      answered?.();
    };
  }

  #answered({ status, state, content, age }: SimulatedExchange, record: RequestRecord): void {
    record.endedAt = this.#now();
    record.status = status;
    record.state = state;
    const [, number, backend = '', at] = /^answer (\d+) of (\S+) to .* at ([\d.]+)\n/.exec(content) ?? [];
    if (number === undefined) return;
    record.written = { backend, at: Number(at) - this.#startedAt, number: Number(number) };
    // What was written for this very request was written after it had come.
    record.isCached = Number(age ?? 0) > 0 || record.written.at < record.at;
  }

  #ended(report: RequestReport, exchange: SimulatedExchange | undefined): void {
    const record = exchange === undefined ? undefined : this.#byExchange.get(exchange);
    if (exchange === undefined || record === undefined) return;
    this.#byExchange.delete(exchange);
    record.report = report;
    if (record.endedAt === undefined) record.endedAt = this.#now();
    if (report.failure !== undefined) record.full = this.#fullBackends();
  }

  #fullBackends(): Identity[] {
    return this.#source.backends
      .filter(({ identity, limits: { maxConnections } }) => {
        const inFlight = this.#world.data.stats(identity)?.inFlight ?? 0;
        return maxConnections > 0 && inFlight >= maxConnections;
      })
      .map(({ identity }) => identity);
  }

  #published({ health, retired }: SnapshotDelta): void {
    const at = this.#now();
    for (const [identity, after] of health) {
      this.#healthChanges.push({ at, identity, before: this.#health.get(identity), after });
      this.#health.set(identity, after);
    }
    for (const identity of retired) {
      this.#healthChanges.push({ at, identity, before: this.#health.get(identity), after: undefined });
      this.#health.delete(identity);
    }
  }

  async #operate(operation: Operation): Promise<void> {
    switch (operation.command) {
      case 'load':
        await this.#load();
        return;
      case 'use':
        await this.#use(this.#loaded.at(-1) ?? this.#active);
        return;
      case 'discard':
        await this.#discard(this.#loaded.find((name) => name !== this.#active));
        return;
      case 'reload': {
        const before = this.#active;
        const name = await this.#load();
        if (name === undefined) return;
        await this.#world.until(firstVerdicts(this.#world.control, name, this.#world.clock));
        await this.#use(name);
        await this.#discard(before);
        return;
      }
      case 'set-health':
        this.#setHealth(operation.backend, operation.health);
        return;
      default:
        operation satisfies never;
    }
  }

  async #load(): Promise<string | undefined> {
    const copy = this.copies[this.#copiesLoaded++];
    if (copy === undefined) return undefined;
    const name = `v${this.#copiesLoaded}`;
    this.#world.sources.set(name, this.#watched(copy));
    const isDone = await this.#command(`load ${name}`, this.#world.control.load(name));
    if (isDone) this.#loaded.push(name);
    this.#noteDescriptions();
    return isDone ? name : undefined;
  }

  async #use(name: string): Promise<void> {
    if (await this.#command(`use ${name}`, this.#world.control.use(name))) this.#active = name;
  }

  async #discard(name: string | undefined): Promise<void> {
    if (name === undefined) return;
    // The answer comes at the command; what is in flight on the config is waited for by nobody here.
    const isDone = await this.#command(`discard ${name}`, this.#world.control.discard(name));
    if (isDone) this.#loaded = this.#loaded.filter((one) => one !== name);
  }

  #setHealth(name: string, health: Override): void {
    const identity = this.#source.backends.find((backend) => backend.name === name)?.identity;
    if (identity === undefined) return;
    const at = this.#now();
    const what = `set ${name} ${health}`;
    try {
      this.#world.control.setHealth(identity, health);
      this.#commands.push({ at, what, refusal: undefined });
    } catch (error) {
      this.#commands.push({ at, what, refusal: messageOf(error) });
    }
  }

  async #command(what: string, answer: Promise<void>): Promise<boolean> {
    const at = this.#now();
    try {
      await this.#world.until(answer);
      this.#commands.push({ at, what, refusal: undefined });
      return true;
    } catch (error) {
      this.#commands.push({ at, what, refusal: messageOf(error) });
      return false;
    }
  }

  #noteDescriptions(): void {
    const { control } = this.#world;
    for (const { key } of control.configs()) {
      const description = control.description(key);
      if (description !== undefined) this.#descriptions.set(key, description);
    }
  }

  #peersPending(): number {
    const { peers } = this.#world.data.figures();
    return peers.reduce((sum, { pending, running }) => sum + pending + running, 0);
  }

  #memberCounts(): Map<string, number> {
    const { registry } = this.#world.control;
    const counts = new Map<string, number>();
    for (const id of registry.ids('director')) {
      const members: readonly unknown[] = registry.snapshot('director', id)?.context?.members ?? [];
      counts.set(id, members.length);
    }
    return counts;
  }

  #membersSince(before: ReadonlyMap<string, number>): MemberCount[] {
    return [...this.#memberCounts()].map(([director, after]) => {
      return { director, before: before.get(director) ?? after, after };
    });
  }
}

const NOTHING: ConfigDescription = { backends: [], directors: [], saintmodes: [], defaultTarget: undefined };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
