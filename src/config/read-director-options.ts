/** What a director is given besides its members, shard directors excepted: see read-shard.ts. */
import type { z } from 'zod';
import { type DirectorDeclaration, type PolicyDeclaration, peakEwmaDefaults } from './declaration.ts';
import type { DirectorHandle } from './director.ts';
import { callOf } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { type DirectorShape, directorSchemas } from './option-schemas.ts';
import { readOptions } from './read-options.ts';

type Kind = Exclude<PolicyDeclaration['kind'], 'shard'>;
type OptionsDeclared = Pick<DirectorDeclaration, 'policy' | 'slowStartMs' | 'panicThreshold'>;

/** As users know them. */
const functionNames: Readonly<Record<Kind, string>> = {
  round_robin: 'roundRobin()',
  fallback: 'fallback()',
  random: 'random()',
  hash: 'hash()',
  least_connections: 'leastConnections()',
  peak_ewma: 'peakEwma()',
};

/** Values are checked later: see check-director.ts. */
export function readDirectorOptions(
  kind: Kind,
  handle: DirectorHandle,
  tell: (mistake: Omit<Mistake, 'site'>) => void,
): OptionsDeclared {
  const what = `the second argument of ${functionNames[kind]}`;
  const schema: z.ZodType<DirectorShape> = directorSchemas[kind];
  const { value = {}, mistakes } = readOptions(schema, callOf(handle).args[1], what);
  for (const { path, ...mistake } of mistakes) tell({ ...mistake, path: [1, ...path] });
  const { sticky = false, halfLife = peakEwmaDefaults.halfLifeMs, slowStart, panicThreshold } = value;
  return {
    policy: policyOf(kind, sticky, halfLife),
    ...(slowStart === undefined ? {} : { slowStartMs: slowStart }),
    ...(panicThreshold === undefined ? {} : { panicThreshold }),
  };
}

function policyOf(kind: Kind, sticky: boolean, halfLifeMs: number): PolicyDeclaration {
  if (kind === 'fallback') return { kind, sticky };
  return kind === 'peak_ewma' ? { kind, halfLifeMs } : { kind };
}
