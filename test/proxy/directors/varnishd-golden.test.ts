/** Troupe's picks beside those that were recorded from varnishd 7.1.1: the comparison that runs everywhere. */
import { describe, expect, test } from 'vitest';
import { playOnTroupe } from '../../support/director-scenario.ts';
import { readGoldenDirectors } from '../../support/golden-directors.ts';
import { hashOnTroupe } from '../../support/hash-table.ts';

const golden = readGoldenDirectors();

describe(`as ${golden.varnishd}`, () => {
  test.each(golden.hashTables)('hash picks the same for 10,000 keys: $table.name', ({ table, picks }) => {
    const picked = hashOnTroupe(table);
    expect(picked.length).toBe(10_000);
    expect(picked.toString('base64') === picks).toBe(true);
  });

  test('round_robin, fallback, sticky fallback and random, nested too, pick the same through all changes', () => {
    for (const { scenario, picks } of golden.scenarios) {
      expect(playOnTroupe(scenario), JSON.stringify(scenario)).toEqual(picks);
    }
  });
});
