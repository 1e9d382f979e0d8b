/**
 * Carries out a scenario in a simulated world, and writes down all that can be seen of it. Afterwards the world goes
 * on until nothing is under way any more, but for no longer than a client could be expected to wait.
 */
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import type { PeerResult } from '../proxy/peer/peer-operation.ts';
import { hostOf, placeOf } from '../simulation/network.ts';
import { type LoadedSource, World } from '../simulation/world.ts';
import type { BackendHealth, SnapshotDelta } from '../snapshot.ts';
import { ActorSteps } from './actor-steps.ts';
import { Operator } from './operator.ts';
import { RequestRecorder } from './request-recorder.ts';
import {
  type ActRecord,
  type AskRecord,
  type Breach,
  type FaultEnd,
  type HealthChange,
  type HookFailure,
  LONGEST_WAIT_MS,
  type MemberCount,
  type ProbeRecord,
  type Run,
  type StoreRecord,
} from './run.ts';
import type { Act, ClientRequest, Scenario } from './scenario.ts';
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
  readonly #recorder: RequestRecorder;
  readonly #operator: Operator;
  readonly #asks: AskRecord[] = [];
  readonly #healthChanges: HealthChange[] = [];
  readonly #health = new Map<Identity, BackendHealth>();
  readonly #steps = new ActorSteps();
  readonly #probes: ProbeRecord[] = [];
  readonly #stored: StoreRecord[] = [];
  readonly #hookFailures: HookFailure[] = [];
  readonly #peerResults: PeerResult[] = [];
  readonly #breaches: Breach[] = [];
  readonly #descriptions = new Map<ConfigKey, ConfigDescription>();
  #startedAt = 0;
  #isPurgingSoftly = false;

  constructor(scenario: Scenario, source: LoadedSource) {
    this.#scenario = scenario;
    this.#source = this.#watched(source);
    this.#world = new World({
      seed: scenario.seed,
      cacheControl: scenario.cacheControl,
      observer: {
        ended: (report, exchange) => this.#recorder.ended(report, exchange),
        siblingAsked: (exchange, request) => this.#recorder.began(exchange, request, undefined),
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
    const now = () => this.#now();
    this.#recorder = new RequestRecorder({
      now,
      startedAt: () => this.#startedAt,
      backends: source.backends,
      statsOf: (identity) => this.#world.data.stats(identity),
    });
    this.#operator = new Operator({
      now,
      world: this.#world,
      nextCopy: () => {
        const copy = this.copies.shift();
        return copy && this.#watched(copy);
      },
      identityOf: (name) => source.backends.find((backend) => backend.name === name)?.identity,
      onLoaded: () => this.#noteDescriptions(),
    });
  }

  async carryOut(): Promise<Run> {
    const world = this.#world;
    world.control.transitions$.subscribe((step) => this.#steps.add(step));
    await world.boot(this.#source);
    await world.runUntil(world.clock.now() + STEP_MS);
    this.#startedAt = world.clock.now();
    // In place: one that is under way is yet to be told how it ended.
    for (const probe of this.#probes) {
      probe.at -= this.#startedAt;
      if (probe.endedAt !== undefined) probe.endedAt -= this.#startedAt;
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
      requests: this.#recorder.requests,
      asks: this.#asks,
      health: this.#healthChanges,
      probes: this.#probes,
      stored: this.#stored,
      isPurgingSoftly: this.#isPurgingSoftly,
      commands: this.#operator.commands,
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
      isAtRest = this.#recorder.underWay === 0 && this.#peersPending() === 0;
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
        await this.#operator.operate(act.operation);
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
      this.#recorder.began(exchange, request, event);
      this.#world.data.handle(exchange);
    }
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
