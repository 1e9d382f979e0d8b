/**
 * What a data plane tells: changes that it made by itself, at once, and that the control plane (and other
 * data planes) fold in. Numbered from 1 without gaps, sent in batches, plain data.
 */
import type { ConfigKey } from './config-key.ts';
import type { Identity } from './identity.ts';

export type Fact =
  | {
      readonly type: 'member.added';
      readonly config: ConfigKey;
      readonly director: string;
      readonly target: string;
      readonly weight: number;
    }
  | {
      readonly type: 'member.removed';
      readonly config: ConfigKey;
      readonly director: string;
      readonly target: string;
    }
  /** An object must not be asked of a backend until `deadline`, in milliseconds of the clock. */
  | {
      readonly type: 'saint.denied';
      readonly identity: Identity;
      readonly object: string;
      readonly deadline: number;
    }
  /** The last request that began on a discarded config has ended. */
  | { readonly type: 'config.drained'; readonly config: ConfigKey }
  /** The last connection to a retired backend has closed. */
  | { readonly type: 'connections.closed'; readonly identity: Identity };

export interface FactBatch {
  readonly plane: string;
  /** Number of the first fact in the batch. */
  readonly first: number;
  readonly facts: readonly Fact[];
}
