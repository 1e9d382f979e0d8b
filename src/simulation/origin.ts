/**
 * A simulated origin: one address and port, what is wrong with it now, and what it answers. It decides; the
 * network carries that out in simulated time.
 */
import type { Clock } from '../clock.ts';
import type { Fault } from './fault.ts';

/** What becomes of one connection and one request. */
export type Reception =
  | { readonly kind: 'refused' }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'hung' }
  | { readonly kind: 'reset'; readonly afterMs: number }
  | {
      readonly kind: 'answered';
      /** From the request to the head. */
      readonly afterMs: number;
      readonly status: number;
      readonly isCut: boolean;
    };

/** Milliseconds that an origin takes that is well. */
export const SERVICE_MS = 5;

/** What an origin answers that is well. */
export const WELL = 200;

interface Trouble {
  readonly fault: Fault;
  readonly since: number;
}

export class SimulatedOrigin {
  /** Key of the network: `10.0.0.1:80`, or a path. */
  readonly where: string;
  readonly #clock: Clock;
  readonly #troubles = new Set<Trouble>();
  /** Told when what is under way breaks. */
  onBreak: (() => void) | undefined;
  requests = 0;

  constructor(where: string, clock: Clock) {
    this.where = where;
    this.#clock = clock;
  }

  /** Whether nothing is wrong with it. */
  get isWell(): boolean {
    return this.#troubles.size === 0;
  }

  /** @returns what ends the fault */
  suffer(fault: Fault): () => void {
    const trouble: Trouble = { fault, since: this.#clock.now() };
    this.#troubles.add(trouble);
    if (fault.kind === 'refuses' || fault.kind === 'flaps') this.onBreak?.();
    return () => this.#troubles.delete(trouble);
  }

  /** What happens to a request for that path if it comes now. */
  receive(url: string): Reception {
    let afterMs = SERVICE_MS;
    let status = WELL;
    let isCut = false;
    let isReset = false;
    let hangs = false;
    for (const { fault, since } of this.#troubles) {
      switch (fault.kind) {
        case 'refuses':
          return { kind: 'refused' };
        case 'vanishes':
          return { kind: 'vanished' };
        case 'flaps':
          if (Math.floor((this.#clock.now() - since) / fault.periodMs) % 2 === 0) return { kind: 'refused' };
          break;
        case 'hangs':
          hangs = true;
          break;
        case 'slow':
          afterMs += fault.ms;
          break;
        case 'fails':
          if (fault.url === undefined || fault.url === pathOf(url)) status = fault.status;
          break;
        case 'resets':
          if (fault.url === undefined || fault.url === pathOf(url)) isReset = true;
          break;
        case 'cuts':
          isCut = true;
          break;
        default:
          fault satisfies never;
      }
    }
    if (hangs) return { kind: 'hung' };
    if (isReset) return { kind: 'reset', afterMs };
    return { kind: 'answered', afterMs, status, isCut };
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
