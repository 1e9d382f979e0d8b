/**
 * The bus: one first-in-first-out queue of what was said, drained before control returns to whoever spoke
 * first. What is said while it drains waits its turn. When the queue is empty, `onIdle` runs, so that
 * everything that follows from one cause is published together.
 */
import { type Observable, Subject } from 'rxjs';
import type { ActorKind, Receiver, Route, Speaker, Spoken } from './routes.ts';

/** One actor, or one incarnation of it. */
export interface Address {
  readonly kind: ActorKind;
  readonly id: string;
  /** Counts the actors of that id. What is sent to an earlier one does not reach its successor. */
  readonly generation: number;
}

export interface BusEvent {
  readonly type: string;
}

/** One message as an observer sees it. */
export interface Message {
  /** Counts messages from 1. */
  readonly seq: number;
  /** Milliseconds of the clock. */
  readonly at: number;
  readonly from: Speaker;
  readonly fromId: string | undefined;
  readonly to: ActorKind | Receiver | 'nobody';
  readonly toId: string | undefined;
  readonly event: BusEvent;
}

/** Delivers to actors; the registry does. */
export interface ActorDelivery {
  deliver(kind: ActorKind, id: string, generation: number | undefined, event: BusEvent): boolean;
  /** Creates the actor unless there is one of that id. */
  ensure(kind: ActorKind, id: string, input: unknown): void;
  /** Ids of the actors of a kind that follow a topic. */
  followers(kind: ActorKind, topic: string): Iterable<string>;
  /** Runs a timer of an actor; false if the actor or the timer is gone. */
  fire(address: Address, timer: number): boolean;
}

export type Receive = (event: BusEvent, from: Address | undefined) => void;

type Item =
  | {
      readonly kind: 'said';
      readonly by: Speaker;
      readonly from: Address | undefined;
      readonly event: BusEvent;
    }
  | {
      readonly kind: 'reply';
      readonly by: Speaker;
      readonly to: Address;
      readonly event: BusEvent | (() => BusEvent | undefined);
    }
  | { readonly kind: 'timer'; readonly to: Address; readonly timer: number; readonly name: string };

export interface BusOptions {
  readonly routes: readonly Route[];
  readonly actors: ActorDelivery;
  /** Milliseconds. */
  readonly now: () => number;
  /** Called when the queue has become empty. May say more. */
  readonly onIdle: () => void;
  /** A receiver or `onIdle` threw: a mistake of ours, which must not stop the others. */
  readonly onFault: (error: unknown, event: BusEvent) => void;
}

export class Bus {
  readonly #options: BusOptions;
  readonly #routes = new Map<string, Route[]>();
  readonly #receivers = new Map<Receiver, Receive>();
  readonly #messages = new Subject<Message>();
  #queue: Item[] = [];
  #head = 0;
  #draining = false;
  #seq = 0;

  /** Every message, as it is delivered. Nothing is made for it while nobody subscribes. */
  readonly messages$: Observable<Message> = this.#messages.asObservable();

  constructor(options: BusOptions) {
    this.#options = options;
    for (const route of options.routes) {
      const key = `${route.from} ${route.event}`;
      const rows = this.#routes.get(key);
      if (rows === undefined) this.#routes.set(key, [route]);
      else rows.push(route);
    }
  }

  /** Names what receives the messages that the table sends to `receiver`. */
  attach(receiver: Receiver, receive: Receive): void {
    this.#receivers.set(receiver, receive);
  }

  /** Says something: it goes where the table sends it. */
  say<S extends Speaker>(by: S, event: Spoken[S], from?: Address): void {
    this.#add({ kind: 'said', by, from, event });
  }

  /**
   * Answers the very actor that asked, if the table has a row for that.
   *
   * @param event made when its turn comes, if what it says may change until then; undefined: nothing to say
   */
  reply<S extends Speaker>(by: S, to: Address, event: Spoken[S] | (() => Spoken[S] | undefined)): void {
    this.#add({ kind: 'reply', by, to, event });
  }

  /**
   * A timer of an actor is due.
   *
   * @param timer number among those that the actor has set
   * @param name what its machine calls it: a replay finds it by that
   */
  timer(to: Address, timer: number, name: string): void {
    this.#add({ kind: 'timer', to, timer, name });
  }

