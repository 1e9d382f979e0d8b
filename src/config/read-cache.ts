/** From the option `cache` of defineConfig to what the data plane takes. */
import type { CacheDeclaration } from './cache-declaration.ts';
import type { Mistake } from './mistake.ts';
import { cacheSchema } from './option-schemas.ts';
import { readOptions } from './read-options.ts';

export function readCache(
  given: unknown,
  tell: (mistake: Omit<Mistake, 'site'>) => void,
): CacheDeclaration | false | undefined {
  if (given === undefined || given === false) return given;
  const { value, mistakes } = readOptions(cacheSchema, given, 'cache');
  for (const { path, ...mistake } of mistakes) tell({ ...mistake, path: [0, 'cache', ...path] });
  if (value === undefined) return undefined;
  const { rules, defaultTtl, defaultGrace, defaultKeep } = value;
  return { rules, defaultTtlMs: defaultTtl, defaultGraceMs: defaultGrace, defaultKeepMs: defaultKeep };
}
