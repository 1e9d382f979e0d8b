/** Which values the options of directors may have, the same for both front ends. Shard: see check-shard.ts. */
import { checkWait, must, type ValueMistake } from './check-values.ts';
import type { DirectorDeclaration } from './declaration.ts';

export function* checkDirector({
  policy,
  slowStartMs,
  panicThreshold,
}: DirectorDeclaration): Generator<ValueMistake> {
  // 0 is none, for configs that compute it.
  if (slowStartMs !== 0) yield* checkWait('slowStart', slowStartMs);
  if (policy.kind === 'peak_ewma') yield* checkWait('halfLife', policy.halfLifeMs);
  if (panicThreshold !== undefined && !(panicThreshold >= 0 && panicThreshold <= 1)) {
    const mistake = must(['panicThreshold'], 'be a share of the members between 0 and 1', panicThreshold);
    yield { ...mistake, advice: 'With 0.3, health is ignored while fewer than 30 % are healthy.' };
  }
}
