/**
 * Computes the points of a config's shard directors before it is loaded, a turn's share at a time: a thousand
 * members have 67,000 of them, which would take a turn of 50 ms.
 */
import type { Clock } from '../../../clock.ts';
import type { DirectorDeclaration } from '../../../config/declaration.ts';
import { ringPoints } from './ring-points.ts';

/** Milliseconds of one turn. */
const TURN_SHARE_MS = 2;

/** @param load takes the config in; it finds the points */
export async function loadWithRings<Loaded>(
  directors: readonly DirectorDeclaration[],
  clock: Clock,
  load: () => Loaded,
): Promise<Loaded> {
  const points: Uint32Array[] = [];
  let end = clock.now() + TURN_SHARE_MS;
  for (const { policy, members } of directors) {
    if (policy.kind !== 'shard') continue;
    for (const { target, ident = target, weight } of members) {
      points.push(ringPoints(ident, Math.trunc(policy.replicas * weight)));
      if (clock.now() < end) continue;
      await new Promise<void>((resolve) => clock.after(0, resolve));
      end = clock.now() + TURN_SHARE_MS;
    }
  }
  const loaded = load();
  // Until here they had to be held: what nobody holds is forgotten.
  points.length = 0;
  return loaded;
}
