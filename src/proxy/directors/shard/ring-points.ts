/**
 * The points of one member on the ring: for each replica the key of its ident followed by the replica's number.
 * They depend on nothing else, so they are computed once and kept for as long as some ring uses them: a config
 * that is loaded again finds them. Cost: about 1 µs a point, and 4 bytes.
 */
import { shardKey } from '../../../shard-key.ts';

/** By ident, the longest list that is in use. */
const known = new Map<string, WeakRef<Uint32Array>>();
const forgotten = new FinalizationRegistry<string>((ident) => {
  if (known.get(ident)?.deref() === undefined) known.delete(ident);
});

/** The first `replicas` points of an ident, and perhaps more, if they have been computed; else undefined. */
export function knownPoints(ident: string, replicas: number): Uint32Array | undefined {
  const points = known.get(ident)?.deref();
  return points !== undefined && points.length >= replicas ? points : undefined;
}

/** The first `replicas` points of an ident, and perhaps more. Kept for as long as the caller keeps them. */
export function ringPoints(ident: string, replicas: number): Uint32Array {
  const before = known.get(ident)?.deref();
  if (before !== undefined && before.length >= replicas) return before;
  const points = new Uint32Array(replicas);
  if (before !== undefined) points.set(before);
  for (let at = before?.length ?? 0; at < replicas; at++) points[at] = shardKey(ident + at);
  known.set(ident, new WeakRef(points));
  forgotten.register(points, ident);
  return points;
}
