/** Members of a director for tests of one policy: each is a backend whose health and denials are given. */
import type { Member, PickRequest } from '../../src/proxy/directors/policy.ts';
import type { BackendTarget } from '../../src/proxy/directors/target.ts';
import { resolvedBackend } from './resolved-backend.ts';

export interface FakeMember {
  readonly healthy: boolean;
  readonly weight?: number;
}

/** Members named `b0`, `b1`, ... */
export function fakeMembers(descriptions: readonly FakeMember[]): Member[] {
  return descriptions.map(({ healthy, weight = 1 }, i) => {
    const declaration = resolvedBackend(`b${i}`);
    const { name, identity, addresses, limits } = declaration;
    const target: BackendTarget = {
      name,
      identity,
      addresses,
      limits,
      declaration,
      healthy,
      changedAt: Number.NEGATIVE_INFINITY,
      accepts: ({ denied }) => healthy && !denied?.has(name),
      resolve: () => target,
      heeded: () => [name],
    };
    return { target, weight };
  });
}

/** A request to which the members of these names are denied. */
export function requestFor({
  denied = [],
  random = () => 0,
  key = () => new Uint8Array(32),
}: {
  denied?: readonly string[];
  random?: () => number;
  key?: () => Uint8Array;
} = {}): PickRequest {
  return { denied: denied.length === 0 ? undefined : new Set(denied), random, key };
}
