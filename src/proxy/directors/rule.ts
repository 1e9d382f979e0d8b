/**
 * A director's rule: its kind of policy together with what outlives the policies built from it. To add a
 * kind of director, write its policy in a file of its own and add a case here.
 */
import type { PolicyDeclaration } from '../../config/declaration.ts';
import type { ShardDeclaration } from '../../config/shard-declaration.ts';
import { type Current, fallback, followRemoval } from './fallback.ts';
import { hash } from './hash.ts';
import type { Member, Policy } from './policy.ts';
import { random } from './random.ts';
import { type Cursor, roundRobin } from './round-robin.ts';

export interface Rule {
  /** Whether traffic is shared by weight, so that a member of weight 0 is never picked. */
  readonly weighted: boolean;
  /** The policy for these members as healthy as they are now. */
  build(members: readonly Member[]): Policy;
  /** Told after a removal: where the member stood, and how many members are left. */
  removed(position: number, left: number): void;
}

const nothingToFollow = () => {};

/** All kinds but shard, whose members are a matter of their own: see shard/shard-node.ts. */
export function createRule(declaration: Exclude<PolicyDeclaration, ShardDeclaration>): Rule {
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
    default:
      return declaration satisfies never;
  }
}
