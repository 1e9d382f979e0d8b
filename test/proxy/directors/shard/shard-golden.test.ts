/** Troupe's picks beside those that were recorded from varnishd 7.1.1: the comparison that runs everywhere. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { expectSamePicks } from '../../../support/compare-shards.ts';
import { readGoldenShards } from '../../../support/golden-shards.ts';

const golden = readGoldenShards();

describe(`as ${golden.varnishd}`, () => {
  let rescued = 0;

  test.each(golden.tables)('shard picks the same for 10,000 keys: $table.name', ({ table, picks }) => {
    rescued += expectSamePicks(table, Buffer.from(picks, 'base64'));
  });

  test('the recorded rings have every option and every kind of change', () => {
    const tables = golden.tables.map(({ table }) => table);
    const rows = tables.flatMap((table) => table.rows);
    expect(new Set(rows.map((row) => row.healthy))).toEqual(new Set(['chosen', 'all', 'ignore']));
    expect(new Set(rows.map((row) => Math.min(row.alt, 2)))).toEqual(new Set([0, 1, 2]));
    expect(tables.some((table) => table.warmup > 0)).toBe(true);
    const changes = tables.flatMap((table) => table.changes.flatMap(({ batch }) => batch));
    expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(['add', 'remove', 'clear']));
    expect(rescued).toBeGreaterThan(0);
  });
});
