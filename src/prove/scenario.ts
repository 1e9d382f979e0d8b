/**
 * A scenario: all that happens to a world from outside, as plain data. With the same config it leads to the same run,
 * so it is what is searched for, shrunk, written to a file and run again.
 */
import type { Fault } from '../simulation/fault.ts';
import type { Override } from '../snapshot.ts';

export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  /** name, value, name, value, ... */
  readonly fields: readonly string[];
  /** IP address that it comes from. */
  readonly client: string;
  /** Clients that send it at the same time. */
  readonly times: number;
  /** Bytes of a body; 0: none. */
  readonly bodyBytes: number;
}

/** What an operator does. Configs are loaded from the same file, as copies `v1`, `v2`, ... of it. */
export type Operation =
  /** Loads a copy, uses it, and discards the one before, as SIGHUP does. */
  | { readonly command: 'reload' }
  | { readonly command: 'load' }
  /** Switches to the copy loaded last. */
  | { readonly command: 'use' }
  /** Discards the oldest copy that is not in use. */
  | { readonly command: 'discard' }
  | { readonly command: 'set-health'; readonly backend: string; readonly health: Override };

export type Act =
  | { readonly kind: 'request'; readonly request: ClientRequest }
  | {
      readonly kind: 'fault';
      /** Name of a backend, or address of a host with all backends on it. */
      readonly at: string;
      readonly fault: Fault;
      /** Milliseconds after which it is over; undefined: never. */
      readonly forMs: number | undefined;
    }
  | { readonly kind: 'operate'; readonly operation: Operation };

export interface ScenarioEvent {
  /** Milliseconds since the event before, or the start. */
  readonly afterMs: number;
  readonly act: Act;
}

export interface Scenario {
  /** Of what the data plane draws. */
  readonly seed: number;
  /** Cache-Control of what origins answer; undefined: they say nothing. */
  readonly cacheControl: string | undefined;
  readonly events: readonly ScenarioEvent[];
}
