/** What a shard director and its members are given: from options to declarations. */
import { TroupeError } from '../errors.ts';
import type { DirectorHandle } from './director.ts';
import { callOf } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { shardMemberSchema, shardSchema } from './option-schemas.ts';
import { readOptions } from './read-options.ts';
import {
  type ShardDeclaration,
  type ShardHealth,
  type ShardKeying,
  shardDefaults,
} from './shard-declaration.ts';
import { isParam } from './shard-use.ts';
import { showValue } from './show-value.ts';

interface ShardMemberShape {
  readonly ident?: string | undefined;
  readonly weight?: number | undefined;
  /** Milliseconds. */
  readonly rampup?: number | undefined;
}

/** What a declaration says of a member, apart from its target; only what was given. */
export function shardMember({ ident, weight, rampup }: ShardMemberShape = {}) {
  return {
    ...(ident === undefined ? {} : { ident }),
    ...(weight === undefined ? {} : { weight }),
    ...(rampup === undefined ? {} : { rampupMs: rampup }),
  };
}

/** The options of a member that request code adds. @throws TroupeError `config.invalid` */
export function readShardMember(options: unknown): ReturnType<typeof shardMember> {
  const { value, mistakes } = readOptions(shardMemberSchema, options, 'the second argument');
  const [mistake] = mistakes;
  if (mistake === undefined) return shardMember(value);
  const { message, advice } = mistake;
  throw new TroupeError('config.invalid', `addBackend(): ${message}`, { side: 'troupe', advice });
}

/** Values are checked later: see check-shard.ts. */
export function readShard(
  handle: DirectorHandle,
  tell: (mistake: Omit<Mistake, 'site'>) => void,
): ShardDeclaration {
  const { value, mistakes } = readOptions(
    shardSchema,
    callOf(handle).args[1],
    'the second argument of shard()',
  );
  for (const { path, ...mistake } of mistakes) tell({ ...mistake, path: [1, ...path] });
  const { replicas, rampup, warmup, by, alt, healthy, param } = value ?? {};
  if (param !== undefined && !isParam(param)) {
    const message = `param must be made by shardParam(), but is ${showValue(param)}.`;
    tell({ path: [1, 'param'], message });
  }
  return {
    kind: 'shard',
    replicas: replicas ?? shardDefaults.replicas,
    warmup: warmup ?? shardDefaults.warmup,
    rampupMs: rampup ?? shardDefaults.rampupMs,
    choice: {
      ...(by === undefined ? {} : { by: by as ShardKeying }),
      ...(alt === undefined ? {} : { alt }),
      ...(healthy === undefined ? {} : { healthy: healthy as ShardHealth }),
      ...(isParam(param) ? { param: { id: param.id, choice: param.choice } } : {}),
    },
  };
}
