/**
 * A control plane in simulated time, with configs given as descriptions and probes answered by the test.
 */
import type { ConfigDescription, ProbeDeclaration, ResolvedBackend } from '../../src/config/declaration.ts';
import { fetchLimitDefaults, probeDefaults } from '../../src/config/declaration.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import { type Addresses, type Identity, identityOf } from '../../src/identity.ts';
import type { ProbeResult } from '../../src/probe-result.ts';
import type { SnapshotDelta } from '../../src/snapshot.ts';
import { ControlPlane } from '../../src/streams/control-plane.ts';
import type { ProbeOrder } from '../../src/streams/probes.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';

export interface RunningProbe {
  readonly order: ProbeOrder;
  readonly startedAt: number;
  readonly answer: (happy: boolean) => void;
}

export function probeResult(happy: boolean, responseTimeMs = 1): ProbeResult {
  const flags = {
    goodIpv4: true,
    goodIpv6: false,
    goodUnix: false,
    goodXmit: true,
    errXmit: false,
    goodRecv: true,
    errRecv: false,
  };
  return {
    happy,
    flags,
    responseTimeMs,
    reason: happy ? 'HTTP/1.1 200 OK' : 'status 503 instead of 200',
  };
}

export function probeOf(changes: Partial<ProbeDeclaration> = {}): ProbeDeclaration {
  return { ...probeDefaults, initial: 2, ...changes };
}

export function backendOf(name: string, port: number, probe?: ProbeDeclaration): ResolvedBackend {
  const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port };
  return {
    name,
    endpoint: { kind: 'tcp', host: '127.0.0.1', port },
    hostHeader: '127.0.0.1',
    limits: fetchLimitDefaults,
    addresses,
    identity: identityOf(name, addresses),
    ...(probe === undefined ? {} : { probe }),
  };
}

export function describeConfig(changes: Partial<ConfigDescription>): ConfigDescription {
  return { backends: [], directors: [], saintmodes: [], defaultTarget: undefined, ...changes };
}

export interface ControlWorldOptions {
  readonly configs: Readonly<Record<string, ConfigDescription>>;
  /** Milliseconds until a probe is answered; undefined: the test answers. */
  readonly answersAfterMs?: number | undefined;
  readonly drainTimeoutMs?: number;
  /** Whether a data plane reports at once that a discarded config is drained. Default: true. */
  readonly drainsAtOnce?: boolean;
  /** Whether a data plane reports at once that the connections of a retired identity are closed. Default: true. */
  readonly closesAtOnce?: boolean;
}

/** Everything a test needs to drive a control plane and to see what it does. */
export class ControlWorld {
  readonly clock = new SimulatedClock();
  readonly control: ControlPlane;
  readonly deltas: SnapshotDelta[] = [];
  readonly faults: { error: unknown; where: string }[] = [];
  /** Probes under way, by Host field plus URL of the order: every order that was not answered or called off. */
  readonly running = new Set<RunningProbe>();
  readonly started: { at: number; order: ProbeOrder }[] = [];
  /** Whether probes are good; read when one is answered by itself. */
  healthy: (order: ProbeOrder) => boolean = () => true;
  /** What a probe's answer looks like. */
  resultOf: (happy: boolean) => ProbeResult = probeResult;
  /** What the data plane throws when it is told the next time, instead of taking it in. */
  throwOnce: Error | undefined;
  /** What each probe throws at its start. */
  throwOnProbe: Error | undefined;
  readonly ended: ConfigKey[] = [];
  readonly drains: ConfigKey[] = [];
  /** Numbers of the worker threads of peers. */
  readonly threads = new Set<number>();
  active: ConfigKey | undefined;
  #facts = 0;

  constructor(options: ControlWorldOptions) {
    const { answersAfterMs, drainsAtOnce = true, closesAtOnce = true } = options;
    this.control = new ControlPlane({
      clock: this.clock,
      drainTimeoutMs: options.drainTimeoutMs ?? 30_000,
      onFault: (error, where) => this.faults.push({ error, where }),
      planes: {
        apply: (delta) => {
          const failure = this.throwOnce;
          this.throwOnce = undefined;
          if (failure !== undefined) throw failure;
          this.deltas.push(delta);
          if (delta.active !== undefined) this.active = delta.active;
          if (!closesAtOnce) return;
          for (const identity of delta.retired) {
            this.tell({ type: 'connections.closed', identity, retiredIn: delta.version });
          }
        },
        drain: (config) => {
          this.drains.push(config);
          if (drainsAtOnce) this.tell({ type: 'config.drained', config });
        },
        end: (key) => this.ended.push(key),
        startPeerThread: (config, peer, thread) => {
          this.threads.add(thread);
          this.tell({ type: 'peer.thread-started', config, peer, thread });
        },
        endPeerThread: (config, peer, thread) => {
          this.threads.delete(thread);
          this.tell({ type: 'peer.thread-ended', config, peer, thread, reason: undefined });
        },
      },
      load: async (_key, name) => {
        const description = options.configs[name];
        if (description === undefined) throw new Error(`no config ${name} in this world`);
        return description;
      },
      probe: (order, done) => {
        if (this.throwOnProbe !== undefined) throw this.throwOnProbe;
        const probe: RunningProbe = {
          order,
          startedAt: this.clock.now(),
          answer: (happy) => {
            this.running.delete(probe);
            done(this.resultOf(happy));
          },
        };
        this.started.push({ at: this.clock.now(), order });
        this.running.add(probe);
        const cancel =
          answersAfterMs === undefined
            ? () => {}
            : this.clock.after(answersAfterMs, () => probe.answer(this.healthy(order)));
        return () => {
          cancel();
          this.running.delete(probe);
        };
      },
    });
  }

  tell(fact: Parameters<ControlPlane['takeFacts']>[0]['facts'][number]): void {
    this.control.takeFacts({ plane: 'p0', first: ++this.#facts, facts: [fact] });
  }

  /** Loads a config, and lets it declare all that it has. */
  async load(name: string): Promise<void> {
    const loaded = this.control.load(name);
    await settle();
    this.settle();
    await loaded;
  }

  /** Warms a cold config up, and lets it declare all that it has. */
  async warm(name: string): Promise<void> {
    const warmed = this.control.setState(name, 'warm');
    this.settle();
    await warmed;
  }

  /** Lets everything that is due now happen, without letting time pass. */
  settle(): void {
    this.clock.advance(0);
  }

  health(identity: Identity) {
    return this.control.snapshot().health.get(identity);
  }
}

/** Lets promises that depend on nothing but other promises settle. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}
