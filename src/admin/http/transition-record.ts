/**
 * The last steps of each actor, for whoever opens the dashboard to find out how things came to be as they are.
 * Kept only while the dashboard is open; bounded by the number of actors.
 */
import type { Subscription } from 'rxjs';
import type { Transition } from '../../streams/registry.ts';
import type { ActorKind } from '../../streams/routes.ts';
import type { Operated } from './operated.ts';
import type { TransitionShown } from './schema/actor-schema.ts';
import { wallTimeOf } from './wall-time.ts';

/** Steps of one actor; a handful tells how it got where it is. */
const MOST_STEPS = 8;
/** Actors that have ended are looked for when there are so many more records than at the last time. */
const SWEEP_EVERY = 1_024;

export class TransitionRecord {
  readonly #operated: Operated;
  readonly #steps = new Map<string, Transition[]>();
  readonly #subscription: Subscription;
  #sweepAt = SWEEP_EVERY;

  constructor(operated: Operated) {
    this.#operated = operated;
    this.#subscription = operated.control.transitions$.subscribe((step) => this.#add(step));
  }

  /** The last steps of one actor, the oldest first. */
  of(kind: ActorKind, id: string): TransitionShown[] {
    return (this.#steps.get(keyOf(kind, id)) ?? []).map((step) => shownTransition(this.#operated, step));
  }

  /** Actors of which something is kept. */
  get size(): number {
    return this.#steps.size;
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#steps.clear();
  }

  #add(step: Transition): void {
    const { kind, id } = step.address;
    const key = keyOf(kind, id);
    const steps = this.#steps.get(key);
    if (steps === undefined) {
      this.#steps.set(key, [step]);
      if (this.#steps.size >= this.#sweepAt) this.#sweep();
      return;
    }
    if (steps.length === MOST_STEPS) steps.shift();
    steps.push(step);
  }

  #sweep(): void {
    const { registry } = this.#operated.control;
    for (const [key, [first]] of this.#steps) {
      const { kind, id } = first?.address ?? {};
      if (kind === undefined || id === undefined || registry.snapshot(kind, id) !== undefined) continue;
      this.#steps.delete(key);
    }
    this.#sweepAt = this.#steps.size + SWEEP_EVERY;
  }
}

/** A step as it is shown: of its event the name alone, because events may be large. */
export function shownTransition({ clock }: Operated, step: Transition): TransitionShown {
  const { at, address, event, before, after } = step;
  const { kind, id } = address;
  return {
    at: wallTimeOf(clock, at),
    kind,
    id,
    event: event.type,
    ...(before !== undefined && { before: before as TransitionShown['after'] }),
    after: after as TransitionShown['after'],
  };
}

function keyOf(kind: ActorKind, id: string): string {
  return `${kind} ${id}`;
}
