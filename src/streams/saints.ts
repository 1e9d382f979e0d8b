/**
 * The control plane's saint list: what data planes have denied, folded in. Its entries are records, not actors;
 * who follows an identity hears of its count once a turn, however many denials came in it.
 */
import type { BackendEmitted } from '../actors/backend.ts';
import type { Clock } from '../clock.ts';
import { SaintList, type SaintListOptions, type SaintPage, type SaintQuery } from '../compact/saint-list.ts';
import { SaintSweep } from '../compact/saint-sweep.ts';
import type { Identity } from '../identity.ts';
import type { Bus } from './bus.ts';
import type { PlaneReport, Spoken } from './routes.ts';

/** What it says. */
export type SaintsSpoken =
  | { readonly type: 'saint.count'; readonly identity: Identity; readonly count: number }
  /** By an operator, before their time: the data planes must hear of it. No object: all of the identity's. */
  | { readonly type: 'saint.lifted'; readonly identity: Identity; readonly object?: string | undefined };

type Heard =
  | Extract<PlaneReport, { type: 'saint.denied' }>
  | Extract<BackendEmitted, { type: 'backend.retired' }>
  | Extract<Spoken['operator'], { type: 'saint.lift' }>;

export class Saints {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #list: SaintList;
  readonly #sweep: SaintSweep;
  /** A backend that retires has no list: a denial that comes after that has no effect. */
  readonly #isLive: (identity: Identity) => boolean;
  /** Whose count has changed in this turn. */
  readonly #changed = new Set<Identity>();
  #cancelTelling: (() => void) | undefined;
  #lifted = 0;

  constructor(clock: Clock, bus: Bus, isLive: (identity: Identity) => boolean, options?: SaintListOptions) {
    this.#clock = clock;
    this.#isLive = isLive;
    this.#bus = bus;
    this.#list = new SaintList(options);
    this.#sweep = new SaintSweep(this.#list, clock);
    this.#list.onCountChanged((identity) => this.#tellSoon(identity));
    bus.attach('saints', (event) => this.#take(event as Heard));
  }

  get size(): number {
    return this.#list.size;
  }

  /** Entries that operators have lifted so far. */
  get lifted(): number {
    return this.#lifted;
  }

  /** One page of the entries in force. */
  list(query: SaintQuery): SaintPage {
    return this.#list.list(query, this.#clock.now());
  }

  /** How many objects are denied to a backend. */
  count(identity: Identity): number {
    return this.#list.count(identity, this.#clock.now());
  }

  close(): void {
    this.#sweep.stop();
    this.#cancelTelling?.();
  }

  #take(event: Heard): void {
    switch (event.type) {
      case 'saint.denied':
        if (this.#isLive(event.identity)) this.#list.deny(event.identity, event.object, event.deadline);
        break;
      case 'saint.lift':
        this.#lift(event.identity, event.object);
        break;
      case 'backend.retired':
        this.#list.forget(event.identity);
        // Nobody follows it any more.
        this.#changed.delete(event.identity);
        break;
      default:
        event satisfies never;
    }
    this.#sweep.plan();
  }

  #lift(of: Identity | undefined, object: string | undefined): void {
    for (const identity of of === undefined ? this.#list.identities() : [of]) {
      const lifted = this.#list.lift(identity, object);
      this.#lifted += lifted;
      if (lifted > 0) this.#bus.say('saints', { type: 'saint.lifted', identity, object });
    }
  }

  #tellSoon(identity: Identity): void {
    this.#changed.add(identity);
    this.#cancelTelling ??= this.#clock.after(0, () => {
      this.#cancelTelling = undefined;
      const now = this.#clock.now();
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#bus.batch(() => {
        for (const one of changed) {
          this.#bus.say('saints', { type: 'saint.count', identity: one, count: this.#list.count(one, now) });
        }
      });
    });
  }
}
