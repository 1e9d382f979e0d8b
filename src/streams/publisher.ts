/**
 * The publisher: gathers what the data planes must know while the bus drains, and publishes it as one delta
 * when the queue is empty, so that the active config and health never change separately.
 */
import { BehaviorSubject, defer, type Observable } from 'rxjs';
import type { BackendEmitted } from '../actors/backend.ts';
import type { SupervisorEmitted } from '../actors/supervisor.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Identity } from '../identity.ts';
import type { BackendHealth, LiftedSaints, Snapshot, SnapshotDelta } from '../snapshot.ts';
import type { Bus } from './bus.ts';
import type { SaintsSpoken } from './saints.ts';

type Heard =
  | Extract<SupervisorEmitted, { type: 'config.used' }>
  | Extract<BackendEmitted, { type: 'backend.health' | 'backend.retired' }>
  | Extract<SaintsSpoken, { type: 'saint.lifted' }>;

export class Publisher {
  readonly #snapshots: BehaviorSubject<Snapshot>;
  readonly #publishDelta: (delta: SnapshotDelta) => void;
  readonly #now: () => number;
  readonly #health = new Map<Identity, BackendHealth>();
  readonly #facts: Record<string, number> = {};
  /** Of each identity whose connections are being closed: the version that retired it. */
  readonly #closing = new Map<Identity, number>();
  #version = 0;
  #active: ConfigKey | undefined;

  #changed = false;
  #newActive: ConfigKey | undefined;
  #newHealth = new Map<Identity, BackendHealth>();
  #retired: Identity[] = [];
  #lifted: LiftedSaints[] = [];

  /** The present view, then each new one. Immutable. */
  readonly snapshots$: Observable<Snapshot>;

  /**
   * @param publishDelta hands a delta to every data plane
   * @param now milliseconds of the clock
   */
  constructor(bus: Bus, publishDelta: (delta: SnapshotDelta) => void, now: () => number) {
    this.#publishDelta = publishDelta;
    this.#now = now;
    this.#snapshots = new BehaviorSubject<Snapshot>(this.#view());
    this.snapshots$ = defer(() => {
      // Views are not made while nobody looks, so the one kept may be old.
      if (!this.#snapshots.observed) this.#snapshots.next(this.#view());
      return this.#snapshots;
    });
    bus.attach('publisher', (event) => this.#take(event as Heard));
  }

  /** Notes that all facts of a data plane up to this number are contained in what is published next. */
  contains(plane: string, lastFact: number): void {
    this.#facts[plane] = lastFact;
    this.#changed = true;
  }

  /** Whether a backend counts for the data planes, as far as the bus has come. */
  knows(identity: Identity): boolean {
    if (this.#newHealth.has(identity)) return true;
    return this.#health.has(identity) && !this.#retired.includes(identity);
  }

  /**
   * All connections have closed to an identity that was retired in that version.
   *
   * @returns whether it has not been declared since; then what was closed is of no importance any more
   */
  closed(identity: Identity, retiredIn: number): boolean {
    if (this.#closing.get(identity) !== retiredIn) return false;
    return this.#closing.delete(identity);
  }

  /** Publishes what has changed, if anything has. */
  publish(): void {
    if (!this.#changed) return;
    const active = this.#newActive;
    const delta: SnapshotDelta = {
      version: ++this.#version,
      ...(active === undefined ? {} : { active }),
      health: this.#newHealth,
      retired: this.#retired,
      ...(this.#lifted.length === 0 ? {} : { lifted: this.#lifted }),
      facts: { ...this.#facts },
    };
    if (active !== undefined) this.#active = active;
    for (const [identity, health] of this.#newHealth) this.#health.set(identity, health);
    for (const identity of this.#retired) {
      this.#health.delete(identity);
      this.#closing.set(identity, delta.version);
    }
    this.#changed = false;
    this.#newActive = undefined;
    this.#newHealth = new Map();
    this.#retired = [];
    this.#lifted = [];
    this.#publishDelta(delta);
    if (this.#snapshots.observed) this.#snapshots.next(this.#view());
  }

  /** The present view. */
  snapshot(): Snapshot {
    return this.#view();
  }

  close(): void {
    this.#snapshots.complete();
  }

  #take(event: Heard): void {
    this.#changed = true;
    switch (event.type) {
      case 'config.used':
        this.#newActive = event.key;
        return;
      case 'backend.health': {
        const { identity, polled, passing, override } = event;
        const before = this.#newHealth.get(identity) ?? this.#health.get(identity);
        const isAsBefore = before?.passing === passing && before.override === override;
        const changedAt = (isAsBefore ? before.changedAt : undefined) ?? this.#now();
        this.#newHealth.set(identity, { polled, passing, override, changedAt });
        this.#closing.delete(identity);
        if (this.#retired.length > 0) this.#retired = this.#retired.filter((one) => one !== identity);
        return;
      }
      case 'backend.retired':
        this.#newHealth.delete(event.identity);
        this.#retired.push(event.identity);
        return;
      case 'saint.lifted':
        this.#lifted.push(lifted(event));
        return;
      default:
        event satisfies never;
    }
  }

  #view(): Snapshot {
    const facts = { ...this.#facts };
    return { version: this.#version, active: this.#active, health: new Map(this.#health), facts };
  }
}

function lifted({ identity, object }: LiftedSaints): LiftedSaints {
  return object === undefined ? { identity } : { identity, object };
}
