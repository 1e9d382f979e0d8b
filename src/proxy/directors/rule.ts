/**
 * A director's rule: its kind of policy together with what outlives the policies built from it. To add a
 * kind of director, write its policy in a file of its own and add a case here.
 */
import type { PolicyDeclaration } from '../../config/declaration.ts';
import type { ShardDeclaration } from '../../config/shard-declaration.ts';
import { type Current, fallback, followRemoval } from './fallback.ts';
import { hash } from './hash.ts';
import { ConnectionLoad, LeastConnections, type Turns } from './least-connections.ts';
import type { Load } from './load.ts';
import { type PeakEwmaSettings, peakEwma, ResponseLoad } from './peak-ewma.ts';
import type { Member, Policy } from './policy.ts';
import { random } from './random.ts';
import type { Refusals } from './refusals.ts';
import { type Cursor, roundRobin } from './round-robin.ts';

export interface Rule {
  /** Whether traffic is shared by weight, so that a member of weight 0 is never picked. */
  readonly weighted: boolean;
  /**
   * The policy for these members as healthy as they are now.
   *
   * @param refusals of the same members
   */
  build(members: readonly Member[], refusals: Refusals): Policy;
  /** Told after a removal: where the member stood, and how many members are left. */
  removed(position: number, left: number): void;
  /** For a member to come; absent: the policy does not go by load. */
  newLoad?(): Load;
}

const nothingToFollow = () => {};

/**
 * All kinds but shard, whose members are a matter of their own: see shard/shard-node.ts.
 *
 * @param now milliseconds of the data plane's clock
 */
export function createRule(
  declaration: Exclude<PolicyDeclaration, ShardDeclaration>,
  now: () => number,
): Rule {
  switch (declaration.kind) {
    case 'round_robin': {
      const cursor: Cursor = { next: 0 };
      const build = (members: readonly Member[]) => roundRobin(members, cursor);
      return { weighted: false, build, removed: nothingToFollow };
    }
    case 'fallback': {
      const current: Current = { position: 0 };
      const build = (members: readonly Member[]) => fallback(members, current, declaration.sticky);
      const removed = (position: number, left: number) => followRemoval(current, position, left);
      return { weighted: false, build, removed };
    }
    case 'random':
      return { weighted: true, build: random, removed: nothingToFollow };
    case 'hash':
      return { weighted: true, build: hash, removed: nothingToFollow };
    case 'least_connections': {
      const turns: Turns = { now: 0 };
      let current: LeastConnections | undefined;
      const build = (members: readonly Member[]) => {
        current?.dissolve();
        current = new LeastConnections(members);
        return current;
      };
      const newLoad = () => new ConnectionLoad(turns);
      return { weighted: true, build, removed: nothingToFollow, newLoad };
    }
    case 'peak_ewma': {
      const settings: PeakEwmaSettings = { halfLifeMs: declaration.halfLifeMs, now };
      const build: Rule['build'] = (members, refusals) => peakEwma(members, settings, refusals);
      const newLoad = () => new ResponseLoad(settings);
      return { weighted: true, build, removed: nothingToFollow, newLoad };
    }
    default:
      return declaration satisfies never;
  }
}
