/**
 * The shard director without any cleverness: the whole ring is made and walked for every pick, after the words
 * of vmod_directors(3). What src/proxy/directors/shard/ is held against.
 */
import { createHash } from 'node:crypto';
import type { ShardChoice } from '../../src/config/shard-declaration.ts';

/** Positions of the members in the order of alternatives for a key. */
export function naiveOrder(
  members: readonly { readonly ident: string; readonly weight: number }[],
  replicas: number,
  key: number,
): number[] {
  const ring = members
    .flatMap(({ ident, weight }, host) =>
      Array.from({ length: Math.trunc(replicas * weight) }, (_, i) => ({ point: pointOf(ident + i), host })),
    )
    .sort((a, b) => a.point - b.point || a.host - b.host);
  const order = new Set<number>();
  const start = startOf(
    ring.map(({ point }) => point),
    key,
  );
  for (let i = 0; i < ring.length; i++) order.add(ring[(start + i) % ring.length]?.host as number);
  return [...order];
}

/** varnishd goes round for keys beyond the last point as if they were at it, and of two points takes the second. */
function startOf(points: readonly number[], key: number): number {
  if (points.length === 2) return 1;
  const at = points.findIndex((point) => point >= key);
  return at < 0 ? points.length - 1 : at;
}

function pointOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(28);
}

/** The member that an order comes to, without warm-up and ramp-up. */
export function naiveShardPick(
  order: readonly number[],
  isUsable: (host: number) => boolean,
  { alt: wanted = 0, healthy = 'chosen' }: ShardChoice,
): number | undefined {
  const alt = Math.min(wanted, order.length - 1);
  if (healthy === 'ignore') return order[alt];
  const passable = healthy === 'all' ? order.filter(isUsable) : order;
  const passed = passable.slice(0, alt);
  const rest = passable.slice(alt).filter(isUsable);
  if (rest[0] !== undefined) return rest[0];
  // It does not exist: the last healthy one of those passed over, but the very last of them only at need.
  const usable = passed.filter(isUsable);
  const isAlternative = passed.length === alt && usable.at(-1) === passed.at(-1);
  return isAlternative && usable.length > 1 ? usable.at(-2) : usable.at(-1);
}
