/**
 * The registry: creates actors, delivers to them, runs their timers, and ends them. Every actor is a root of
 * its own (children under one XState parent cost quadratic time) and hears only what the bus delivers.
 *
 * An actor's timers go through the bus too: `after` in a machine becomes a message that fires it, so that all
 * that happens stands in one order and a record of the bus is complete.
 */
import { type Observable, Subject } from 'rxjs';
import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type Snapshot,
} from 'xstate';
import type { Clock } from '../clock.ts';
import type { ActorDelivery, Address, Bus, BusEvent } from './bus.ts';
import type { ActorKind, Spoken } from './routes.ts';
import type { Topics } from './topics.ts';

/**
 * Milliseconds until a replaced actor takes its work up again: one that fails on just that would otherwise
 * keep the event loop busy without end.
 */
const RESTART_PAUSE_MS = 1_000;

interface Entry {
  readonly address: Address;
  actor: AnyActor;
  timers: Map<number, { readonly run: () => void; readonly cancel: () => void }> | undefined;
  nextTimer: number;
  cancelRestart: (() => void) | undefined;
  /** The state that a delivery began with; what a failed actor is replaced from. */
  last: AnyMachineSnapshot | undefined;
  failure: unknown;
}

/** One step of one actor, for whoever watches. */
export interface Transition {
  readonly at: number;
  readonly address: Address;
  readonly event: BusEvent;
  readonly before: unknown;
  readonly after: unknown;
}

export interface RegistryOptions {
  readonly machines: Readonly<Record<ActorKind, AnyStateMachine>>;
  readonly clock: Clock;
  readonly topics: Topics;
  /** An actor failed: a mistake of ours. It has been replaced by one in its last good state. */
  readonly onActorFailed: (address: Address, error: unknown) => void;
}

export class Registry implements ActorDelivery {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<ActorKind, Map<string, Entry>>();
  readonly #transitions = new Subject<Transition>();
  #generation = 0;
  #bus: Bus | undefined;

  /** Every step of every actor. Nothing is made for it while nobody subscribes. */
  readonly transitions$: Observable<Transition> = this.#transitions.asObservable();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Names the bus that actors speak on. To be called once, before the first actor. */
  connect(bus: Bus): void {
    this.#bus = bus;
  }

  ensure(kind: ActorKind, id: string, input: unknown): void {
    if (this.#find(kind, id) !== undefined) return;
    const address: Address = { kind, id, generation: ++this.#generation };
    this.#start(address, { input });
  }

  deliver(kind: ActorKind, id: string, generation: number | undefined, event: BusEvent): boolean {
    const entry = this.#find(kind, id);
    if (entry === undefined) return false;
    if (generation !== undefined && generation !== entry.address.generation) return false;
    const before = this.#before(entry);
    entry.actor.send(event);
    this.#after(entry, event, before);
    return true;
  }

  fire(address: Address, timer: number): boolean {
    const entry = this.#find(address.kind, address.id);
    if (entry === undefined || entry.address.generation !== address.generation) return false;
    const due = entry.timers?.get(timer);
    if (due === undefined) return false;
    entry.timers?.delete(timer);
    const before = this.#before(entry);
    due.run();
    this.#after(entry, { type: 'timer.fired' }, before);
    return true;
  }

  followers(kind: ActorKind, topic: string): Iterable<string> {
    return this.#options.topics.followers(kind, topic);
  }

  /** The present state of one actor, or undefined if there is none of that id. */
  snapshot(kind: ActorKind, id: string): AnyMachineSnapshot | undefined {
    return this.#find(kind, id)?.actor.getSnapshot();
  }

  ids(kind: ActorKind): IterableIterator<string> {
    return (this.#entries.get(kind) ?? new Map<string, Entry>()).keys();
  }

  count(kind: ActorKind): number {
    return this.#entries.get(kind)?.size ?? 0;
  }

  /** Ends every actor without a word, and cancels all timers. */
  close(): void {
    for (const ofKind of this.#entries.values()) {
      for (const entry of ofKind.values()) this.#stop(entry);
    }
    this.#entries.clear();
    this.#transitions.complete();
  }

  #find(kind: ActorKind, id: string): Entry | undefined {
    return this.#entries.get(kind)?.get(id);
  }

  #start(
    address: Address,
    from: { readonly input: unknown } | { readonly snapshot: Snapshot<unknown> },
  ): void {
    const machine = this.#options.machines[address.kind];
    const entry: Entry = {
      address,
      actor: undefined as unknown as AnyActor,
      timers: undefined,
      nextTimer: 0,
      cancelRestart: undefined,
      last: undefined,
      failure: undefined,
    };
    const clock = {
      setTimeout: (run: () => void, ms: number) => this.#setTimer(entry, run, ms),
      clearTimeout: (timer: number) => this.#clearTimer(entry, timer),
    };
    const actor = createActor(machine, { ...from, clock });
    entry.actor = actor;
    let ofKind = this.#entries.get(address.kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      this.#entries.set(address.kind, ofKind);
    }
    ofKind.set(address.id, entry);
    // Before the start, or what is emitted on entry would be lost.
    actor.on('*', (emitted) => this.#bus?.say(address.kind, emitted as Spoken[ActorKind], address));
    actor.subscribe({
      error: (error) => {
        entry.failure = error;
      },
    });
    actor.start();
    this.#after(entry, { type: 'actor.started' }, undefined);
  }

  /** Remembers where a step begins: for whoever watches, and in case it fails. */
  #before(entry: Entry): AnyMachineSnapshot {
    const snapshot = entry.actor.getSnapshot() as AnyMachineSnapshot;
    entry.last = snapshot;
    return snapshot;
  }

