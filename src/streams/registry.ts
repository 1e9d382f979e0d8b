/**
 * The registry: creates actors, delivers to them, runs their timers, and ends them. Every actor is a root of
 * its own (children under one XState parent cost quadratic time) and hears only what the bus delivers.
 *
 * An actor's timers go through the bus too: `after` in a machine becomes a message that fires it, so that all
 * that happens stands in one order and a record of the bus is complete.
 */
import { type Observable, Subject } from 'rxjs';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import type { Clock } from '../clock.ts';
import type { ActorDelivery, Address, Bus, BusEvent } from './bus.ts';
import type { ActorKind, Spoken } from './routes.ts';
import { type Step, Stepper, type TimerOrder } from './stepper.ts';
import { Timers } from './timers.ts';
import type { Topics } from './topics.ts';

/**
 * Milliseconds until a replaced actor takes its work up again: one that fails on just that would otherwise
 * keep the event loop busy without end.
 */
const RESTART_PAUSE_MS = 1_000;

interface ActorTimer {
  readonly number: number;
  readonly name: string;
  /** What the machine hears when it fires. */
  readonly event: EventObject;
  readonly cancel: () => void;
}

interface Entry {
  readonly address: Address;
  snapshot: AnyMachineSnapshot;
  /** One or two at a time. */
  timers: ActorTimer[] | undefined;
  nextTimer: number;
  cancelRestart: (() => void) | undefined;
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
  readonly #stepper = new Stepper();
  readonly #timers: Timers;
  readonly #entries = new Map<ActorKind, Map<string, Entry>>();
  readonly #transitions = new Subject<Transition>();
  #generation = 0;
  #bus: Bus | undefined;

  /** Every step of every actor. Nothing is made for it while nobody subscribes. */
  readonly transitions$: Observable<Transition> = this.#transitions.asObservable();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Names the bus that actors speak on. To be called once, before the first actor. */
  connect(bus: Bus): void {
    this.#bus = bus;
  }

  ensure(kind: ActorKind, id: string, input: unknown): void {
    if (this.#find(kind, id) !== undefined) return;
    const address: Address = { kind, id, generation: ++this.#generation };
    let step: Step;
    try {
      step = this.#stepper.start(this.#options.machines[kind], input);
    } catch (error) {
      // One that cannot even start is given up: it would fail for ever.
      this.#options.onActorFailed(address, error);
      return;
    }
    this.#take(this.#enter(address, step.snapshot), step, { type: 'actor.started' }, undefined);
  }

  deliver(kind: ActorKind, id: string, generation: number | undefined, event: BusEvent): boolean {
    const entry = this.#find(kind, id);
    if (entry === undefined) return false;
    if (generation !== undefined && generation !== entry.address.generation) return false;
    this.#step(entry, event, event);
    return true;
  }

  fire(address: Address, timer: number): boolean {
    const entry = this.#find(address.kind, address.id);
    if (entry === undefined || entry.address.generation !== address.generation) return false;
    const due = entry.timers?.find((one) => one.number === timer);
    if (due === undefined) return false;
    this.#dropTimer(entry, due);
    this.#step(entry, due.event, { type: 'timer.fired' });
    return true;
  }

  followers(kind: ActorKind, topic: string): Iterable<string> {
    return this.#options.topics.followers(kind, topic);
  }

  /** The present state of one actor, or undefined if there is none of that id. */
  snapshot(kind: ActorKind, id: string): AnyMachineSnapshot | undefined {
    return this.#find(kind, id)?.snapshot;
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
    this.#timers.close();
    this.#transitions.complete();
  }

  #find(kind: ActorKind, id: string): Entry | undefined {
    return this.#entries.get(kind)?.get(id);
  }

  #enter(address: Address, snapshot: AnyMachineSnapshot): Entry {
    const entry: Entry = { address, snapshot, timers: undefined, nextTimer: 0, cancelRestart: undefined };
    let ofKind = this.#entries.get(address.kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      this.#entries.set(address.kind, ofKind);
    }
    ofKind.set(address.id, entry);
    return entry;
  }

  /** @param told the event as observers see it */
  #step(entry: Entry, event: EventObject, told: BusEvent): void {
    const before = entry.snapshot;
    let step: Step;
    try {
      step = this.#stepper.step(this.#options.machines[entry.address.kind], before, event);
    } catch (error) {
      this.#replace(entry, error);
      return;
    }
    entry.snapshot = step.snapshot;
    this.#take(entry, step, told, before);
  }

  /** Lets a step have its effects. */
  #take(entry: Entry, step: Step, event: BusEvent, before: AnyMachineSnapshot | undefined): void {
    const { address } = entry;
    for (const order of step.timers) this.#order(entry, order);
    for (const said of step.said) this.#bus?.say(address.kind, said as Spoken[ActorKind], address);
    const { value: after, status } = step.snapshot;
    if (this.#transitions.observed) {
      const at = this.#options.clock.now();
      this.#transitions.next({ at, address, event, before: before?.value, after });
    }
    if (status === 'done') this.#remove(entry);
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
    for (const timer of entry.timers ?? []) timer.cancel();
    entry.timers = undefined;
  }

  /**
   * Puts an actor in its last good state in the place of one that failed, and tells it after a pause, for its
   * timers' sake.
   */
  #replace(entry: Entry, error: unknown): void {
    const { kind, id } = entry.address;
    this.#stop(entry);
    const successor = this.#enter({ kind, id, generation: ++this.#generation }, entry.snapshot);
    const { clock, onActorFailed } = this.#options;
    successor.cancelRestart = clock.after(RESTART_PAUSE_MS, () => {
      this.#bus?.reply('registry', successor.address, { type: 'actor.restored', at: clock.now() });
    });
    onActorFailed(entry.address, error);
  }

  #order(entry: Entry, order: TimerOrder): void {
    const before = entry.timers?.find((one) => one.name === order.name);
    if (before !== undefined) {
      before.cancel();
      this.#dropTimer(entry, before);
    }
    if (order.type === 'cancel') return;
    const { name, event, ms } = order;
    const number = entry.nextTimer++;
    const cancel = this.#timers.after(ms, () => this.#bus?.timer(entry.address, number, name));
    const timer = { number, name, event, cancel };
    if (entry.timers === undefined) entry.timers = [timer];
    else entry.timers.push(timer);
  }

  #dropTimer(entry: Entry, timer: ActorTimer): void {
    const left = entry.timers?.filter((one) => one !== timer);
    entry.timers = left?.length === 0 ? undefined : left;
  }
}
