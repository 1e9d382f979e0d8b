/**
 * Takes in what data planes tell, in their order and a turn's share at a time, and puts it into the control
 * plane's words: a data plane knows members by name, the actors know backends by identity.
 */
import { knownMember } from '../actors/announcement.ts';
import type { Clock } from '../clock.ts';
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { Fact, FactBatch } from '../facts.ts';
import type { Bus } from './bus.ts';
import type { Publisher } from './publisher.ts';
import type { PlaneReport } from './routes.ts';

/** Facts taken in between two looks at the clock; a member of a large director is the dearest. */
const STRIDE = 8;
/** Milliseconds of one turn after which the rest waits for the next. */
const TURN_SHARE_MS = 1;

export interface FactIntakeOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly describe: (config: ConfigKey) => ConfigDescription | undefined;
}

export class FactIntake {
  readonly #options: FactIntakeOptions;
  #waiting: FactBatch[] = [];
  /** Facts of the first waiting batch that are taken in already. */
  #taken = 0;
  #cancel: (() => void) | undefined;

  constructor(options: FactIntakeOptions) {
    this.#options = options;
  }

  take(batch: FactBatch): void {
    this.#waiting.push(batch);
    this.#cancel ??= this.#options.clock.after(0, () => this.#turn());
  }

  close(): void {
    this.#cancel?.();
    this.#waiting = [];
  }

  #turn(): void {
    const { clock } = this.#options;
    const end = clock.now() + TURN_SHARE_MS;
    this.#cancel = () => {};
    while (this.#waiting.length > 0 && clock.now() < end) this.#stride();
    this.#cancel = this.#waiting.length > 0 ? clock.after(0, () => this.#turn()) : undefined;
  }

  #stride(): void {
    const batch = this.#waiting[0];
    if (batch === undefined) return;
    const { bus, publisher } = this.#options;
    const until = Math.min(batch.facts.length, this.#taken + STRIDE);
    bus.batch(() => {
      for (const fact of batch.facts.slice(this.#taken, until)) {
        const report = this.#report(fact);
        if (report !== undefined) bus.say('planes', report);
      }
      publisher.contains(batch.plane, batch.first + until - 1);
    });
    this.#taken = until;
    if (until < batch.facts.length) return;
    this.#waiting.shift();
    this.#taken = 0;
  }

  #report(fact: Fact): PlaneReport | undefined {
    switch (fact.type) {
      case 'member.added': {
        const { type: _, config, director, ...added } = fact;
        const description = this.#options.describe(config);
        if (description === undefined) return undefined;
        return {
          type: 'member.added',
          config,
          director,
          member: knownMember(description, added),
        };
      }
      case 'saint.denied':
        return { ...fact, at: this.#options.clock.now() };
      case 'connections.closed': {
        // What closes late, after the backend was declared again and perhaps retired again, ends nothing.
        const { identity, retiredIn } = fact;
        if (!this.#options.publisher.closed(identity, retiredIn)) return undefined;
        return { type: 'connections.closed', identity };
      }
      case 'member.removed':
      case 'config.drained':
      case 'peer.opened':
      case 'peer.threads-set':
      case 'peer.load':
      case 'peer.thread-started':
      case 'peer.thread-ended':
      case 'peer.retry-planned':
      case 'peer.closed':
        return fact;
      default:
        return fact satisfies never;
    }
  }
}
