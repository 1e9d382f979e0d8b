/** Troupe's picks of a shard director beside varnishd's. */
import type { Buffer } from 'node:buffer';
import { expect } from 'vitest';
import { keySuffixes } from './hash-table.ts';
import { type ShardTable, shardOnTroupe } from './shard-table.ts';

const NONE = 255;

/**
 * Expects the same picks, but for the one difference that is meant: where alternatives run out, varnishd may pick
 * none although a member is healthy, and Troupe picks such a member.
 *
 * @returns how often that was so
 */
export function expectSamePicks(table: ShardTable, varnishd: Buffer): number {
  const troupe = shardOnTroupe(table);
  expect(troupe.length).toBe(10_000);
  expect(varnishd.length).toBe(troupe.length);
  let rescued = 0;
  for (const [at, picked] of troupe.entries()) {
    if (picked === varnishd[at]) continue;
    const row = table.rows[Math.floor(at / keySuffixes.length)];
    const where = `${table.name}, key ${at}, ${JSON.stringify(row)}`;
    expect(varnishd[at], where).toBe(NONE);
    expect(row?.alt, where).toBeGreaterThan(0);
    expect(table.backends[picked]?.healthy, where).toBe(true);
    rescued++;
  }
  return rescued;
}
