/**
 * What `backend.list -p` tells of a shard director: the ident of each member, and how far it has come since it has become
 * healthy. Layout: vmod_directors.
 */
import type { ShardDeclaration } from '../../config/shard-declaration.ts';
import { jsonObject } from './json-reply.ts';
import type { ListedMember } from './listed-targets.ts';

interface Rampup {
  /** Share of its requests that it gets, from 0 to 1. */
  readonly share: number;
  /** Seconds until it gets all of them. */
  readonly left: number;
}

/** @param now seconds since 1970 */
function rampupOf(
  { isHealthy, rampupMs, changedAt }: ListedMember,
  shard: ShardDeclaration,
  now: number,
): Rampup {
  if (!isHealthy) return { share: 0, left: 0 };
  const whole = (rampupMs ?? shard.rampupMs) / 1_000;
  const age = changedAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now - changedAt);
  return age < whole ? { share: age / whole, left: whole - age } : { share: 1, left: 0 };
}

/** Rows of a table. @param now seconds since 1970 */
export function shardDetails(
  shard: ShardDeclaration,
  members: readonly ListedMember[],
  now: number,
): (readonly string[])[] {
  const rows = members.map((member) => {
    const { share, left } = rampupOf(member, shard, now);
    const rampup = `${(100 * share).toFixed(2).padStart(6)}% ${left.toFixed(3).padStart(8)}s`;
    return ['', member.name, member.ident, member.isHealthy ? 'healthy' : 'sick', rampup];
  });
  return [['', 'Backend', 'Ident', 'Health', 'Rampup  Remaining'], ...rows];
}

/** @param now seconds since 1970 */
export function shardDetailsInJson(
  shard: ShardDeclaration,
  members: readonly ListedMember[],
  now: number,
): string {
  const backends = members.map((member): [string, string] => {
    const { share, left } = rampupOf(member, shard, now);
    const details = jsonObject([
      ['ident', JSON.stringify(member.ident)],
      ['health', member.isHealthy ? '"healthy"' : '"sick"'],
      ['rampup', share.toFixed(6)],
      ['rampup_remaining', left.toFixed(3)],
    ]);
    return [member.name, details];
  });
  return jsonObject([
    ['warmup', shard.warmup.toFixed(6)],
    ['rampup_duration', (shard.rampupMs / 1_000).toFixed(6)],
    ['backends', jsonObject(backends)],
  ]);
}