  /** Says several things as one: what `speak` says is heard, and published, only when it has returned. */
  batch(speak: () => void): void {
    if (this.#draining) {
      speak();
      return;
    }
    this.#draining = true;
    try {
      speak();
    } finally {
      this.#drain();
    }
  }

  #add(item: Item): void {
    this.#queue.push(item);
    if (!this.#draining) this.#drain();
  }

  #drain(): void {
    this.#draining = true;
    try {
      do {
        while (this.#head < this.#queue.length) this.#process(this.#queue[this.#head++] as Item);
        this.#queue = [];
        this.#head = 0;
        this.#idle();
      } while (this.#queue.length > 0);
    } finally {
      this.#draining = false;
    }
  }

  #idle(): void {
    try {
      this.#options.onIdle();
    } catch (error) {
      this.#options.onFault(error, { type: 'bus.idle' });
    }
  }

  #process(item: Item): void {
    switch (item.kind) {
      case 'timer':
        this.#fire(item.to, item.timer, item.name);
        return;
      case 'reply':
        this.#answer(item.by, item.to, item.event);
        return;
      case 'said':
        this.#route(item.by, item.event, item.from);
        return;
      default:
        item satisfies never;
    }
  }

  #fire(to: Address, timer: number, name: string): void {
    const event = { type: 'timer.fired', timer: name };
    try {
      if (!this.#options.actors.fire(to, timer)) return;
    } catch (error) {
      this.#options.onFault(error, event);
    }
    this.#observe(to.kind, to.id, to.kind, to.id, event);
  }

  #answer(by: Speaker, to: Address, made: BusEvent | (() => BusEvent | undefined)): void {
    const event = typeof made === 'function' ? made() : made;
    if (event === undefined) return;
    const rows = this.#routes.get(`${by} ${event.type}`);
    if (!rows?.some((row) => row.to === to.kind && row.reply === true)) return;
    let heard = false;
    try {
      heard = this.#options.actors.deliver(to.kind, to.id, to.generation, event);
    } catch (error) {
      this.#options.onFault(error, event);
    }
    this.#observe(by, undefined, heard ? to.kind : 'nobody', to.id, event);
  }

  #route(by: Speaker, event: BusEvent, from: Address | undefined): void {
    const rows = this.#routes.get(`${by} ${event.type}`);
    if (rows === undefined) {
      this.#observe(by, from?.id, 'nobody', undefined, event);
      return;
    }
    for (const row of rows) {
      try {
        this.#serve(row, event, from);
      } catch (error) {
        this.#options.onFault(error, event);
      }
    }
  }

  #serve(row: Route, event: BusEvent, from: Address | undefined): void {
    const { actors, now } = this.#options;
    const { to, id, topic, creates, silent, stamped } = row;
    if (topic !== undefined) {
      // A copy: a follower that hears it may follow or leave.
      const kind = to as ActorKind;
      for (const one of [...actors.followers(kind, topic(event as never))]) {
        const heard = actors.deliver(kind, one, undefined, event);
        this.#observe(row.from, from?.id, heard ? kind : 'nobody', one, event);
      }
      return;
    }
    if (id !== undefined) {
      const kind = to as ActorKind;
      const actor = id(event as never);
      if (creates !== undefined) actors.ensure(kind, actor, creates(event as never));
      let heard = true;
      if (silent !== true) {
        const told = stamped === true ? { ...event, at: now() } : event;
        heard = actors.deliver(kind, actor, undefined, told);
      }
      this.#observe(row.from, from?.id, heard ? kind : 'nobody', actor, event);
      return;
    }
    this.#receivers.get(to as Receiver)?.(event, from);
    this.#observe(row.from, from?.id, to, undefined, event);
  }

  #observe(
    from: Speaker,
    fromId: string | undefined,
    to: Message['to'],
    toId: string | undefined,
    event: BusEvent,
  ): void {
    this.#seq++;
    if (!this.#messages.observed) return;
    this.#messages.next({ seq: this.#seq, at: this.#options.now(), from, fromId, to, toId, event });
  }
}
