/**
 * The simulated network: origins by address and port, and the faults that they suffer, one by one or a whole host at
 * once. Who connects where asks here what becomes of it.
 */
import type { Clock } from '../clock.ts';
import type { Addresses } from '../identity.ts';
import type { Fault } from './fault.ts';
import { SimulatedOrigin } from './origin.ts';

/** Milliseconds that a connection takes to open, or to be refused. */
export const CONNECT_MS = 1;

/** What an origin is known by here: the first of its addresses with the port, or its path. */
export function placeOf(addresses: Addresses): string {
  if (addresses.kind === 'unix') return addresses.path;
  return placeAt(hostOf(addresses) ?? '', addresses.port);
}

export function placeAt(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The machine that an origin runs on; undefined: this one. */
export function hostOf(addresses: Addresses): string | undefined {
  return addresses.kind === 'unix' ? undefined : (addresses.ipv4 ?? addresses.ipv6);
}

export class SimulatedNetwork {
  readonly #clock: Clock;
  readonly #origins = new Map<string, SimulatedOrigin>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes an origin known; harmless if it is already. */
  add(addresses: Addresses): SimulatedOrigin {
    const where = placeOf(addresses);
    const known = this.#origins.get(where);
    if (known !== undefined) return known;
    const origin = new SimulatedOrigin(where, this.#clock);
    this.#origins.set(where, origin);
    return origin;
  }

  /** Who listens at a place; undefined: nobody that this network knows. */
  at(place: string): SimulatedOrigin | undefined {
    return this.#origins.get(place);
  }

  /** Makes every one of the places suffer. @returns what ends that */
  suffer(places: readonly string[], fault: Fault): () => void {
    const ends = places.map((place) => this.#origins.get(place)?.suffer(fault));
    return () => {
      for (const end of ends) end?.();
    };
  }
}