  #after(entry: Entry, event: BusEvent, before: AnyMachineSnapshot | undefined): void {
    const after = entry.actor.getSnapshot() as AnyMachineSnapshot;
    if (this.#transitions.observed) {
      const at = this.#options.clock.now();
      const { address } = entry;
      this.#transitions.next({ at, address, event, before: before?.value, after: after.value });
    }
    if (after.status === 'done') this.#remove(entry);
    else if (after.status === 'error') this.#replace(entry);
  }

  #remove(entry: Entry): void {
    const { kind, id } = entry.address;
    this.#stop(entry);
    this.#entries.get(kind)?.delete(id);
    // A message, so that what the actor said at its end comes before.
    this.#bus?.say('registry', { type: 'actor.ended', kind, id });
  }

  #stop(entry: Entry): void {
    entry.cancelRestart?.();
    for (const timer of entry.timers?.values() ?? []) timer.cancel();
    entry.timers = undefined;
    entry.actor.stop();
  }

  /**
   * Puts an actor in its last good state in the place of one that failed, and tells it after a pause, for its
   * timers' sake. One that cannot even start is given up: it would fail for ever.
   */
  #replace(entry: Entry): void {
    const { kind, id } = entry.address;
    if (entry.last === undefined) this.#remove(entry);
    else {
      this.#stop(entry);
      const address: Address = { kind, id, generation: ++this.#generation };
      this.#start(address, { snapshot: this.#options.machines[kind].getPersistedSnapshot(entry.last) });
      this.#tellRestored(address);
    }
    this.#options.onActorFailed(entry.address, entry.failure);
  }

  #tellRestored(address: Address): void {
    const entry = this.#find(address.kind, address.id);
    if (entry === undefined) return;
    const { clock } = this.#options;
    entry.cancelRestart = clock.after(RESTART_PAUSE_MS, () => {
      this.#bus?.reply('registry', address, { type: 'actor.restored', at: clock.now() });
    });
  }

  #setTimer(entry: Entry, run: () => void, ms: number): number {
    const timer = entry.nextTimer++;
    const cancel = this.#options.clock.after(ms, () => this.#bus?.timer(entry.address, timer));
    entry.timers ??= new Map();
    entry.timers.set(timer, { run, cancel });
    return timer;
  }

  #clearTimer(entry: Entry, timer: number): void {
    entry.timers?.get(timer)?.cancel();
    entry.timers?.delete(timer);
  }
}
